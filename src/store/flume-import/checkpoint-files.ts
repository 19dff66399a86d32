import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ProtobufReader } from '../../wire/protobuf-reader.ts'
import { listFolder, openPlainFile, readSmallFile, type FolderDisk } from './flume-logs.ts'
import { FileWindow, type ReadableFile } from './file-window.ts'
import { OLD_VERSION } from './old-record.ts'
import { unpackSnappy } from './xerial-snappy.ts'

/** What the files of one checkpoint say, if they are whole. */
export interface CheckpointFiles {
  readonly order: number
  /** File id × 2^32 + offset of the put of each event, in their order. */
  readonly queue: Float64Array
  /** Undefined in version 2, which does not have them. */
  readonly takes: readonly OpenTake[] | undefined
}

/** One event that was being taken. */
export interface OpenTake {
  readonly transaction: number
  readonly fileId: number
  readonly offset: number
}

const CHECKPOINT = 'checkpoint'
const OLDER = /^checkpoint-backup-\d+$/
const META = 'checkpoint.meta'
const VERSION = 3
const WORD = 8
const HEADER_WORDS = 1029
const ORDER_WORD = 1
const SIZE_WORD = 2
const HEAD_WORD = 3
const MARKER_WORD = 4
const LOGS_WORD = 5
const COMPLETE = 0n
const DIGEST_BYTES = 16
const MOST_BYTES = 64 * 1024 * 1024
/** Of a checkpoint that is packed, and of what comes out: Flume's largest capacity makes 2 GiB. */
const MOST_PACKED_BYTES = 512 * 1024 * 1024
const MOST_UNPACKED_BYTES = 2 * 1024 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024

/** Whether a file of this name is of a checkpoint of Flume's. */
export function isCheckpoint(name: string): boolean {
  return name === CHECKPOINT || name === META || OLDER.test(name)
}

/** Write order of a checkpoint of version 3, be it whole or not. */
export async function readCheckpointOrder(disk: FolderDisk, folder: string): Promise<number | undefined> {
  return (await readMetaIn(disk, folder))?.order
}

/**
 * The checkpoints of one folder that are whole. Source: EventQueueBackingStoreFileV3, EventQueueBackingStoreFileV2 and
 * FlumeEventQueue of Apache Flume 1.11, big endian 64-bit words.
 *   checkpoint       0 version (3)   1 write order   4 marker (0 complete)   from 1029: ring of pointers
 *   checkpoint.meta  protobuf behind its length: 1 sfixed32 version   2 sfixed64 write order   3 sfixed32 queue size
 *                    4 sfixed32 queue head   5 logs in use {1 sfixed32 id, 2 sfixed32 events}
 *   checkpoint.snappy  in a backup: the checkpoint packed by snappy-java
 *   inflighttakes    MD5 of the rest, then for each transaction: id, number of pointers, pointers
 * Version 2 has the one file `checkpoint`, in which moreover: 2 queue size   3 queue head   from 5 to 1028: logs in use,
 * id × 2^32 + events. Flume 1.11 makes version 3 of it, and keeps a copy as `checkpoint-backup-TIME` (`older` here).
 * A pointer is file id × 2^32 + offset of the put.
 */
export async function readCheckpointFiles(
  disk: FolderDisk,
  folder: string
): Promise<{ readonly older: boolean; readonly files: CheckpointFiles }[]> {
  const found: { readonly older: boolean; readonly files: CheckpointFiles }[] = []
  const newest = (await readNew(disk, folder)) ?? (await readOld(disk, join(folder, CHECKPOINT)))
  if (newest !== undefined) found.push({ older: false, files: newest })
  const names = (await listFolder(disk, folder)).filter(name => OLDER.test(name))
  for (const name of names.sort().slice(-MOST_OLDER)) {
    const files = await readOld(disk, join(folder, name))
    if (files !== undefined) found.unshift({ older: true, files })
  }
  return found
}

const MOST_OLDER = 10

async function readNew(disk: FolderDisk, folder: string): Promise<CheckpointFiles | undefined> {
  const meta = await readMetaIn(disk, folder)
  if (meta === undefined) return undefined
  const queue = await readQueue(disk, folder, meta)
  const takes = readInFlight(await readSmallFile(disk, join(folder, 'inflighttakes'), MOST_BYTES))
  if (queue === undefined || takes === undefined) return undefined
  // The meta file names the logs of the queue alone.
  return fileIdsOf(queue).isSubsetOf(meta.fileIds) ? { order: meta.order, queue, takes } : undefined
}

/** A checkpoint of version 2. */
async function readOld(disk: FolderDisk, path: string): Promise<CheckpointFiles | undefined> {
  const file = await openPlainFile(disk, path).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const bytes = await file.size()
    if (bytes < HEADER_WORDS * WORD) return undefined
    const window = new FileWindow(file, bytes, CHUNK_BYTES)
    await window.move(0, HEADER_WORDS * WORD)
    const word = (index: number): number => readPointer(window.bytes, index * WORD)
    const [order, size, head] = [word(ORDER_WORD), word(SIZE_WORD), word(HEAD_WORD)]
    if (word(0) !== OLD_VERSION || word(MARKER_WORD) !== 0 || order <= 0 || size < 0 || head < 0)
      return undefined
    const logs = new Map<number, number>()
    for (let i = LOGS_WORD; i < HEADER_WORDS; i++)
      if (word(i) !== 0) logs.set(Math.floor(word(i) / 2 ** 32), word(i) % 2 ** 32)
    const queue = await readRing(window, { size, head })
    if (queue === undefined || !fileIdsOf(queue).isSubsetOf(new Set(logs.keys()))) return undefined
    const events = [...logs.values()].reduce((sum, count) => sum + count, 0)
    return events === size ? { order, queue, takes: undefined } : undefined
  } finally {
    await file.close()
  }
}

/** Ids of the logs that pointers lead to. */
export function fileIdsOf(pointers: Float64Array): Set<number> {
  const fileIds = new Set<number>()
  for (const pointer of pointers) fileIds.add(Math.floor(pointer / 2 ** 32))
  return fileIds
}

interface CheckpointMeta {
  readonly order: number
  readonly size: number
  readonly head: number
  readonly fileIds: ReadonlySet<number>
}

async function readMetaIn(disk: FolderDisk, folder: string): Promise<CheckpointMeta | undefined> {
  const bytes = await readSmallFile(disk, join(folder, META), MOST_BYTES)
  return bytes === undefined ? undefined : readMeta(bytes)
}

function readMeta(bytes: Buffer): CheckpointMeta | undefined {
  const outer = new ProtobufReader(bytes, 0, bytes.length)
  const message = outer.delimited()
  if (message === undefined) return undefined
  const fields = new ProtobufReader(bytes, message.start, message.end)
  let [version, order, size, head] = [0, -1, -1, -1]
  const fileIds = new Set<number>()
  while (fields.next()) {
    if (fields.field === 1 && fields.type === 5) version = fields.fixed32()
    else if (fields.field === 2 && fields.type === 1) order = fields.fixed64()
    else if (fields.field === 3 && fields.type === 5) size = fields.fixed32()
    else if (fields.field === 4 && fields.type === 5) head = fields.fixed32()
    else if (fields.field === 5 && fields.type === 2) {
      const log = new ProtobufReader(bytes, fields.start, fields.end)
      while (log.next()) if (log.field === 1 && log.type === 5) fileIds.add(log.fixed32())
    }
  }
  return fields.broken || version !== VERSION || order < 0 || size < 0 || head < 0
    ? undefined
    : { order, size, head, fileIds }
}

async function readQueue(
  disk: FolderDisk,
  folder: string,
  { order, size, head }: CheckpointMeta
): Promise<Float64Array | undefined> {
  const file =
    (await disk.open(join(folder, 'checkpoint'), { create: false, synced: false }).catch(() => undefined)) ??
    (await openPacked(disk, join(folder, 'checkpoint.snappy')))
  if (file === undefined) return undefined
  try {
    const bytes = await file.size()
    const window = new FileWindow(file, bytes, CHUNK_BYTES)
    if (bytes < HEADER_WORDS * WORD) return undefined
    await window.move(0, HEADER_WORDS * WORD)
    const word = (index: number): bigint => window.bytes.readBigInt64BE(index * WORD)
    if (word(0) !== BigInt(VERSION) || word(ORDER_WORD) !== BigInt(order) || word(MARKER_WORD) !== COMPLETE)
      return undefined
    return await readRing(window, { size, head })
  } finally {
    await file.close()
  }
}

/** The pointers in their order, or undefined when the ring has no such. */
async function readRing(
  window: FileWindow,
  { size, head }: { readonly size: number; readonly head: number }
): Promise<Float64Array | undefined> {
  const capacity = Math.floor(window.size / WORD) - HEADER_WORDS
  if (capacity <= 0 || size > capacity || head > capacity) return undefined
  const pointers = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const at = (HEADER_WORDS + ((head + i) % capacity)) * WORD
    if (!window.covers(at, WORD)) await window.move(at, WORD)
    pointers[i] = readPointer(window.bytes, at - window.start)
  }
  return pointers
}

async function openPacked(disk: FolderDisk, path: string): Promise<ReadableFile | undefined> {
  const packed = await readSmallFile(disk, path, MOST_PACKED_BYTES)
  const bytes = packed === undefined ? undefined : unpackSnappy(packed, MOST_UNPACKED_BYTES)
  if (bytes === undefined) return undefined
  return {
    read: (into, position) => Promise.resolve(bytes.copy(into, 0, position)),
    size: () => Promise.resolve(bytes.length),
    close: () => Promise.resolve()
  }
}

/** Takes that were under way; undefined when the file is damaged. An empty file has none. */
function readInFlight(bytes: Buffer | undefined): OpenTake[] | undefined {
  if (bytes === undefined) return undefined
  if (bytes.length === 0) return []
  const rest = bytes.subarray(DIGEST_BYTES)
  if (!createHash('md5').update(rest).digest().equals(bytes.subarray(0, DIGEST_BYTES))) return undefined
  const takes: OpenTake[] = []
  for (let at = 0; at + 2 * WORD <= rest.length;) {
    const [transaction, count] = [readPointer(rest, at), readPointer(rest, at + WORD)]
    at += 2 * WORD
    if (count < 0 || at + count * WORD > rest.length) return undefined
    for (let i = 0; i < count; i++, at += WORD)
      takes.push({ transaction, fileId: rest.readInt32BE(at), offset: rest.readUInt32BE(at + 4) })
  }
  return takes
}

function readPointer(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}
