import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { AgentError, messageOf, systemCode } from '../../core/errors.ts'
import { ProtobufReader } from '../../wire/protobuf-reader.ts'
import { readSmallFile, type FlumeLog, type FolderDisk } from './flume-logs.ts'
import { FileWindow, type ReadableFile } from './file-window.ts'
import { FrameReader, HEAD_BYTES, PUT } from './log-record.ts'
import { unpackSnappy } from './xerial-snappy.ts'

/** What a channel held at one moment: every event committed until then and not among these had been delivered. */
export interface Checkpoint {
  /** Write order of that moment. */
  readonly order: number
  has(fileId: number, offset: number): boolean
  /** Ids of logs that had events then and are not there. */
  readonly missing: readonly number[]
  /** Takes that were under way: their records may be in logs that are deleted by now, and a commit in one that is not. */
  readonly takes: readonly OpenTake[]
}

/** One event that was being taken. */
export interface OpenTake {
  readonly transaction: number
  readonly fileId: number
  readonly offset: number
}

const META = 'checkpoint.meta'
const VERSION = 3
const WORD = 8
const HEADER_WORDS = 1029
const ORDER_WORD = 1
const MARKER_WORD = 4
const COMPLETE = 0n
const DIGEST_BYTES = 16
const MOST_BYTES = 64 * 1024 * 1024
/** Of a checkpoint that is packed, and of what comes out: Flume's largest capacity makes 2 GiB. */
const MOST_PACKED_BYTES = 512 * 1024 * 1024
const MOST_UNPACKED_BYTES = 2 * 1024 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024

/** What the logs do not say themselves. */
export interface CheckpointHelp {
  /** Undefined where the logs say it all, and where it is needed and cannot be had. */
  readonly checkpoint: Checkpoint | undefined
  /** Logs were deleted that may have had takes of what is left. */
  readonly needed: boolean
  readonly missing: readonly number[]
}

/** What a replay of the logs needs of the checkpoints in the folders. */
export async function checkpointFor(
  disk: FolderDisk,
  folders: readonly string[],
  logs: readonly FlumeLog[]
): Promise<CheckpointHelp> {
  const found = await readAll(disk, folders, logs)
  const checkpoint = await choose(disk, found, logs)
  // Also one of other logs than these tells that its own are not there.
  const missing = (checkpoint ?? found[0])?.missing ?? []
  // As long as no log has been deleted, the logs say it all.
  const complete = missing.length === 0 && logs.every(({ fileId }, i) => fileId === i + 1)
  return { checkpoint: complete ? undefined : checkpoint, needed: !complete, missing }
}

const MOST_NAMES = 1000

/** Folders in or beside the folders of the logs that have a checkpoint of these logs. */
export async function findCheckpoints(disk: FolderDisk, logs: readonly FlumeLog[]): Promise<string[]> {
  const list = (folder: string): Promise<string[]> => disk.list(folder).catch((): string[] => [])
  const found: string[] = []
  const dataDirs = new Set(logs.map(({ path }) => dirname(path)))
  for (const parent of new Set([...dataDirs, ...[...dataDirs].map(folder => dirname(folder))])) {
    const names = (await list(parent)).slice(0, MOST_NAMES)
    for (const folder of [parent, ...names.map(name => join(parent, name))]) {
      if (!(await list(folder)).includes(META)) continue
      const meta = await readMetaIn(disk, folder)
      if (meta === undefined) continue
      if (belongsTo(meta, logs) || (await readCheckpoint(disk, [folder], logs)) !== undefined)
        found.push(folder)
    }
  }
  return [...new Set(found)]
}

/** The first of the folders' checkpoints that is whole and belongs to these logs, if any. */
export async function readCheckpoint(
  disk: FolderDisk,
  folders: readonly string[],
  logs: readonly FlumeLog[]
): Promise<Checkpoint | undefined> {
  return await choose(disk, await readAll(disk, folders, logs), logs)
}

/**
 * Flume notes a checkpoint beside the logs once it is written. Cut off before that, or where power loss undid it, one
 * newer than all that is noted belongs to the logs if what it names is there.
 */
async function choose(
  disk: FolderDisk,
  found: readonly Found[],
  logs: readonly FlumeLog[]
): Promise<Found | undefined> {
  const noted = found.find(({ belongs }) => belongs)
  if (noted !== undefined) return noted
  for (const checkpoint of found)
    if (isNewer(checkpoint, logs) && (await namesPuts(disk, checkpoint, logs))) return checkpoint
  return undefined
}

function isNewer({ order }: Found, logs: readonly FlumeLog[]): boolean {
  return logs.every(({ meta }) => meta === undefined || meta.checkpointOrder < order)
}

const SAMPLES = 100

/** Whether events that a checkpoint names, about a hundred of them, are in the logs; false when it names none. */
async function namesPuts(
  disk: FolderDisk,
  { pointers, order }: Found,
  logs: readonly FlumeLog[]
): Promise<boolean> {
  const step = Math.max(1, Math.floor(pointers.length / SAMPLES))
  for (let i = 0; i < pointers.length; i += step) {
    const [fileId, offset] = [Math.floor((pointers[i] ?? 0) / 2 ** 32), (pointers[i] ?? 0) % 2 ** 32]
    const log = logs.find(other => other.fileId === fileId)
    if (log === undefined || !(await hasPut(disk, log, { offset, order }))) return false
  }
  return pointers.length > 0
}

/** Whether a put from before `order` is at `offset`. */
async function hasPut(
  disk: FolderDisk,
  { path, bytes, cipher }: FlumeLog,
  { offset, order }: { readonly offset: number; readonly order: number }
): Promise<boolean> {
  const file = await disk.open(path, { create: false, synced: false })
  try {
    const start = await new FileWindow(file, bytes, HEAD_BYTES).peek(offset, HEAD_BYTES)
    const head = new FrameReader(cipher).look(start, 0, start.length)
    return head.innerLength > 0 && head.type === PUT && head.order < order
  } finally {
    await file.close()
  }
}

async function readAll(
  disk: FolderDisk,
  folders: readonly string[],
  logs: readonly FlumeLog[]
): Promise<Found[]> {
  const found: Found[] = []
  for (const folder of new Set(folders)) {
    const checkpoint = await readFolder(disk, folder, logs).catch((error: unknown) => {
      throw unreadable(folder, error)
    })
    if (checkpoint !== undefined) found.push(checkpoint)
  }
  return found
}

function unreadable(folder: string, error: unknown): AgentError {
  const code = systemCode(error)
  const isDenied = code === 'EACCES' || code === 'EPERM'
  const reason = isDenied ? 'the user that this agent runs as may not read there' : messageOf(error)
  const message = `Whether a Flume left a checkpoint in ${folder} cannot be seen: ${reason}. Let it be read, or name another checkpointDir.`
  return new AgentError('ERR_START', message, { folder, code }, error)
}

interface Found extends Checkpoint {
  /** Whether the logs say that it is theirs. */
  readonly belongs: boolean
  /** Of all events held, in their order. */
  readonly pointers: Float64Array
}

/**
 * One folder's checkpoint, if it is whole. Source: EventQueueBackingStoreFileV3
 * and FlumeEventQueue of Apache Flume 1.11, big endian 64-bit words.
 *   checkpoint       0 version (3)   1 write order   4 marker (0 complete)   from 1029: ring of pointers
 *   checkpoint.meta  protobuf behind its length: 1 sfixed32 version   2 sfixed64 write order   3 sfixed32 queue size
 *                    4 sfixed32 queue head   5 logs in use {1 sfixed32 id, 2 sfixed32 events}
 *   checkpoint.snappy  in a backup: the checkpoint packed by snappy-java
 *   inflighttakes    MD5 of the rest, then for each transaction: id, number of pointers, pointers
 * A pointer is file id × 2^32 + offset of the put.
 */
async function readFolder(
  disk: FolderDisk,
  folder: string,
  logs: readonly FlumeLog[]
): Promise<Found | undefined> {
  const meta = await readMetaIn(disk, folder)
  if (meta === undefined) return undefined
  const queue = await readQueue(disk, folder, meta)
  const takes = readInFlight(await readSmallFile(disk, join(folder, 'inflighttakes'), MOST_BYTES))
  if (queue === undefined || takes === undefined) return undefined
  const pointers = new Float64Array(queue.length + takes.length)
  pointers.set(queue)
  pointers.set(
    takes.map(({ fileId, offset }) => fileId * 2 ** 32 + offset),
    queue.length
  )
  // The meta file names the logs of the queue alone.
  if (!fileIdsOf(queue).isSubsetOf(meta.fileIds)) return undefined
  const used = fileIdsOf(pointers)
  pointers.sort()
  return {
    belongs: belongsTo(meta, logs),
    pointers,
    order: meta.order,
    takes,
    has: (fileId, offset) => contains(pointers, fileId * 2 ** 32 + offset),
    missing: [...used.difference(new Set(logs.map(({ fileId }) => fileId)))].sort((a, b) => a - b)
  }
}

function fileIdsOf(pointers: Float64Array): Set<number> {
  const fileIds = new Set<number>()
  for (const pointer of pointers) fileIds.add(Math.floor(pointer / 2 ** 32))
  return fileIds
}

/** Each log in use at a checkpoint notes its write order, and that of the checkpoint before it. */
function belongsTo({ order }: CheckpointMeta, logs: readonly FlumeLog[]): boolean {
  return logs.some(({ meta }) => meta?.checkpointOrder === order || meta?.backupOrder === order)
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
