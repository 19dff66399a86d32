import type { EventBatch } from '../../../core/batch.ts'
import type { Clock } from '../../../core/contracts.ts'
import { gauge, label, type GaugesOf } from '../../../core/metrics.ts'
import type { FileWriter } from '../../../fs/file-system.ts'
import type { FileEncoder } from './file-encoder.ts'
import type { FileNames } from './file-names.ts'
import type { TimedCalls } from './timed-calls.ts'

/** What is shown of the files that are not complete. */
export const FILES = {
  title: 'Open files',
  columns: {
    state: label('`writing`, or `closing` while it is completed.'),
    events: gauge('events', 'Events in it that readers are sure to see.'),
    bytes: gauge('bytes', 'Size of the file up to there.'),
    openMillis: gauge('ms', 'How long ago it was opened.')
  }
} as const
export type FileRow = { readonly name: string } & GaugesOf<typeof FILES.columns>

export interface OpenFileParts {
  readonly names: FileNames
  readonly folder: string
  readonly prefix: string
  readonly writer: FileWriter
  readonly encoder: FileEncoder
  readonly calls: TimedCalls
  readonly clock: Clock
}

/** One in-use file: what was written to it, and how much of that readers are sure to see. */
export class OpenFile {
  readonly names: FileNames
  readonly folder: string
  readonly prefix: string
  /** Monotonic, as touchedAt. */
  readonly openedAt: number
  readonly #parts: OpenFileParts
  #last: Promise<unknown> = Promise.resolve()
  #events = 0
  #bytes = 0
  #flushedEvents = 0
  #flushedBytes = 0
  #flushedPosition = 0
  #touchedAt: number
  #broken = false
  #ended = false

  constructor(parts: OpenFileParts) {
    this.#parts = parts
    this.names = parts.names
    this.folder = parts.folder
    this.prefix = parts.prefix
    this.openedAt = parts.clock.monotonic()
    this.#touchedAt = this.openedAt
  }

  /** Events written, flushed or not. */
  get events(): number {
    return this.#events
  }

  /** Body bytes of the events written. */
  get bytes(): number {
    return this.#bytes
  }

  /** Events that readers see, whatever happens to this process. */
  get flushedEvents(): number {
    return this.#flushedEvents
  }

  get flushedBytes(): number {
    return this.#flushedBytes
  }

  /** Bytes of the file itself behind the last flush. */
  get flushedPosition(): number {
    return this.#flushedPosition
  }

  /** Once closed: bytes of writes that failed and are in the file all the same. */
  get unsureBytes(): number {
    return this.#broken ? Math.max(this.#parts.writer.position - this.#flushedPosition, 0) : 0
  }

  /** As FILES says; `uri` is that of the store. */
  row(state: 'writing' | 'closing', uri: string): FileRow {
    return {
      name: uri + this.names.inUse,
      state,
      events: this.#flushedEvents,
      bytes: this.#flushedPosition,
      openMillis: Math.round(this.#parts.clock.monotonic() - this.openedAt)
    }
  }

  /** When it was opened or last flushed. */
  get touchedAt(): number {
    return this.#touchedAt
  }

  /** How many leading events go into this file, by its format. */
  async prepare(batch: EventBatch): Promise<number> {
    const { encoder } = this.#parts
    return encoder.prepare === undefined ? batch.length : encoder.prepare(batch)
  }

  /** Writes events. After a rejection nothing but close() is any use. */
  async write(batch: EventBatch): Promise<void> {
    await this.#change(async writer => this.#put(writer, await this.#parts.encoder.write(batch)))
    this.#events += batch.length
    this.#bytes += batch.bodyBytes
  }

  /** Makes everything written safe. */
  async flush(): Promise<void> {
    if (this.#flushedEvents === this.#events) return
    await this.#change(async writer => {
      await this.#put(writer, await this.#parts.encoder.flush())
      await this.#call(() => writer.hflush())
    })
    this.#flushedEvents = this.#events
    this.#flushedBytes = this.#bytes
    this.#flushedPosition = this.#parts.writer.position
    this.#touchedAt = this.#parts.clock.monotonic()
  }

  /** Live replicas, or undefined where nobody can tell. */
  async replicas(): Promise<number | undefined> {
    const { writer } = this.#parts
    return writer.replicas === undefined ? undefined : this.#call(async () => writer.replicas?.())
  }

  /** Whether the store counts replicas. */
  get countsReplicas(): boolean {
    return this.#parts.writer.replicas !== undefined
  }

  /** Ends the format unless a write failed, and closes. A rejected call may be repeated. */
  async close(): Promise<void> {
    const { writer, encoder } = this.#parts
    if (!this.#ended) {
      this.#ended = true
      if (!this.#broken && this.#events > 0) await this.#put(writer, await encoder.end())
    }
    await this.#call(() => writer.close())
  }

  async #put(writer: FileWriter, chunks: readonly Buffer[]): Promise<void> {
    if (chunks.length > 0) await this.#call(() => writer.write(chunks))
  }

  async #change(operation: (writer: FileWriter) => Promise<void>): Promise<void> {
    try {
      await operation(this.#parts.writer)
    } catch (error) {
      this.#broken = true
      throw error
    }
  }

  // A writer takes one call at a time: one that timed out is waited for before the next.
  #call<T>(operation: () => Promise<T>): Promise<T> {
    const before = this.#last
    return this.#parts.calls.run(this.names.inUse, () => {
      const running = before.then(operation, operation)
      this.#last = running
      return running
    })
  }
}
