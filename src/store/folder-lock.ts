import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, realpath, rename, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { AgentError, systemCode } from '../core/errors.ts'

const NAME = 'millrace.lock'
const ATTEMPTS = 5
const START_TIME_FIELD = 19

/** A folder that nobody else may use. */
export interface FolderLock {
  release(): Promise<void>
}

/** Who holds a lock, as its file says: a process is told from a later one of the same number by when it started. */
interface Owner {
  readonly pid: number
  readonly startedAt: string
  readonly host: string
  readonly name: string
}

/** Folders locked by this process, which its own pid would not keep from itself. */
const held = new Map<string, string>()

/**
 * Locks a folder, which is made when missing, for as long as this process lives. Rejects with ERR_START, naming the
 * process, when another one has it. What a process of this host that died left behind does not count; a process of
 * another host, which shares the disk, cannot be looked at: its lock stands until somebody deletes it.
 */
export async function lockFolder(folder: string, name: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true })
  const path = join(await realpath(folder), NAME)
  const other = held.get(path)
  if (other !== undefined) throw locked(folder, `channel ${other} of this agent`, name)
  held.set(path, name)
  try {
    await acquire(path, folder, name)
  } catch (error) {
    held.delete(path)
    throw error
  }
  return {
    async release() {
      if (held.get(path) !== name) return
      await unlink(path).catch(() => undefined)
      held.delete(path)
    }
  }
}

async function acquire(path: string, folder: string, name: string): Promise<void> {
  const mine: Owner = {
    pid: process.pid,
    startedAt: (await startOf(process.pid)) ?? '',
    host: hostname(),
    name
  }
  const text = JSON.stringify(mine)
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  await writeFile(draft, text)
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await linked(draft, path)) return
      const found = await readFile(path, 'utf8').catch(() => undefined)
      if (found === undefined) continue
      const owner = parseOwner(found)
      if (owner !== undefined && owner.host !== mine.host) throw lockedElsewhere(folder, path, owner, name)
      if (owner !== undefined && (await isAlive(owner))) {
        throw locked(folder, `process ${owner.pid} (channel ${owner.name})`, name)
      }
      await removeStale(path, found)
    }
    throw locked(folder, 'somebody else', name)
  } finally {
    await unlink(draft).catch(() => undefined)
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

/** Takes a stale lock away, and puts it back when it was somebody else's new one by then. */
async function removeStale(path: string, expected: string): Promise<void> {
  const aside = `${path}.stale.${randomBytes(4).toString('hex')}`
  try {
    await rename(path, aside)
  } catch {
    return // somebody else was quicker
  }
  if ((await readFile(aside, 'utf8').catch(() => '')) !== expected)
    await linked(aside, path).catch(() => false)
  await unlink(aside).catch(() => undefined)
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner>
    if (typeof owner.pid !== 'number' || !Number.isSafeInteger(owner.pid) || owner.pid <= 0) return undefined
    return {
      pid: owner.pid,
      startedAt: String(owner.startedAt ?? ''),
      host: String(owner.host ?? ''),
      name: String(owner.name ?? '')
    }
  } catch {
    return undefined
  }
}

/** Of a process of this host. */
async function isAlive(owner: Owner): Promise<boolean> {
  if (owner.pid === process.pid) return false
  const startedAt = await startOf(owner.pid)
  if (startedAt !== undefined) return owner.startedAt === '' || owner.startedAt === startedAt
  try {
    process.kill(owner.pid, 0)
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

function locked(folder: string, owner: string, name: string): AgentError {
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. The directory is already locked by ${owner}. [channel=${name}]`,
    {
      folder,
      owner
    }
  )
}
