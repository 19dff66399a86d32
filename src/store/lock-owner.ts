import { readFile, stat } from 'node:fs/promises'
import { systemCode } from '../core/errors.ts'

const START_TIME_FIELD = 19

/** Who holds a lock, as its file says: a process is told from a later one of the same number by when it started. */
export interface Owner {
  readonly pid: number
  readonly startedAt: string
  readonly host: string
  readonly name: string
  /** Where the lock was made, and the number of its file: both differ in a copy of the folder. */
  readonly path: string
  readonly inode: string
  /** The disk's number, in that start of the machine: only this differs in a copy of the whole disk. */
  readonly device: string
  /** Whether it has the lock in the kernel, too. */
  readonly kernel: boolean
}

/** What a lock's file says; undefined for nonsense. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner>
    if (typeof owner.pid !== 'number' || !Number.isSafeInteger(owner.pid) || owner.pid <= 0) return undefined
    return {
      pid: owner.pid,
      startedAt: String(owner.startedAt ?? ''),
      host: String(owner.host ?? ''),
      name: String(owner.name ?? ''),
      path: String(owner.path ?? ''),
      inode: String(owner.inode ?? ''),
      device: String(owner.device ?? ''),
      kernel: owner.kernel === true
    }
  } catch {
    return undefined
  }
}

/**
 * Whether the file came here with a copy of the folder, or of the disk, that it was made in. The disk's number tells
 * only on a disk of this machine, where `isFree` says that nobody has it locked in the kernel: others may have several.
 */
export async function isCopy(owner: Owner, path: string, isFree: boolean): Promise<boolean> {
  const found = await placeOf(path).catch(() => owner)
  if (isFree && owner.device !== '' && owner.device !== found.device) return true
  return owner.path !== '' && owner.path !== path && owner.inode !== found.inode
}

/** Whether a process of this host lives; `otherwise` says that it does not, where its number alone may be another's by now. */
export async function isAlive(owner: Owner, otherwise = false): Promise<boolean> {
  if (owner.pid === process.pid) return false
  const startedAt = await startOf(owner.pid)
  if (startedAt !== undefined && owner.startedAt !== '') return owner.startedAt === startedAt
  return !otherwise && isRunning(owner.pid)
}

/** Whether there is a process of this number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

/** When a process started, in ticks since the machine did, and which start of the machine; undefined without /proc. */
export async function startOf(pid: number): Promise<string | undefined> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'latin1')
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1')
    return `${line.slice(line.lastIndexOf(')') + 2).split(' ')[START_TIME_FIELD] ?? ''}@${boot.trim()}`
  } catch {
    return undefined
  }
}

/** The number of a file on its disk, and that of the disk. */
export async function placeOf(file: string): Promise<Pick<Owner, 'inode' | 'device'>> {
  const { ino, dev } = await stat(file, { bigint: true })
  return { inode: String(ino), device: String(dev) }
}
