import { BatchBuilder } from '../../core/batch-builder.ts'
import type { EventBatch } from '../../core/batch.ts'
import { FileWindow, type ReadableFile } from './file-window.ts'
import type { FlumeLog, FolderDisk } from './flume-logs.ts'
import { HeaderCache } from './header-cache.ts'
import { FRAME_BYTES, FrameReader, HEAD_BYTES, PUT, readHeaders, readPut } from './log-record.ts'
import { OldPutReader } from './old-put-reader.ts'
import { OLD_VERSION } from './old-record.ts'
import type { HeldEvents } from './replay.ts'
import type { FlumeDamage } from './scan-log.ts'

const CHUNK_BYTES = 1024 * 1024
/** Transactions that overlap in a log make small steps back. */
const BEFORE_BYTES = 256 * 1024
const MOST_OPEN = 16
const BATCH_EVENTS = 1000
const BATCH_BYTES = 1024 * 1024
const GONE = 'The event of a put does not match its checksum, or cannot be read.'

interface HeldReading {
  readonly logs: readonly FlumeLog[]
  readonly held: HeldEvents
  onDamage(damage: FlumeDamage): void
}

/**
 * Reads events where a replay found them, in that order: batches of up to 1000 events or 1 MiB. Logs are read about
 * once from front to back; at most 16 are open at a time.
 */
export async function* readHeldEvents(
  disk: FolderDisk,
  reading: HeldReading
): AsyncGenerator<EventBatch, undefined> {
  const { held, logs } = reading
  const open = new OpenLogs(disk, logs)
  const builder = new BatchBuilder(BATCH_BYTES)
  try {
    for (let i = 0; i < held.length; i++) {
      const [file, offset] = [held.files[i] ?? 0, held.offsets[i] ?? 0]
      const log = open.get(file) ?? (await open.open(file))
      if (!log.ready(offset)) await log.load(offset)
      const length = log.addTo(builder, offset)
      if (length < 0) {
        reading.onDamage({
          kind: 'record',
          file: log.path,
          offset,
          bytes: -length,
          records: 1,
          reason: GONE
        })
      }
      if (builder.length >= BATCH_EVENTS || builder.bytes >= BATCH_BYTES) yield builder.build()
    }
    if (builder.length > 0) yield builder.build()
    return undefined
  } finally {
    await open.close()
  }
}

/** Puts of one log. */
interface LogPuts {
  readonly path: string
  /** Whether the whole record at `offset` is in memory. */
  ready(offset: number): boolean
  load(offset: number): Promise<void>
  /** Adds the event at `offset` to the batch and returns the record's length; minus that when it cannot be read. */
  addTo(builder: BatchBuilder, offset: number): number
  close(): Promise<void>
}

/** The logs in use; the one not used for longest is closed when there are too many. */
class OpenLogs {
  readonly #disk: FolderDisk
  readonly #logs: readonly FlumeLog[]
  readonly #open = new Map<number, LogPuts>()
  #last: { readonly index: number; readonly reader: LogPuts } | undefined

  constructor(disk: FolderDisk, logs: readonly FlumeLog[]) {
    this.#disk = disk
    this.#logs = logs
  }

  get(index: number): LogPuts | undefined {
    if (this.#last?.index === index) return this.#last.reader
    const reader = this.#open.get(index)
    if (reader === undefined) return undefined
    this.#open.delete(index)
    this.#open.set(index, reader)
    this.#last = { index, reader }
    return reader
  }

  async open(index: number): Promise<LogPuts> {
    const [oldest] = this.#open
    if (this.#open.size >= MOST_OPEN && oldest !== undefined) {
      this.#open.delete(oldest[0])
      await oldest[1].close()
    }
    const log = this.#logs[index]
    if (log === undefined) throw new RangeError(`There is no log ${index}.`)
    const file = await this.#disk.open(log.path, { create: false, synced: false })
    const reader =
      log.version === OLD_VERSION
        ? new OldPutReader(file, log, { chunk: CHUNK_BYTES, before: BEFORE_BYTES })
        : new PutReader(file, log)
    this.#open.set(index, reader)
    this.#last = { index, reader }
    return reader
  }

  async close(): Promise<void> {
    for (const reader of this.#open.values()) await reader.close()
    this.#open.clear()
  }
}

/** Reads puts of one log of version 3. */
class PutReader implements LogPuts {
  readonly path: string
  readonly #file: ReadableFile
  readonly #window: FileWindow
  readonly #frames: FrameReader
  readonly #headers = new HeaderCache(readHeaders)

  constructor(file: ReadableFile, log: FlumeLog) {
    this.path = log.path
    this.#file = file
    this.#window = new FileWindow(file, log.bytes, CHUNK_BYTES)
    this.#frames = new FrameReader(log.cipher)
  }

  ready(offset: number): boolean {
    const window = this.#window
    if (!window.covers(offset, HEAD_BYTES)) return false
    const head = this.#frames.look(window.bytes, offset - window.start, HEAD_BYTES)
    return window.covers(offset, FRAME_BYTES + Math.max(head.innerLength, 0))
  }

  async load(offset: number): Promise<void> {
    const window = this.#window
    const head = this.#frames.look(
      await window.peek(offset, HEAD_BYTES),
      0,
      Math.min(HEAD_BYTES, window.size - offset)
    )
    const fits = offset + FRAME_BYTES + head.innerLength <= window.size
    await window.move(
      offset,
      fits ? FRAME_BYTES + Math.max(head.innerLength, HEAD_BYTES) : HEAD_BYTES,
      BEFORE_BYTES
    )
  }

  addTo(builder: BatchBuilder, offset: number): number {
    const window = this.#window
    const at = offset - window.start
    const head = this.#frames.look(window.bytes, at, Math.min(HEAD_BYTES, window.end - offset))
    const length = FRAME_BYTES + head.innerLength
    if (head.type !== PUT || head.innerLength < 0 || !window.covers(offset, length)) return -FRAME_BYTES
    const { bytes, start } = this.#frames.clear(window.bytes, at + FRAME_BYTES, head.innerLength)
    const body = start + head.bodyAt
    const event = readPut(bytes, body, body + head.bodyLength)
    if (event === undefined || !this.#headers.read(bytes, event)) return -length
    builder.add(bytes.subarray(event.bodyStart, event.bodyEnd), this.#headers.pairs)
    return length
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
