import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { settingsOf } from '../../core/read-settings.ts'
import type { Context } from '../../core/contracts.ts'
import type { EventSerializer } from '../../core/contracts/inner.ts'
import type { EventBatch } from '../../core/batch.ts'
import { ByteOutput } from './byte-output.ts'
import type { ChannelFolder } from './channel-folder.ts'

export const EXPORT_FORMATS = ['json', 'text', 'avro'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Writes all events of the channels to a stream or a new file; resolves to how many. */
export async function exportEvents(
  folders: readonly ChannelFolder[],
  {
    format,
    stdout,
    file,
    context
  }: { format: ExportFormat; stdout: Writable; file: string | undefined; context: Context }
): Promise<number> {
  const stream = file === undefined ? stdout : (await open(file, 'wx')).createWriteStream()
  const output = new ByteOutput(stream)
  const serializer = await serializerFor(format, context)
  let events = 0
  for (const folder of folders) {
    for await (const batch of folder.batches()) {
      for (const bytes of serializer.write(batch)) await output.write(bytes)
      events += batch.length
    }
  }
  for (const bytes of serializer.end()) await output.write(bytes)
  await output.end()
  if (file !== undefined) {
    stream.end()
    await finished(stream)
  }
  return events
}

async function serializerFor(format: ExportFormat, context: Context): Promise<EventSerializer> {
  switch (format) {
    case 'avro': {
      const { default: definition } = await import('../../components/serializers/avro-event/avro-event.ts')
      return definition.create(
        settingsOf(definition, {}, () => undefined),
        context
      )
    }
    case 'text': {
      const { default: definition } =
        await import('../../components/serializers/header-and-text/header-and-text.ts')
      return definition.create(
        settingsOf(definition, {}, () => undefined),
        context
      )
    }
    case 'json':
      return { write: batch => [jsonLines(batch)], flush: () => [], end: () => [] }
    default:
      return format satisfies never
  }
}

/** One object per line; bodies that are no UTF-8 stand in `body64`. */
function jsonLines(batch: EventBatch): Buffer {
  let text = ''
  for (const event of batch) {
    const headers = Object.fromEntries(event.headers)
    const { body } = event
    text += `${JSON.stringify(isUtf8(body) ? { headers, body: body.toString() } : { headers, body64: body.toString('base64') })}\n`
  }
  return Buffer.from(text)
}
