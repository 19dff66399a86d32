import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, open, readdir, realpath, rename, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { AgentError, systemCode } from '../core/errors.ts'
import { NO_FILE } from './disk.ts'
import { findFileUser } from './flume-import/folder-user.ts'
import { type KernelLock, lockInKernel } from './kernel-lock.ts'
import { folderProblem, makeFolder } from './make-folder.ts'
import { lockedByProcess, lockedElsewhere, lockedHere, lockGone, unreadable } from './lock-errors.ts'
import { isAlive, isCopy, isRunning, type Owner, parseOwner, placeOf, startOf } from './lock-owner.ts'
import { openFile } from './open-file.ts'
import { readName } from './segment.ts'

const NAME = 'millrace.lock'
/** Locked in the kernel for as long as the folder is, where the disk is this machine's own. */
const HELD = 'millrace.held'
/** What a lock is made in, with the process that makes it, or where one lay that did not count. */
const LEFT = /^millrace\.lock\.(?:(\d+)|stale)\.[0-9a-f]{8}$/
const ATTEMPTS = 5
/** What a lock file says that nobody holds. */
const RELEASED = '{}'
/** A lock is far smaller; nothing behind that counts. */
const MOST_BYTES = 64 * 1024

/** Who makes a lock, before its file is there. */
type NewOwner = Omit<Owner, 'inode' | 'device'>

/** A folder that nobody else may use. */
export interface FolderLock {
  /** Gives it up. The lock's file stays, so that a full disk has room for the next lock. */
  release(): Promise<void>
  /** The same, without a trace. */
  remove(): Promise<void>
}

interface Held {
  readonly name: string
  kernel: KernelLock | undefined
}

/** Folders locked by this process, which its own pid would not keep from itself. */
const held = new Map<string, Held>()

/**
 * Locks a folder, which is made when missing, for as long as this process lives. Rejects with ERR_START, naming the
 * process, when another one has it. What a process of this host that died left behind does not count, nor does a lock
 * that was copied along with its folder. Where the lock is missing or nonsense, a process that writes to segments there
 * counts as who has it. On a disk of this machine the kernel tells whether the process lives, also one in a container or
 * of another host name; on others, the lock of another host stands until somebody deletes it.
 */
export async function lockFolder(folder: string, name: string): Promise<FolderLock> {
  await makeFolder(folder, 'LogDir')
  const real = await realpath(folder)
  const path = join(real, NAME)
  const other = held.get(path)
  if (other !== undefined) throw lockedHere(folder, other.name, name)
  const mine: Held = { name, kernel: undefined }
  held.set(path, mine)
  try {
    const kernel = await lockInKernel(join(real, HELD))
    if (kernel === 'busy') throw lockedByProcess(folder, await ownerOf(path), name)
    mine.kernel = kernel
    await acquire(path, folder, mine)
    await clearLeft(path)
  } catch (error) {
    mine.kernel?.release()
    held.delete(path)
    if (error instanceof AgentError) throw error
    const message = `Cannot lock ${folder}: ${folderProblem(error)}. [channel=${name}]`
    throw new AgentError('ERR_START', message, { folder, code: systemCode(error) }, error)
  }
  const giveUp = async (file: Promise<void>): Promise<void> => {
    await file.catch(() => undefined)
    mine.kernel?.release()
    held.delete(path)
  }
  const isHeld = (): boolean => held.get(path) === mine
  return {
    async release() {
      if (isHeld()) await giveUp(writeOver(path, RELEASED))
    },
    async remove() {
      if (isHeld()) await giveUp(unlink(path))
    }
  }
}

async function acquire(path: string, folder: string, { name, kernel }: Held): Promise<void> {
  const startedAt = (await startOf(process.pid)) ?? ''
  const mine = { pid: process.pid, startedAt, host: hostname(), name, path, kernel: kernel !== undefined }
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
    // Who had the lock in the kernel is gone, as that is ours now.
    const isGone = owner?.kernel === true && mine.kernel
    if (owner !== undefined && !(await isCopy(owner, path, isGone))) {
      if (owner.host !== mine.host && !isGone) throw lockedElsewhere(folder, path, owner, name)
      if (owner.host !== mine.host) await refuseWriter(folder, name)
      else if (await isAlive(owner, isGone)) throw lockedByProcess(folder, owner, name)
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
  if (user !== undefined) throw lockGone(folder, NAME, user, name)
}

/** Makes the lock where there is none; returns whether it is ours. */
async function create(path: string, mine: NewOwner): Promise<boolean> {
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
async function takeOver(path: string, expected: string, mine: NewOwner): Promise<boolean> {
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

async function textFor(file: string, mine: NewOwner): Promise<string> {
  return JSON.stringify({ ...mine, ...(await placeOf(file)) })
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

/** Who holds a lock, as far as its file says. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  return parseOwner((await readLock(path).catch(() => undefined)) ?? '')
}
