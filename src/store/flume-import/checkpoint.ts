import { dirname, join } from 'node:path'
import { AgentError, messageOf, systemCode } from '../../core/errors.ts'
import {
  fileIdsOf,
  isCheckpoint,
  readCheckpointFiles,
  readCheckpointOrder,
  type CheckpointFiles,
  type OpenTake
} from './checkpoint-files.ts'
import type { FlumeLog, FolderDisk } from './flume-logs.ts'
import { FileWindow } from './file-window.ts'
import { FrameReader, HEAD_BYTES, PUT } from './log-record.ts'
import { emptyHead, OLD_VERSION, readOldHead } from './old-record.ts'

/** What a channel held at one moment: every event committed until then and not among these had been delivered. */
export interface Checkpoint {
  /** Write order of that moment. */
  readonly order: number
  has(fileId: number, offset: number): boolean
  /** Ids of logs that had events then and are not there. */
  readonly missing: readonly number[]
  /**
   * Takes that were under way: their records may be in logs that are deleted by now, and a commit in one that is not.
   * Undefined where they are not in the checkpoint, nor their events: version 2.
   */
  readonly takes: readonly OpenTake[] | undefined
}

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
      if (!(await list(folder)).some(isCheckpoint)) continue
      const order = await readCheckpointOrder(disk, folder)
      if (
        (order !== undefined && belongsTo({ order }, logs)) ||
        (await readCheckpoint(disk, [folder], logs)) !== undefined
      )
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
  { path, version, bytes, cipher }: FlumeLog,
  { offset, order }: { readonly offset: number; readonly order: number }
): Promise<boolean> {
  const file = await disk.open(path, { create: false, synced: false })
  try {
    const start = await new FileWindow(file, bytes, HEAD_BYTES).peek(offset, HEAD_BYTES)
    if (version === OLD_VERSION) {
      const { wrong, type, order: noted } = readOldHead(emptyHead(), start, 0, start.length)
      // The order is a time: a put may have that of the checkpoint.
      return wrong === 0 && type === PUT && noted <= order
    }
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
  const found: { readonly older: boolean; readonly files: CheckpointFiles }[] = []
  for (const folder of new Set(folders)) {
    found.push(
      ...(await readCheckpointFiles(disk, folder).catch((error: unknown) => {
        throw unreadable(folder, error)
      }))
    )
  }
  return [false, true].flatMap(wanted =>
    found.filter(({ older }) => older === wanted).map(({ files }) => foundOf(files, logs))
  )
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

/** The checkpoint as the logs see it. */
function foundOf({ order, queue, takes }: CheckpointFiles, logs: readonly FlumeLog[]): Found {
  const pointers = new Float64Array(queue.length + (takes?.length ?? 0))
  pointers.set(queue)
  pointers.set(takes?.map(({ fileId, offset }) => fileId * 2 ** 32 + offset) ?? [], queue.length)
  const used = fileIdsOf(pointers)
  pointers.sort()
  return {
    belongs: belongsTo({ order }, logs),
    pointers,
    order,
    takes,
    has: (fileId, offset) => contains(pointers, fileId * 2 ** 32 + offset),
    missing: [...used.difference(new Set(logs.map(({ fileId }) => fileId)))].sort((a, b) => a - b)
  }
}

/** Each log in use at a checkpoint notes its write order, and that of the checkpoint before it. */
function belongsTo({ order }: Pick<CheckpointFiles, 'order'>, logs: readonly FlumeLog[]): boolean {
  return logs.some(({ meta }) => meta?.checkpointOrder === order || meta?.backupOrder === order)
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
