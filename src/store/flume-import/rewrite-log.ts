import { dirname, join } from 'node:path'
import type { EventBatch } from '../../core/batch.ts'
import type { Clock } from '../../core/contracts.ts'
import type { Disk } from '../disk.ts'
import type { WholeLog } from '../whole-log.ts'
import { overlayDisk } from '../overlay-disk.ts'
import { FOLDERS_RECORD } from '../log-folders.ts'
import { findReturnedLogs } from '../returned-folders.ts'
import { readName } from '../segment.ts'
import { RETIRED_RECORD, STOP_RECORD } from '../stop-record.ts'
import { listFolder } from './flume-logs.ts'
import { followJournal, writeJournal, type Move } from './import-journal.ts'

/** What is needed of a durable log. */
export type EventLog = Pick<WholeLog, 'size' | 'put' | 'take' | 'close'>

/** Where our own log is. */
export interface LogPlaces {
  /** Folders of the durable log; absolute. The log must not be open. */
  readonly logFolders: readonly string[]
  readonly disk: Disk
  /** Opens a durable log as the channel writes it, without bounds, in these folders of this disk. */
  openLog(folders: readonly string[], disk: Disk): Promise<EventLog>
}

const WORK_FOLDER = 'flume-import'
const BATCH_EVENTS = 1000

/** Our own log, opened so that reading and taking leaves no trace; undefined when there is none. */
export async function openOwnLog({ disk, logFolders, openLog }: LogPlaces): Promise<EventLog | undefined> {
  const isOurs = async (folder: string): Promise<boolean> => (await filesBelow(disk, folder)).length > 0
  for (const folder of logFolders)
    if (await isOurs(folder)) return await openLog(logFolders, overlayDisk(disk))
  return undefined
}

/** What a log holds, taken out of it. */
export async function* drain(log: EventLog): AsyncGenerator<EventBatch, undefined> {
  for (;;) {
    await using lease = await log.take(BATCH_EVENTS)
    if (lease === undefined) return undefined
    yield lease.batch
    await lease.commit()
  }
}

/** Writes events into a new log, in folders of its own; resolves to the number from each source. Then all is on the disk. */
export async function writeNewLog(
  { disk, logFolders, openLog }: LogPlaces,
  sources: readonly AsyncIterable<EventBatch>[]
): Promise<number[]> {
  const works = logFolders.map(workIn)
  for (const work of works) {
    await disk.makeFolder(work)
    await disk.syncFolder(dirname(work))
  }
  const target = await openLog(works, disk)
  try {
    const counts: number[] = []
    for (const source of sources) counts.push(await putAll(target, source))
    return counts
  } finally {
    await target.close()
  }
}

async function putAll(target: EventLog, batches: AsyncIterable<EventBatch>): Promise<number> {
  const { signal } = new AbortController()
  let events = 0
  for await (const batch of batches) {
    await target.put(batch, signal)
    events += batch.length
  }
  return events
}

/** Moves that put the new log in the place of ours: ours go aside, then the new segments in, each staying on its disk. */
export async function swapStages(places: LogPlaces, asideName: string): Promise<[Move[], Move[]]> {
  const { disk, logFolders } = places
  const out: Move[] = []
  for (const folder of new Set(logFolders))
    for (const name of await filesBelow(disk, folder))
      out.push({ from: join(folder, name), to: join(folder, asideName, name) })
  const into: Move[] = []
  for (const folder of new Set(logFolders)) {
    for (const name of await listFolder(disk, workIn(folder))) {
      // The record of its folders would name these.
      if (isOfLog(name) && name !== FOLDERS_RECORD)
        into.push({ from: join(workIn(folder), name), to: join(folder, name) })
    }
  }
  return [out, into]
}

/** Removes what was written into a new log and never put in place. */
export async function clearWork({ disk, logFolders }: Pick<LogPlaces, 'disk' | 'logFolders'>): Promise<void> {
  for (const folder of new Set(logFolders)) {
    if (!(await listFolder(disk, folder)).includes(WORK_FOLDER)) continue
    const work = workIn(folder)
    const names = (await listFolder(disk, work)).filter(name => isOfLog(name))
    for (const name of names) await disk.unlink(join(work, name))
    if (names.length > 0) await disk.syncFolder(work)
  }
}

/** The time for names of folders: 20260102T030405Z. */
export function timeStamp(clock: Clock): string {
  return new Date(clock.now())
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '')
}

/**
 * Writes our own log anew without what cannot be read, and without what `keep` leaves out; the old files go aside.
 * Resolves to the events that are left and the folders aside. Cut off anywhere, the next start of the channel finishes
 * it or finds everything as it was.
 */
export async function rewriteLog(
  places: LogPlaces & { readonly clock: Clock },
  keep: (batch: EventBatch) => Promise<EventBatch>
): Promise<{ readonly events: number; readonly aside: readonly string[] }> {
  const {
    disk,
    logFolders: [first = ''],
    clock
  } = places
  await clearWork(places)
  const own = await openOwnLog(places)
  if (own === undefined) return { events: 0, aside: [] }
  try {
    const [events = 0] = await writeNewLog(places, [kept(drain(own), keep)])
    const stages = await swapStages(places, `replaced-${timeStamp(clock)}`)
    const aside = [...new Set(stages[0].map(({ to }) => dirname(to)))]
    const journal = { version: 1, stages, summary: undefined } as const
    await writeJournal(disk, first, journal)
    await followJournal(disk, first, journal)
    return { events, aside }
  } finally {
    await own.close()
  }
}

async function* kept(
  batches: AsyncIterable<EventBatch>,
  keep: (batch: EventBatch) => Promise<EventBatch>
): AsyncGenerator<EventBatch, undefined> {
  for await (const batch of batches) {
    const rest = await keep(batch)
    if (rest.length > 0) yield rest
  }
  return undefined
}

/** Files of our own log, and of what came back to it, relative to one of its folders. */
async function filesBelow(disk: Disk, folder: string): Promise<string[]> {
  const found = (await listFolder(disk, folder)).filter(name => isOfLog(name))
  for (const { name, folders } of await findReturnedLogs(disk, [folder])) {
    for (const part of folders)
      for (const file of await listFolder(disk, part)) if (isOfLog(file)) found.push(join(name, file))
  }
  return found
}

function workIn(folder: string): string {
  return join(folder, WORK_FOLDER)
}

function isOfLog(name: string): boolean {
  return readName(name) !== undefined || [STOP_RECORD, RETIRED_RECORD, FOLDERS_RECORD].includes(name)
}
