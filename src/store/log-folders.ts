import { join } from 'node:path'
import type { Log } from '../core/contracts.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import type { Disk } from './disk.ts'
import type { FoundFile } from './segment-files.ts'
import { CHANNEL_ID_BYTES } from './segment-header.ts'
import { readName } from './segment.ts'
import { readSideRecord, writeSideRecord } from './side-record.ts'

/** The file's name, in each folder of a log. */
export const FOLDERS_RECORD = 'log-folders'

const WITNESS = /^log-folders\.[0-9a-f]{32}$/

interface StoredFolders {
  readonly version: 1
  readonly folders: readonly string[]
  /** Missing in records of early logs, and in those that were cut off. */
  readonly channel?: string
  /** Of the channel, as it was configured then. */
  readonly name?: string
}

/** What the record in a folder says of the log that the folder is part of. */
export interface FoldersRecord {
  readonly folder: string
  /** Name of the record's file. */
  readonly file: string
  readonly folders: readonly string[]
  readonly channelId: Buffer | undefined
  readonly name: string | undefined
}

/** Which log it is. */
export interface LogIdentity {
  readonly channelId: Buffer
  readonly name: string
}

/** Whether none of the names in a folder is of a log. */
export function holdsNothing(names: readonly string[]): boolean {
  return !names.some(name => name === FOLDERS_RECORD || readName(name) !== undefined)
}

/** The records in a folder elsewhere, which several logs may have theirs in. */
export async function readWitnesses(disk: Disk, witness: string, log: Log): Promise<FoldersRecord[]> {
  const names = await disk.list(witness).catch((): string[] => [])
  const found: FoldersRecord[] = []
  for (const name of names.filter(one => WITNESS.test(one))) {
    const record = await readRecord(disk, witness, name, log)
    if (record !== undefined) found.push(record)
  }
  return found
}

/** The records in these folders. */
export async function readFolderRecords(
  disk: Disk,
  folders: readonly string[],
  log: Log
): Promise<FoldersRecord[]> {
  const found: FoldersRecord[] = []
  for (const folder of folders) {
    const record = await readRecord(disk, folder, FOLDERS_RECORD, log)
    if (record !== undefined) found.push(record)
  }
  return found
}

async function readRecord(
  disk: Disk,
  folder: string,
  file: string,
  log: Log
): Promise<FoldersRecord | undefined> {
  const stored = (await readSideRecord(disk, folder, file, log)) as StoredFolders | undefined
  if (stored?.version !== 1) return undefined
  const id = Buffer.from(stored.channel ?? '', 'hex')
  const channelId = id.length === CHANNEL_ID_BYTES ? id : undefined
  return { folder, file, folders: stored.folders, channelId, name: stored.name }
}

/**
 * Rejects with ERR_CHANNEL when a folder of the log holds nothing at all, or another log, though the record in another
 * folder says that it is one of them: its disk is not there. What is on it must not be given up.
 */
export async function refuseMissingFolders(
  disk: Disk,
  folders: readonly string[],
  records: readonly FoldersRecord[],
  files: readonly FoundFile[]
): Promise<void> {
  for (const folder of folders) {
    const knows = records.filter(record => record.folder !== folder && record.folders.includes(folder))
    const [witness] = knows
    if (witness === undefined) continue
    if (holdsNothing(await disk.list(folder))) {
      throw new AgentError(
        'ERR_CHANNEL',
        `${folder} is empty, and ${witness.folder} says that a part of the log is in it. Mount its disk; to go on without what was there, take the folder out of dataDirs, or delete ${knows.map(record => join(record.folder, record.file)).join(' and ')}.`,
        { folder, witness: witness.folder }
      )
    }
    refuseOther(folder, witness, records, files)
  }
}

function refuseOther(
  folder: string,
  witness: FoldersRecord,
  records: readonly FoldersRecord[],
  files: readonly FoundFile[]
): void {
  const own = witness.channelId ?? channelIn(witness.folder, files)
  const found = files.filter(
    file => file.folder === folder && file.role === 'seg' && file.header !== undefined
  )
  if (own === undefined || found.some(({ header }) => header?.channelId.equals(own) === true)) return
  const record = records.find(one => one.folder === folder)
  // Of a log that was written anew the others know no more than the name.
  const isElsewhere = !files.some(file => file.folder === witness.folder)
  if (isElsewhere && (record?.name === undefined || record.name === witness.name)) return
  const other = channelIn(folder, files) ?? record?.channelId
  if (other === undefined || other.equals(own)) return
  const whose = nameOf(record?.channelId?.equals(other) === true ? record.name : undefined, other)
  throw new AgentError(
    'ERR_CHANNEL',
    `${folder} holds a part of another log, that of ${whose}, and ${witness.folder} says that a part of the log of ${nameOf(witness.name, own)} is in it. Mount the right disk there, or correct dataDirs; to go on without what was there, take the folder out of dataDirs.`,
    { folder, channel: witness.name, other: record?.name, otherFolders: record?.folders }
  )
}

/** Of the log that a folder's segments with events are of. */
function channelIn(folder: string, files: readonly FoundFile[]): Buffer | undefined {
  return files.find(file => file.folder === folder && file.role === 'seg' && file.used)?.header?.channelId
}

function nameOf(name: string | undefined, channelId: Buffer): string {
  return name === undefined ? `a channel with the id ${channelId.toString('hex')}` : `channel ${name}`
}

/** The log of the channel of that name, if the records know of one and only one. */
export function channelNamed(name: string, records: readonly FoldersRecord[]): Buffer | undefined {
  const [first, ...others] = records.filter(record => record.name === name).map(({ channelId }) => channelId)
  return others.every(id => first !== undefined && id?.equals(first) === true) ? first : undefined
}

/** Says which folders the log had and has no more. */
export function sayLeftOut(folders: readonly string[], records: readonly FoldersRecord[], log: Log): void {
  const left = new Set(records.flatMap(record => record.folders))
  for (const folder of folders) left.delete(folder)
  if (left.size > 0)
    log.warn(
      'Folders of the log are no longer in dataDirs; what they hold stays there until they are again.',
      {
        folders: [...left]
      }
    )
}

/** Whether the folders are those that were written down last. */
export function haveSameFolders(folders: readonly string[], records: readonly FoldersRecord[]): boolean {
  const wanted = JSON.stringify([...folders].sort())
  return (
    records.length === folders.length &&
    records.every(record => JSON.stringify([...record.folders].sort()) === wanted)
  )
}

/** Where records are, and which folders they name. */
export interface RecordedFolders {
  readonly folders: readonly string[]
  /** One more folder for the record, written last. */
  readonly witness: string | undefined
  readonly recorded: readonly string[]
}

/**
 * Writes down which folders the log has, in each of them, where that is not there yet. First every folder gets a record,
 * and only then one that names the others: cut off in between, none is missed.
 */
export async function recordFolders(
  disk: Disk,
  { folders, witness, recorded }: RecordedFolders,
  { channelId, name }: LogIdentity,
  log: Log
): Promise<void> {
  const identity = { channel: channelId.toString('hex'), name }
  const nobody: StoredFolders = { version: 1, folders: [], ...identity }
  const wanted: StoredFolders = { version: 1, folders: [...recorded].sort(), ...identity }
  try {
    for (const folder of recorded.length < 2 ? [] : folders)
      if (!(await disk.list(folder)).includes(FOLDERS_RECORD))
        await writeSideRecord(disk, folder, FOLDERS_RECORD, nobody)
    if (witness !== undefined) await disk.makeFolder(witness)
    const places: (readonly [folder: string, file: string])[] = folders.map(folder => [
      folder,
      FOLDERS_RECORD
    ])
    if (witness !== undefined) places.push([witness, witnessOf(channelId)])
    for (const [folder, file] of places) {
      const stored = await readSideRecord(disk, folder, file, log)
      if (JSON.stringify(stored) !== JSON.stringify(wanted)) await writeSideRecord(disk, folder, file, wanted)
    }
  } catch (error) {
    log.debug('The data folders could not be recorded.', { reason: messageOf(error) })
  }
}

/** The log holds nothing: it will not be missed. */
export async function forgetFolders(disk: Disk, witness: string, channelId: Buffer, log: Log): Promise<void> {
  const name = witnessOf(channelId)
  try {
    if ((await disk.list(witness)).includes(name)) await disk.unlink(join(witness, name))
  } catch (error) {
    log.debug('A note of where the log was could not be removed.', { witness, reason: messageOf(error) })
  }
}

/** Several logs may have the same folder for it. */
function witnessOf(channelId: Buffer): string {
  return `${FOLDERS_RECORD}.${channelId.toString('hex')}`
}
