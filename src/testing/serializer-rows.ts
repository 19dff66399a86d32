import { readFileSync } from 'node:fs'
import type { EventBatch } from '../core/batch.ts'
import { BatchBuilder } from '../core/batch-builder.ts'
import type { EventSerializer } from '../core/contracts/inner.ts'
import { goldenRows } from './golden.ts'

const EVENTS = new URL('../../test/fixtures/filechannel/events300.json', import.meta.url)

interface RecordedRow {
  readonly type: string
  readonly config: Readonly<Record<string, string>>
  readonly events: readonly {
    readonly headers: Readonly<Record<string, string | null>>
    readonly body: string
  }[]
  readonly out?: string
  readonly error?: unknown
}

/** What one of Flume's serializers made of some events. */
export interface SerializerRow {
  readonly config: Readonly<Record<string, string>>
  readonly batch: EventBatch
  /** Most headers of one event: several come out in hash order in Java. */
  readonly mostHeaders: number
  /** A header without value, which our events cannot have; it stands in `batch` as `null`. */
  readonly nullHeader: boolean
  /** The file, or undefined where Flume failed. */
  readonly out: Buffer | undefined
}

/** The recorded rows for a serializer of that type name, in any case, or of one of the classes. */
export function serializerRows(type: string, classes: readonly string[]): SerializerRow[] {
  const rows = goldenRows<RecordedRow>('serializers.jsonl')
  return rows
    .filter(row => row.type.toLowerCase() === type || classes.includes(row.type))
    .map(row => {
      const builder = new BatchBuilder()
      for (const { headers, body } of row.events) {
        builder.add(
          Buffer.from(body, 'base64'),
          Object.entries(headers).map(([name, value]) => [name, String(value)] as const)
        )
      }
      return {
        config: row.config,
        batch: builder.build(),
        mostHeaders: Math.max(0, ...row.events.map(({ headers }) => Object.keys(headers).length)),
        nullHeader: row.events.some(({ headers }) => Object.values(headers).includes(null)),
        out: row.out === undefined ? undefined : Buffer.from(row.out, 'base64')
      }
    })
}

/** The events that Flume's sinks were fed with when their files were recorded. */
export function recordedBatch(): EventBatch {
  const builder = new BatchBuilder()
  const events = JSON.parse(readFileSync(EVENTS, 'utf8')) as {
    headers: Record<string, string>
    body: string
  }[]
  for (const { headers, body } of events.slice(0, 30)) builder.add(body, headers)
  return builder.build()
}

/** The file that a serializer makes of batches, each flushed. */
export function serialized(serializer: EventSerializer, ...batches: readonly EventBatch[]): Buffer {
  const chunks: Buffer[] = []
  for (const batch of batches) chunks.push(...serializer.write(batch), ...serializer.flush())
  chunks.push(...serializer.end())
  return Buffer.concat(chunks)
}
