import { closeSync, openSync, statSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { systemCode } from '../core/errors.ts'
import { isLocalDisk } from '../fs/file-output.ts'

const ATTEMPTS = 5
/** SQLITE_BUSY, in the lowest byte of an error's code. */
const BUSY = 5
const PRIMARY_CODE = 0xff

/** A lock of the system on a file. It ends with the process, whatever ends that. */
export interface KernelLock {
  /** Gives it up, and removes the file. */
  release(): void
}

/**
 * Locks a file of no bytes, which is made when missing; `busy` when a process has it that lives, perhaps in another
 * container of this machine. Undefined where that cannot be known: on disks that other machines may share, and where
 * permissions or the system do not let it be tried. SQLite takes the lock, as Node itself has no call for it.
 */
export async function lockInKernel(path: string): Promise<KernelLock | 'busy' | undefined> {
  if (!isLocalDisk(dirname(path))) return undefined
  try {
    const { DatabaseSync: Database } = await import('node:sqlite')
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      makeFile(path)
      const { ino } = statSync(path)
      const database = new Database(path, { timeout: 0 })
      if (!lock(database)) return 'busy'
      // Whoever had it may have removed the file in the meantime.
      if (statSync(path, { throwIfNoEntry: false })?.ino === ino) return lockOf(database, path)
      database.close()
    }
    return 'busy'
  } catch {
    return undefined
  }
}

/** Not opened where it is there: to close it would end a lock that this process has on it. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o640))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}

/** Begins a transaction that stays open and writes nothing. Closes the database where that cannot be. */
function lock(database: DatabaseSync): boolean {
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    database.close()
    if ((Number(Reflect.get(Object(error), 'errcode')) & PRIMARY_CODE) === BUSY) return false
    throw error
  }
}

function lockOf(database: DatabaseSync, path: string): KernelLock {
  return {
    release() {
      if (!database.isOpen) return
      try {
        unlinkSync(path)
      } catch {
        // It stays, and counts for nothing.
      }
      database.close()
    }
  }
}
