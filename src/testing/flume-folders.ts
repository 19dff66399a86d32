import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, gunzipSync } from 'node:zlib'

const FIXTURES = join(import.meta.dirname, '../../test/fixtures/filechannel')

/** The recorded folders of real Flume channels. */
export const FLUME_FOLDERS = [
  'undelivered',
  'killed',
  'takes',
  'restart-dual',
  'encrypted',
  'nofsync-compressed-backup'
] as const

/** An event as the recordings have it. */
export interface RecordedEvent {
  readonly headers: Record<string, string>
  readonly body: string
}

/** Files of one recorded folder by their names below it, logs unpacked: `data/log-1`, `checkpoint/checkpoint`, … */
export async function recordedFolder(name: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const root = join(FIXTURES, name)
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    const relative = path.slice(root.length + 1)
    files.set(relative.replace(/\.gz$/, ''), relative.endsWith('.gz') ? gunzipSync(bytes) : bytes)
  }
  return files
}

/** The 300 events that the recorded channels were fed with, in order. */
export async function recordedEvents(): Promise<readonly RecordedEvent[]> {
  return JSON.parse(await readFile(join(FIXTURES, 'events300.json'), 'utf8')) as RecordedEvent[]
}

/** First and last event (both included) that a recorded folder must yield. */
export const HELD: Readonly<Record<(typeof FLUME_FOLDERS)[number], readonly [number, number]>> = {
  undelivered: [0, 299],
  killed: [0, 299],
  takes: [120, 299],
  'restart-dual': [200, 299],
  encrypted: [0, 99],
  'nofsync-compressed-backup': [0, 59]
}

/** Key `key-0` of the recorded folder `encrypted`. */
export const RECORDED_KEY = Buffer.from('5494c644aca1d2bf19a0f4acca848c43', 'hex')

/** A protobuf field with bytes in it. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2]), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}

function fixed64(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = number * 8 + 1
  bytes.writeBigInt64LE(BigInt(value), 1)
  return bytes
}

function fixed32(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes[0] = number * 8 + 5
  bytes.writeInt32LE(value, 1)
  return bytes
}

const delimited = (message: Buffer): Buffer => Buffer.concat([varint(message.length), message])

/** Writes logs as Flume 1.11 does, for what the recordings do not show. */
export class FlumeLogWriter {
  readonly #parts: Buffer[] = []
  /** Bytes so far: the offset of the next record. */
  length = 0

  /** Returns the offset of the put. */
  put(
    transaction: number,
    order: number,
    body: Buffer | string,
    headers: Readonly<Record<string, string>> = {}
  ): number {
    const bytes = Buffer.from(body)
    const pairs = Object.entries(headers).map(([name, value]) =>
      field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]))
    )
    const event = Buffer.concat([...pairs, field(2, bytes)])
    return this.#record(1, transaction, order, Buffer.concat([field(1, event), fixed64(2, crc32(bytes))]))
  }

  take(transaction: number, order: number, fileId: number, offset: number): number {
    return this.#record(2, transaction, order, Buffer.concat([fixed32(1, fileId), fixed32(2, offset)]))
  }

  rollback(transaction: number, order: number): number {
    return this.#record(3, transaction, order, Buffer.alloc(0))
  }

  commit(transaction: number, order: number, kind: 1 | 2): number {
    return this.#record(4, transaction, order, fixed32(1, kind))
  }

  /** What Flume writes when a log is rolled between a commit and its sync: the commit again, all its bytes zero. */
  hollowCommit(): number {
    return this.#append(Buffer.alloc(31))
  }

  /** The log, filled up as Flume does. */
  bytes(filling = 1024): Buffer {
    return Buffer.concat([...this.#parts, Buffer.alloc(filling, 0x80)])
  }

  #record(type: number, transaction: number, order: number, body: Buffer): number {
    const header = Buffer.concat([fixed32(1, type), fixed64(2, transaction), fixed64(3, order)])
    return this.#append(Buffer.concat([delimited(header), delimited(body), Buffer.from([0])]))
  }

  #append(payload: Buffer): number {
    const frame = Buffer.alloc(5)
    frame[0] = 0x7f
    frame.writeInt32BE(payload.length, 1)
    const offset = this.length
    this.#parts.push(frame, payload)
    this.length += frame.length + payload.length
    return offset
  }
}

/** `log-N.meta` of a log that is not encrypted. */
export function flumeMeta(fileId: number): Buffer {
  return delimited(
    Buffer.concat([
      fixed32(1, 3),
      fixed32(2, fileId),
      fixed64(3, 0),
      fixed64(4, 0),
      fixed64(6, 0),
      fixed64(7, 0)
    ])
  )
}

/** Files in memory, by path. */
export type FlumeFiles = Map<string, Buffer>

/** A disk that holds just these files, for reading. */
export function filesDisk(files: FlumeFiles): {
  list(folder: string): Promise<string[]>
  open(path: string): Promise<{
    read(into: Buffer, position: number): Promise<number>
    size(): Promise<number>
    close(): Promise<void>
  }>
} {
  return {
    list: folder =>
      Promise.resolve(
        [...files.keys()]
          .filter(path => path.startsWith(`${folder}/`))
          .map(path => path.slice(folder.length + 1))
      ),
    open: path => {
      const bytes = files.get(path)
      if (bytes === undefined) return Promise.reject(Object.assign(new Error('missing'), { code: 'ENOENT' }))
      return Promise.resolve({
        read: (into, position) => Promise.resolve(bytes.copy(into, 0, position)),
        size: () => Promise.resolve(bytes.length),
        close: () => Promise.resolve()
      })
    }
  }
}

/** Files of a channel whose logs, by path, were written with the writer. */
export function flumeFiles(logs: Readonly<Record<string, FlumeLogWriter>>): FlumeFiles {
  const files: FlumeFiles = new Map()
  for (const [path, writer] of Object.entries(logs)) {
    files.set(path, writer.bytes())
    files.set(`${path}.meta`, flumeMeta(Number(/\d+$/.exec(path)?.[0])))
  }
  return files
}
