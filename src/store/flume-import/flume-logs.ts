import { basename, join } from 'node:path'
import { AgentError, systemCode } from '../../core/errors.ts'
import type { Disk } from '../disk.ts'
import type { ReadableFile } from './file-window.ts'
import { OP_RECORD } from './log-record.ts'
import { MAX_META_BYTES, readLogMeta, type LogMeta } from './log-meta.ts'
import { OLD_HEADER_BYTES, OLD_MARK, OLD_VERSION, readOldHeader } from './old-record.ts'
import { openRecordCipher, type RecordCipher } from './record-cipher.ts'

/** What reading a folder takes of a disk. */
export interface FolderDisk {
  list(folder: string): Promise<string[]>
  open(path: string, options: Parameters<Disk['open']>[1]): Promise<ReadableFile>
}

/** A key by its alias in the key store, or undefined when it is not there. */
export type KeyOfAlias = (alias: string) => Buffer | undefined

/** One log of Flume, ready to be read. */
export interface FlumeLog {
  readonly path: string
  readonly fileId: number
  /** Of its format: 2 or 3. */
  readonly version: number
  readonly bytes: number
  readonly meta: LogMeta | undefined
  /** What is wrong with what stands beside it, or at its start, in a sentence. */
  readonly metaHarm: string | undefined
  readonly cipher: RecordCipher | undefined
}

const LOG_NAME = /^log-(\d{1,10})$/
const META_ENDS = ['.meta', '.meta.tmp', '.meta.old']
const READ_ONLY = { create: false, synced: false }
const VERSION = 3

/** Names in a folder; none when there is no such folder. */
export async function listFolder(disk: Pick<FolderDisk, 'list'>, folder: string): Promise<string[]> {
  try {
    return await disk.list(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
    throw error
  }
}

/** Whether a file of this name is a log of Flume's file channel. */
export function isFlumeLog(name: string): boolean {
  return LOG_NAME.test(name)
}

/** Paths of all logs of Flume in the folders. */
export async function findFlumeLogs(
  disk: Pick<FolderDisk, 'list'>,
  folders: readonly string[]
): Promise<string[]> {
  const found: string[] = []
  for (const folder of new Set(folders)) {
    for (const name of await listFolder(disk, folder)) if (isFlumeLog(name)) found.push(join(folder, name))
  }
  return found
}

/**
 * Looks at each log and at what stands beside it; logs come back in the order of their ids. Rejects, before anything
 * is touched, with ERR_CONFIG where a key is needed and cannot be had, ERR_UNSUPPORTED for logs of other versions, and
 * ERR_START when two logs have the same id.
 */
export async function openFlumeLogs(
  disk: FolderDisk,
  paths: readonly string[],
  keyOf: KeyOfAlias | undefined
): Promise<FlumeLog[]> {
  const metas = new Map<string, LogMeta>()
  for (const path of paths) {
    const meta = await readMeta(disk, path)
    if (meta !== undefined) metas.set(path, meta)
  }
  const logs: FlumeLog[] = []
  for (const path of paths) {
    const log = await openLog(disk, { path, ...metaFor(path, metas) }, keyOf)
    if (log !== undefined) logs.push(log)
  }
  logs.sort((a, b) => a.fileId - b.fileId)
  for (const [i, log] of logs.entries()) {
    const other = logs[i - 1]
    if (other?.fileId !== log.fileId) continue
    const both = [other.path, log.path]
    throw new AgentError(
      'ERR_START',
      `${both.join(' and ')} have the same id: they are not of one channel.`,
      { files: both }
    )
  }
  return logs
}

/**
 * Ids of logs that must have been between others and are not there, as folders lose logs only at their older end; and
 * of those that a checkpoint misses.
 */
export function missingLogs(logs: readonly FlumeLog[], missed: readonly number[]): number[] {
  const oldest = new Map<string, number>()
  for (const { path, fileId } of logs) {
    const folder = join(path, '..')
    oldest.set(folder, Math.min(fileId, oldest.get(folder) ?? fileId))
  }
  const present = new Set(logs.map(({ fileId }) => fileId))
  const from = Math.max(0, ...oldest.values())
  const missing = new Set(missed.slice(0, MOST_MISSING))
  for (const { fileId } of logs) {
    for (let id = fileId - 1; id > from && !present.has(id) && missing.size < MOST_MISSING; id--)
      missing.add(id)
  }
  return [...missing].sort((a, b) => a - b)
}

// A wrong id would make a gap of millions.
const MOST_MISSING = 100

const NO_META =
  'What stands beside the log (.meta) is missing or damaged; the log is read as one that is not encrypted.'
const META_OF_OTHER = 'What stands beside the log (.meta) says that it belongs to another log.'
const OLD_HEADER_HARM = 'The first bytes of the log, its version and id, are damaged; the records are not.'
const OLD_HEADER_OF_OTHER = 'The log says at its start that it is another one.'
const META_VERSION = 'What stands beside the log (.meta) has a wrong version.'

/** What was noted about a log: beside it, or beside another where files were swapped. The log's name says its id. */
function metaFor(path: string, metas: ReadonlyMap<string, LogMeta>): Pick<FlumeLog, 'meta' | 'metaHarm'> {
  const fileId = idOf(path)
  const own = metas.get(path)
  if (own?.fileId === fileId)
    return { meta: own, metaHarm: own.version === VERSION ? undefined : META_VERSION }
  const meta = metas.values().find(other => other.fileId === fileId) ?? own
  return { meta, metaHarm: meta === undefined ? NO_META : META_OF_OTHER }
}

function idOf(path: string): number {
  return Number(LOG_NAME.exec(basename(path))?.[1])
}

async function openLog(
  disk: FolderDisk,
  { path, meta, metaHarm }: Pick<FlumeLog, 'path' | 'meta' | 'metaHarm'>,
  keyOf: KeyOfAlias | undefined
): Promise<FlumeLog | undefined> {
  const file = await openPlainFile(disk, path)
  if (file === undefined) return undefined
  try {
    const bytes = await file.size()
    const start = await startOf(file, bytes)
    const version = versionIn(start, meta?.version)
    checkVersion(path, version)
    const facts = { path, fileId: idOf(path), version, bytes }
    return version === OLD_VERSION
      ? { ...facts, ...oldMeta(facts.fileId, start), cipher: undefined }
      : { ...facts, meta, metaHarm, cipher: cipherOf(path, meta, keyOf) }
  } finally {
    await file.close()
  }
}

/** Undefined where there is a folder of that name. */
export async function openPlainFile(disk: FolderDisk, path: string): Promise<ReadableFile | undefined> {
  let file: ReadableFile | undefined
  try {
    file = await disk.open(path, READ_ONLY)
    // A folder can be opened for reading, and not be read.
    await file.read(Buffer.alloc(1), 0)
    return file
  } catch (error) {
    await file?.close()
    if (systemCode(error) === 'EISDIR') return undefined
    throw error
  }
}

function cipherOf(
  path: string,
  meta: LogMeta | undefined,
  keyOf: KeyOfAlias | undefined
): RecordCipher | undefined {
  const encryption = meta?.encryption
  if (encryption === undefined) return undefined
  if (keyOf === undefined) {
    throw new AgentError(
      'ERR_CONFIG',
      `Data file is encrypted but no  provider was specified: ${path} needs the key ${encryption.keyAlias}. ` +
        'Set encryption.keyProvider, encryption.activeKey, encryption.cipherProvider and encryption.keyProvider.* as they were in Flume.',
      { path, keyAlias: encryption.keyAlias }
    )
  }
  const { keyAlias } = encryption
  const key = keyOf(keyAlias)
  if (key !== undefined) return openRecordCipher(encryption, key, path)
  throw new AgentError(
    'ERR_CONFIG',
    `KeyStore returned null for ${keyAlias}: ${path} is encrypted with it. Add ${keyAlias} to encryption.keyProvider.keys.`,
    { path, keyAlias }
  )
}

function checkVersion(path: string, version: number): void {
  if (version === VERSION || version === OLD_VERSION) return
  throw new AgentError(
    'ERR_UNSUPPORTED',
    `${path} is a log of version ${version}; versions ${OLD_VERSION} and ${VERSION} can be read. ` +
      'Let Flume deliver what the channel holds, by an avro sink to this agent for example; then move its files away.',
    { path, version }
  )
}

/** The first bytes: as many as tell the version. */
async function startOf(file: ReadableFile, bytes: number): Promise<Buffer> {
  const start = Buffer.alloc(Math.min(bytes, OLD_HEADER_BYTES + OLD_MARK.length))
  return start.subarray(0, start.length === 0 ? 0 : await file.read(start, 0))
}

/**
 * Logs of version 2 begin with their version, and have a record behind their header; those of version 3 begin with a
 * record, whatever is beside them.
 */
function versionIn(start: Buffer, noted = VERSION): number {
  if (start.subarray(OLD_HEADER_BYTES).equals(OLD_MARK)) return OLD_VERSION
  if (start.length < 4 || start[0] === OP_RECORD) return start.length < 4 ? noted : VERSION
  return start.readInt32BE() === OLD_VERSION ? OLD_VERSION : noted
}

/** What a log of version 2 says at its start. A cut one holds nothing. */
function oldMeta(fileId: number, start: Buffer): Pick<FlumeLog, 'meta' | 'metaHarm'> {
  if (start.length < OLD_HEADER_BYTES) return { meta: undefined, metaHarm: undefined }
  const meta = readOldHeader(start)
  if (meta === undefined) return { meta, metaHarm: OLD_HEADER_HARM }
  return { meta, metaHarm: meta.fileId === fileId ? undefined : OLD_HEADER_OF_OTHER }
}

/** What stands beside a log, or undefined when it is missing or damaged. */
async function readMeta(disk: FolderDisk, path: string): Promise<LogMeta | undefined> {
  for (const end of META_ENDS) {
    const bytes = await readSmallFile(disk, path + end, MAX_META_BYTES)
    const meta = bytes === undefined ? undefined : readLogMeta(bytes)
    if (meta !== undefined) return meta
  }
  return undefined
}

/** A whole file, or undefined when there is none or it is larger than `most` bytes. */
export async function readSmallFile(
  disk: FolderDisk,
  path: string,
  most: number
): Promise<Buffer | undefined> {
  let file: ReadableFile
  try {
    file = await disk.open(path, READ_ONLY)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
  try {
    const size = await file.size()
    if (size > most) return undefined
    const bytes = Buffer.alloc(size)
    let filled = 0
    while (filled < size) {
      const read = await file.read(bytes.subarray(filled), filled)
      if (read === 0) return undefined
      filled += read
    }
    return bytes
  } finally {
    await file.close()
  }
}
