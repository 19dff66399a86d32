import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import {
  link,
  lstat,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
  unlink,
  writeFile
} from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { AgentError, messageOf, systemCode } from '../core/errors.ts'
import { NO_FILE } from './disk.ts'
import { type FileUser, findFileUser } from './flume-import/folder-user.ts'
import { folderProblem, makeFolder } from './make-folder.ts'
import { openFile } from './open-file.ts'
import { readName } from './segment.ts'

const NAME = 'millrace.lock'
/** What a lock is made in, with the process that makes it, or where one lay that did not count. */
const LEFT = /^millrace\.lock\.(?:(\d+)|stale)\.[0-9a-f]{8}$/
const ATTEMPTS = 5
const START_TIME_FIELD = 19
/** What a lock file says that nobody holds. */
const RELEASED = '{}'
/** A lock is far smaller; nothing behind that counts. */
const MOST_BYTES = 64 * 1024

/** A folder that nobody else may use. */
export interface FolderLock {
  /** Gives it up. The lock's file stays, so that a full disk has room for the next lock. */
  release(): Promise<void>
  /** The same, without a trace. */
  remove(): Promise<void>
}

/** Who holds a lock, as its file says: a process is told from a later one of the same number by when it started. */
interface Owner {
  readonly pid: number
  readonly startedAt: string
  readonly host: string
  readonly name: string
  /** Where the lock was made, and the number of its file: both differ in a copy of the folder. */
  readonly path: string
  readonly inode: string
}

/** Folders locked by this process, which its own pid would not keep from itself. */
const held = new Map<string, string>()

/**
 * Locks a folder, which is made when missing, for as long as this process lives. Rejects with ERR_START, naming the
 * process, when another one has it. What a process of this host that died left behind does not count, nor does a lock
 * that was copied along with its folder. Where the lock is missing or nonsense, a process that writes to segments there
 * counts as who has it. A process of another host, which shares the disk, cannot be looked at: its lock stands until
 * somebody deletes it.
 */
export async function lockFolder(folder: string, name: string): Promise<FolderLock> {
  await makeFolder(folder, 'LogDir')
  const path = join(await realpath(folder), NAME)
  const other = held.get(path)
  if (other !== undefined) throw lockedHere(folder, other, name)
  held.set(path, name)
  try {
    await acquire(path, folder, name)
    await clearLeft(path)
  } catch (error) {
    held.delete(path)
    if (error instanceof AgentError) throw error
    const message = `Cannot lock ${folder}: ${folderProblem(error)}. [channel=${name}]`
    throw new AgentError('ERR_START', message, { folder, code: systemCode(error) }, error)
  }
  const giveUp = async (file: Promise<void>): Promise<void> => {
    await file.catch(() => undefined)
    held.delete(path)
  }
  const isHeld = (): boolean => held.get(path) === name
  return {
    async release() {
      if (isHeld()) await giveUp(writeOver(path, RELEASED))
    },
    async remove() {
      if (isHeld()) await giveUp(unlink(path))
    }
  }
}

async function acquire(path: string, folder: string, name: string): Promise<void> {
  const startedAt = (await startOf(process.pid)) ?? ''
  const mine = { pid: process.pid, startedAt, host: hostname(), name, path }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await readLock(path).catch((error: unknown) => {
      throw unreadable(folder, error, name)
    })
    const owner = parseOwner(found ?? '')
    if (owner === undefined && found?.trim() !== RELEASED) await refuseWriter(folder, name)
    if (found === undefined) {
      if (await create(path, mine)) return
      continue
    }
    if (owner !== undefined && !(await isCopy(owner, path))) {
      if (owner.host !== mine.host) throw lockedElsewhere(folder, path, owner, name)
      if (await isAlive(owner)) throw lockedByProcess(folder, owner, name)
    }
    if (await takeOver(path, found, mine)) return
  }
  throw new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. The directory is already locked. [channel=${name}]`,
    {
      folder
    }
  )
}

/** Somebody may have deleted the lock of a process that lives, or put something else in its place. */
async function refuseWriter(folder: string, name: string): Promise<void> {
  const segments = (await readdir(folder)).filter(file => readName(file)?.role === 'seg')
  const user = await findFileUser(segments.map(file => join(folder, file)))
  if (user !== undefined) throw lockGone(folder, user, name)
}

/** Makes the lock where there is none; returns whether it is ours. */
async function create(path: string, mine: Omit<Owner, 'inode'>): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(draft, '')
    await writeFile(draft, await textFor(draft, mine))
    return await linked(draft, path)
  } finally {
    await unlink(draft).catch(() => undefined)
  }
}

/**
 * Makes a lock that counts no more ours, in its own bytes: a full disk has no others. What was somebody else's new one
 * by then is put back. Returns whether it is ours.
 */
async function takeOver(path: string, expected: string, mine: Omit<Owner, 'inode'>): Promise<boolean> {
  const aside = `${path}.stale.${randomBytes(4).toString('hex')}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false // somebody else was quicker
    throw error
  }
  try {
    const isStale = (await readLock(aside)) === expected
    if (isStale && !(await isFile(aside))) return false // no file can be made of it; what cannot be removed stays aside
    if (isStale) await writeOver(aside, await textFor(aside, mine))
    return (await linked(aside, path)) && isStale
  } finally {
    await unlink(aside).catch(() => undefined)
  }
}

/** What a lock says: nothing where it is no file. Undefined when there is none. */
async function readLock(path: string): Promise<string | undefined> {
  try {
    const handle = await openFile(path, constants.O_RDONLY)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (systemCode(error) === NO_FILE) return ''
    if (!['ENOENT', 'ELOOP'].includes(systemCode(error) ?? '')) throw error
    // A link to what is not there is no lock.
    return (await lstat(path).catch(() => undefined)) === undefined ? undefined : ''
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path)).isFile()
}

/** Removes what starts left that were killed: files beside the lock which no living process made. */
async function clearLeft(path: string): Promise<void> {
  for (const name of await readdir(dirname(path)).catch((): string[] => [])) {
    if (!LEFT.test(name)) continue
    const file = join(dirname(path), name)
    const owner = parseOwner((await readLock(file).catch(() => undefined)) ?? '')
    const pid = Number(LEFT.exec(name)?.[1] ?? owner?.pid)
    const isMine = pid === process.pid
    if (isMine || (Number.isSafeInteger(pid) && pid > 0 && isRunning(pid))) continue
    await unlink(file).catch(() => undefined)
  }
}

async function textFor(file: string, mine: Omit<Owner, 'inode'>): Promise<string> {
  return JSON.stringify({ ...mine, inode: await inodeOf(file) })
}

async function inodeOf(file: string): Promise<string> {
  return String((await stat(file, { bigint: true })).ino)
}

/** Writes from the start and fills up with blanks, so that no byte more is needed than the file has. */
async function writeOver(file: string, text: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    const { size } = await handle.stat()
    await handle.write(text.padEnd(Math.min(size, MOST_BYTES)))
    if (size > MOST_BYTES) await handle.truncate(MOST_BYTES)
  } finally {
    await handle.close()
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner>
    if (typeof owner.pid !== 'number' || !Number.isSafeInteger(owner.pid) || owner.pid <= 0) return undefined
    return {
      pid: owner.pid,
      startedAt: String(owner.startedAt ?? ''),
      host: String(owner.host ?? ''),
      name: String(owner.name ?? ''),
      path: String(owner.path ?? ''),
      inode: String(owner.inode ?? '')
    }
  } catch {
    return undefined
  }
}

/** Whether the file came here with a copy of the folder it was made in. */
async function isCopy({ path: madeAt, inode }: Owner, path: string): Promise<boolean> {
  if (madeAt === '' || madeAt === path) return false
  return inode !== (await inodeOf(path).catch(() => inode))
}

/** Of a process of this host. */
async function isAlive(owner: Owner): Promise<boolean> {
  if (owner.pid === process.pid) return false
  const startedAt = await startOf(owner.pid)
  if (startedAt !== undefined) return owner.startedAt === '' || owner.startedAt === startedAt
  return isRunning(owner.pid)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

/** When a process started, in ticks since the machine did, and which start of the machine; undefined without /proc. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'latin1')
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1')
    return `${line.slice(line.lastIndexOf(')') + 2).split(' ')[START_TIME_FIELD] ?? ''}@${boot.trim()}`
  } catch {
    return undefined
  }
}

function unreadable(folder: string, error: unknown, name: string): AgentError {
  const message = `Cannot lock ${folder}: ${messageOf(error)}. [channel=${name}]`
  return new AgentError('ERR_START', message, { folder, code: systemCode(error) }, error)
}

function lockedElsewhere(
  folder: string,
  lockFile: string,
  { host, pid, name: other }: Owner,
  name: string
): AgentError {
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. The directory is already locked by process ${pid} (channel ${other}) of host ${host}, which cannot be looked at from here. When that host or process is gone for good, delete ${lockFile}. [channel=${name}]`,
    { folder, host, pid, lockFile }
  )
}

function lockedByProcess(folder: string, { pid, name: other }: Owner, name: string): AgentError {
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. The directory is already locked by process ${pid} (channel ${other}). Stop that process, or name other folders in dataDirs; once the folder is free this starts by itself. [channel=${name}]`,
    { folder, pid }
  )
}

function lockGone(folder: string, { pid, file }: FileUser, name: string): AgentError {
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. Process ${pid} writes to ${file}, though ${NAME} is not there or was written over. Stop that process; then this starts by itself. [channel=${name}]`,
    { folder, pid, file }
  )
}

function lockedHere(folder: string, other: string, name: string): AgentError {
  const advice =
    other === name
      ? 'Either dataDirs names it twice, by two paths, or the channel is still being stopped.'
      : 'Give each channel folders of its own in dataDirs.'
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. The directory is already locked by channel ${other} of this agent. ${advice} [channel=${name}]`,
    { folder, other }
  )
}
