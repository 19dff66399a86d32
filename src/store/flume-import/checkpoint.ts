import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ProtobufReader } from '../../wire/protobuf-reader.ts'
import { readSmallFile, type FlumeLog, type FolderDisk } from './flume-logs.ts'
import { FileWindow } from './file-window.ts'

/** What a channel held at one moment: every event committed until then and not among these had been delivered. */
export interface Checkpoint {
  /** Write order of that moment. */
  readonly order: number
  has(fileId: number, offset: number): boolean
}

const VERSION = 3
const WORD = 8
const HEADER_WORDS = 1029
const ORDER_WORD = 1
const MARKER_WORD = 4
const COMPLETE = 0n
const DIGEST_BYTES = 16
const MOST_BYTES = 64 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024

/**
 * Reads Flume's checkpoint, or undefined unless it is whole and belongs to these logs. Source: EventQueueBackingStoreFileV3
 * and FlumeEventQueue of Apache Flume 1.11, big endian 64-bit words.
 *   checkpoint       0 version (3)   1 write order   4 marker (0 complete)   from 1029: ring of pointers
 *   checkpoint.meta  protobuf behind its length: 1 sfixed32 version   2 sfixed64 write order   3 sfixed32 queue size
 *                    4 sfixed32 queue head   5 logs in use
 *   inflighttakes    MD5 of the rest, then for each transaction: id, number of pointers, pointers
 * A pointer is file id × 2^32 + offset of the put.
 */
export async function readCheckpoint(
  disk: FolderDisk,
  folder: string,
  logs: readonly FlumeLog[]
): Promise<Checkpoint | undefined> {
  const bytes = await readSmallFile(disk, join(folder, 'checkpoint.meta'), MOST_BYTES)
  const meta = bytes === undefined ? undefined : readMeta(bytes)
  // Each log in use at the checkpoint notes its write order: so a checkpoint of other logs is told.
  if (meta === undefined || !logs.some(log => log.meta?.checkpointOrder === meta.order)) return undefined
  const queue = await readQueue(disk, join(folder, 'checkpoint'), meta)
  const takes = readInFlight(await readSmallFile(disk, join(folder, 'inflighttakes'), MOST_BYTES))
  if (queue === undefined || takes === undefined) return undefined
  const pointers = new Float64Array(queue.length + takes.length)
  pointers.set(queue)
  pointers.set(takes, queue.length)
  const known = new Set(logs.map(({ fileId }) => fileId))
  if (!pointers.every(pointer => known.has(Math.floor(pointer / 2 ** 32)))) return undefined
  pointers.sort()
  return { order: meta.order, has: (fileId, offset) => contains(pointers, fileId * 2 ** 32 + offset) }
}

interface CheckpointMeta {
  readonly order: number
  readonly size: number
  readonly head: number
}

function readMeta(bytes: Buffer): CheckpointMeta | undefined {
  const outer = new ProtobufReader(bytes, 0, bytes.length)
  const message = outer.delimited()
  if (message === undefined) return undefined
  const fields = new ProtobufReader(bytes, message.start, message.end)
  let [version, order, size, head] = [0, -1, -1, -1]
  while (fields.next()) {
    if (fields.field === 1 && fields.type === 5) version = fields.fixed32()
    else if (fields.field === 2 && fields.type === 1) order = fields.fixed64()
    else if (fields.field === 3 && fields.type === 5) size = fields.fixed32()
    else if (fields.field === 4 && fields.type === 5) head = fields.fixed32()
  }
  return fields.broken || version !== VERSION || order < 0 || size < 0 || head < 0
    ? undefined
    : { order, size, head }
}

async function readQueue(
  disk: FolderDisk,
  path: string,
  { order, size, head }: CheckpointMeta
): Promise<Float64Array | undefined> {
  const file = await disk.open(path, { create: false, synced: false }).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const bytes = await file.size()
    const capacity = Math.floor(bytes / WORD) - HEADER_WORDS
    if (capacity <= 0 || size > capacity || head > capacity) return undefined
    const window = new FileWindow(file, bytes, CHUNK_BYTES)
    const word = async (index: number): Promise<bigint> => {
      if (!window.covers(index * WORD, WORD)) await window.move(index * WORD, WORD)
      return window.bytes.readBigInt64BE(index * WORD - window.start)
    }
    if (
      (await word(0)) !== BigInt(VERSION) ||
      (await word(ORDER_WORD)) !== BigInt(order) ||
      (await word(MARKER_WORD)) !== COMPLETE
    )
      return undefined
    const pointers = new Float64Array(size)
    for (let i = 0; i < size; i++) {
      const at = HEADER_WORDS + ((head + i) % capacity)
      pointers[i] = window.covers(at * WORD, WORD)
        ? readPointer(window.bytes, at * WORD - window.start)
        : Number(await word(at))
    }
    return pointers
  } finally {
    await file.close()
  }
}

/** Pointers of takes that were under way; undefined when the file is damaged. An empty file has none. */
function readInFlight(bytes: Buffer | undefined): Float64Array | undefined {
  if (bytes === undefined) return undefined
  if (bytes.length === 0) return new Float64Array(0)
  const rest = bytes.subarray(DIGEST_BYTES)
  if (!createHash('md5').update(rest).digest().equals(bytes.subarray(0, DIGEST_BYTES))) return undefined
  const pointers: number[] = []
  for (let at = 0; at + 2 * WORD <= rest.length;) {
    const count = readPointer(rest, at + WORD)
    at += 2 * WORD
    if (count < 0 || at + count * WORD > rest.length) return undefined
    for (let i = 0; i < count; i++, at += WORD) pointers.push(readPointer(rest, at))
  }
  return Float64Array.from(pointers)
}

function readPointer(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}

function contains(sorted: Float64Array, value: number): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return sorted[low] === value
}
