import { randomBytes } from 'node:crypto'
import { isSameEpoch, type Lineage } from './epoch.ts'
import {
  channelNamed,
  type FoldersRecord,
  haveSameFolders,
  readFolderRecords,
  readWitnesses,
  recordFolders,
  refuseMissingFolders,
  sayLeftOut
} from './log-folders.ts'
import type { DurableLogOptions } from './log-options.ts'
import { channelOf } from './recover-files.ts'
import { findFiles, type FoundFile } from './segment-files.ts'
import { CHANNEL_ID_BYTES } from './segment-header.ts'
import { readStopRecords, retireStopRecords, type StopRecord } from './stop-record.ts'

/** Which log is in the folders, and what its records say. */
export interface FoundLog {
  readonly files: readonly FoundFile[]
  readonly channelId: Buffer
  /** Of this log, the latest first. */
  readonly stops: readonly StopRecord[]
  /** In its folders. */
  readonly inFolders: readonly FoldersRecord[]
  /** The same as far as they are of this log, and that in the witness. */
  readonly records: readonly FoldersRecord[]
  /** Whether every folder that the log had is there. */
  readonly isComplete: boolean
}

/** Finds files and records. Rejects with ERR_CHANNEL when a folder is missing, or is another log's. */
export async function identifyLog(options: DurableLogOptions): Promise<FoundLog> {
  const { disk, folders, log, name, witness } = options
  const files = await findFiles(options, folders)
  const inFolders = await readFolderRecords(disk, folders, log)
  const elsewhere = witness === undefined ? [] : await readWitnesses(disk, witness, log)
  const all = [...inFolders, ...elsewhere]
  await refuseMissingFolders(disk, folders, all, files)
  const stops = await readStopRecords(disk, folders, log)
  const channelId =
    channelNamed(name, inFolders) ??
    channelOf(files, stops) ??
    inFolders.find(record => record.channelId !== undefined)?.channelId ??
    randomBytes(CHANNEL_ID_BYTES)
  const records = all.filter(record => record.channelId?.equals(channelId) ?? true)
  sayLeftOut(folders, records, log)
  const isAllThere = records.every(record => record.folders.every(folder => folders.includes(folder)))
  return {
    files,
    channelId,
    stops: stops.filter(stop => stop.channelId.equals(channelId)),
    inFolders,
    records,
    isComplete: isAllThere && options.partial !== true
  }
}

/** The record of the last stop in this epoch. */
export function stopOf(lineage: Lineage, stops: readonly StopRecord[]): StopRecord | undefined {
  return stops.find(stop => isSameEpoch(stop.lineage, lineage))
}

/**
 * Whether the log goes on in its epoch: it is what its last stop left, file for file. Writes down that it was started, and
 * its folders; those left out are so only once the log has gone on without them.
 */
export async function goesOn(
  { disk, folders, witness, log, name }: DurableLogOptions,
  { channelId, stops, inFolders, records }: FoundLog,
  stop: StopRecord | undefined,
  isWhole: boolean
): Promise<boolean> {
  const isAsLeft = isWhole && haveSameFolders(folders, inFolders) && hasStopEverywhere(stop, stops, folders)
  const isRetired = await retireStopRecords(disk, folders, log)
  const recorded = [...new Set([...folders, ...records.flatMap(record => record.folders)])]
  await recordFolders(disk, { folders, witness, recorded }, { channelId, name }, log)
  return isAsLeft && isRetired
}

function hasStopEverywhere(
  stop: StopRecord | undefined,
  stops: readonly StopRecord[],
  folders: readonly string[]
): boolean {
  if (stop === undefined || stop.retired === true) return false
  const same = stops.filter(
    one => one.retired !== true && isSameEpoch(one.lineage, stop.lineage) && one.segmentId === stop.segmentId
  )
  return same.length === folders.length
}
