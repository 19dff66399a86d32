import type { Log } from '../core/contracts.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import type { Disk } from './disk.ts'
import { readSideRecord, writeSideRecord } from './side-record.ts'
import { readName } from './segment.ts'

/** The file's name, in each folder of a log that has several. */
export const FOLDERS_RECORD = 'log-folders'

interface StoredFolders {
  readonly version: 1
  readonly folders: readonly string[]
}

/** Whether none of the names in a folder is of a log. */
export function holdsNothing(names: readonly string[]): boolean {
  return !names.some(name => name === FOLDERS_RECORD || readName(name) !== undefined)
}

/**
 * Rejects with ERR_CHANNEL when a folder of the log holds nothing at all, though the record in another one says that it
 * is one of them: its disk is not there. What is on it must not be given up.
 */
export async function refuseMissingFolders(disk: Disk, folders: readonly string[], log: Log): Promise<void> {
  const known = new Set<string>()
  const empty: string[] = []
  for (const folder of folders) {
    const stored = (await readSideRecord(disk, folder, FOLDERS_RECORD, log)) as StoredFolders | undefined
    for (const other of stored?.version === 1 ? stored.folders : []) known.add(other)
    if (holdsNothing(await disk.list(folder))) empty.push(folder)
  }
  const [missing] = empty.filter(folder => known.has(folder))
  if (missing === undefined) return
  throw new AgentError(
    'ERR_CHANNEL',
    `${missing} is empty, and the other data folders say that a part of the log is in it. Mount its disk; to go on without what was there, take the folder out of dataDirs, or delete the file ${FOLDERS_RECORD} in the others.`,
    { folder: missing }
  )
}

/** Whether the folders are those that were written down last. */
export async function haveSameFolders(disk: Disk, folders: readonly string[], log: Log): Promise<boolean> {
  if (folders.length < 2) return true
  const wanted = JSON.stringify([...folders].sort())
  for (const folder of folders) {
    const stored = (await readSideRecord(disk, folder, FOLDERS_RECORD, log)) as StoredFolders | undefined
    if (JSON.stringify(stored?.folders) !== wanted) return false
  }
  return true
}

/**
 * Writes down which folders the log has, in each of them, where that is not there yet. First every folder gets a record,
 * and only then one that names the others: cut off in between, none is missed.
 */
export async function recordFolders(disk: Disk, folders: readonly string[], log: Log): Promise<void> {
  if (folders.length < 2) return
  const nobody: StoredFolders = { version: 1, folders: [] }
  const wanted: StoredFolders = { version: 1, folders: [...folders].sort() }
  try {
    for (const folder of folders)
      if (!(await disk.list(folder)).includes(FOLDERS_RECORD))
        await writeSideRecord(disk, folder, FOLDERS_RECORD, nobody)
    for (const folder of folders) {
      const stored = await readSideRecord(disk, folder, FOLDERS_RECORD, log)
      if (JSON.stringify(stored) !== JSON.stringify(wanted))
        await writeSideRecord(disk, folder, FOLDERS_RECORD, wanted)
    }
  } catch (error) {
    log.debug('The data folders could not be recorded.', { reason: messageOf(error) })
  }
}
