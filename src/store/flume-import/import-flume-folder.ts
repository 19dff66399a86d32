import { basename, dirname, join } from 'node:path'
import type { Clock, Log } from '../../core/contracts.ts'
import { AgentError } from '../../core/errors.ts'
import type { EventBatch } from '../../core/batch.ts'
import type { Disk } from '../disk.ts'
import type { DurableLog } from '../durable-log.ts'
import { overlayDisk } from '../overlay-disk.ts'
import { readName } from '../segment.ts'
import { findFlumeLogs, listFolder, openFlumeLogs, type KeyOfAlias } from './flume-logs.ts'
import type { FileUser } from './folder-user.ts'
import { followJournal, readJournal, writeJournal, type ImportJournal, type Move } from './import-journal.ts'
import { heldBatches, readFlumeFolder, type FlumeFolder } from './read-flume-folder.ts'
import type { FlumeDamage } from './scan-log.ts'

/** What the take-over needs of a durable log. */
export type EventLog = Pick<DurableLog, 'size' | 'put' | 'take' | 'close'>

/** Where Flume's files are, and where their events go. */
export interface FlumeImportOptions {
  /** The channel, for messages. */
  readonly name: string
  /** Flume's folders; absolute. */
  readonly checkpointDir: string
  readonly backupCheckpointDir: string | undefined
  readonly dataDirs: readonly string[]
  /** Folders of the durable log; absolute. The first one gets the events. The log must not be open. */
  readonly logFolders: readonly string[]
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  /** Keys of the key store; undefined when encryption is off. */
  readonly flumeKey: KeyOfAlias | undefined
  /** Opens a durable log as the channel writes it, without bounds, in these folders of this disk. */
  openLog(folders: readonly string[], disk: Disk): Promise<EventLog>
  /** Says whether another process still writes to these files. */
  findUser(files: readonly string[]): Promise<FileUser | undefined>
}

/** What was taken over. */
export interface ImportReport {
  /** Events of Flume's that the channel holds now. */
  readonly events: number
  /** Events that the channel held already; they come first. */
  readonly ownEvents: number
  readonly logs: number
  readonly bytes: number
  /** Events that the replay found held and that could not be read. */
  readonly lost: number
  /** Events of transactions that were never committed: left out. */
  readonly unfinished: number
  /** Events taken over although their commit is in a damaged part; they may come twice. */
  readonly assumed: number
  /** Damaged parts; the first 1000 of them. */
  readonly damages: readonly FlumeDamage[]
  readonly damageCount: number
  /** Folders that Flume's files are in now. */
  readonly aside: readonly string[]
}

const LOCK = 'in_use.lock'
const WORK_FOLDER = 'flume-import'
const MOST_LINES = 100
const BATCH_EVENTS = 1000
const IN_DATA_FOLDER = /^log-\d{1,10}(?:\.meta(?:\.tmp|\.old)?|\.bak(?:\.meta)?)?$/
const IN_CHECKPOINT_FOLDER =
  /^(?:checkpoint(?:\.meta|\.tmp|\.snappy|-backup-\d+)?|checkpoint\.meta\.(?:tmp|old)|inflightputs|inflighttakes|queueset|backupComplete)$/

/**
 * Takes over the events of a real Flume file channel: they get into the durable log, in order, and Flume's files into
 * a folder aside. Exactly once: cut off anywhere and called again, it comes to the same end. Resolves to undefined when
 * there is nothing of Flume's. Rejects, with everything as it was, with ERR_START while a Flume still writes there,
 * ERR_CONFIG when a key is missing, ERR_UNSUPPORTED for other formats, ERR_CHANNEL_FULL when the disk has no room.
 */
export async function importFlumeFolder(options: FlumeImportOptions): Promise<ImportReport | undefined> {
  const { disk, log } = options
  const folder = targetOf(options)
  const begun = await readJournal<ImportReport>(disk, folder)
  if (begun !== undefined) {
    log.info('Finishing to take over the events of a Flume file channel.', { channel: options.name })
    return await finish(options, begun)
  }
  await clearWork(disk, folder)
  const paths = await findFlumeLogs(disk, options.dataDirs)
  if (paths.length === 0) return undefined
  await refuseWhenUsed(options, paths)
  const journal = await prepare(options, paths)
  await refuseWhenUsed(options, paths)
  await writeJournal(disk, folder, journal)
  return await finish(options, journal)
}

function targetOf({ logFolders, dataDirs }: FlumeImportOptions): string {
  const folder = logFolders[0] ?? dataDirs[0]
  if (folder === undefined) throw new AgentError('ERR_CONFIG', 'logDirs empty')
  return folder
}

/** Writes all events into a log of their own and says what is to be done then. Changes nothing of Flume's. */
async function prepare(
  options: FlumeImportOptions,
  paths: readonly string[]
): Promise<ImportJournal<ImportReport>> {
  const { disk, log, name } = options
  const logs = await openFlumeLogs(disk, paths, options.flumeKey)
  log.info('Taking over the events of a Flume file channel.', { channel: name, logs: paths })
  const found = await readFlumeFolder(disk, logs, { verify: false })
  const work = join(targetOf(options), WORK_FOLDER)
  const { ours, flumes } = await copyEvents(options, found, work)
  const stamp = new Date(options.clock.now())
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '')
  const asideName = await freeName(options, `flume-1.x-${stamp}`)
  const flumeFiles = await movesOfFlume(options, asideName)
  const stages = [
    await movesOfOurs(options, asideName),
    await movesInto(disk, work, targetOf(options)),
    flumeFiles
  ]
  const aside = [...new Set(flumeFiles.map(({ to }) => dirname(to)))]
  return { version: 1, stages, summary: { ...reportOf(found, flumes), ownEvents: ours, aside } }
}

function reportOf(found: FlumeFolder, events: number): Omit<ImportReport, 'aside' | 'ownEvents'> {
  const { logs, bytes, held, unfinished, assumed, damages } = found
  return {
    events,
    logs: logs.length,
    bytes,
    lost: held.length - events,
    unfinished,
    assumed,
    damages: damages.first,
    damageCount: damages.count
  }
}

/** Resolves to the number of events that are on the disk then: those of our own log, if there is one, come first. */
async function copyEvents(
  options: FlumeImportOptions,
  found: FlumeFolder,
  work: string
): Promise<{ ours: number; flumes: number }> {
  const { disk, openLog, logFolders } = options
  const own = (await ownFiles(options)).length > 0 ? await openLog(logFolders, overlayDisk(disk)) : undefined
  try {
    if (found.held.length === 0 && (own === undefined || own.size === 0)) return { ours: 0, flumes: 0 }
    await disk.makeFolder(work)
    await disk.syncFolder(dirname(work))
    const target = await openLog([work], disk)
    try {
      const ours = own === undefined ? 0 : await putAll(target, drain(own))
      return { ours, flumes: await putAll(target, heldBatches(disk, found)) }
    } finally {
      await target.close()
    }
  } finally {
    await own?.close()
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

/** What a log holds, taken out of it. */
async function* drain(log: EventLog): AsyncGenerator<EventBatch, undefined> {
  for (;;) {
    await using lease = await log.take(BATCH_EVENTS)
    if (lease === undefined) return undefined
    yield lease.batch
    await lease.commit()
  }
}

/** Files of our own log that are there before the take-over. */
async function ownFiles({ disk, logFolders }: FlumeImportOptions): Promise<string[]> {
  const found: string[] = []
  for (const folder of new Set(logFolders)) {
    for (const name of await listFolder(disk, folder))
      if (readName(name) !== undefined) found.push(join(folder, name))
  }
  return found
}

/** Names of Flume's that go aside, each into a folder beside it: data folders may be on several disks. */
async function movesOfFlume(
  { disk, dataDirs, checkpointDir, backupCheckpointDir }: FlumeImportOptions,
  asideName: string
): Promise<Move[]> {
  const moves: Move[] = []
  const add = async (folder: string, pattern: RegExp): Promise<void> => {
    for (const name of (await listFolder(disk, folder)).sort()) {
      if (pattern.test(name)) moves.push({ from: join(folder, name), to: join(folder, asideName, name) })
    }
  }
  // Checkpoints first: as long as there is a log, the take-over is not through.
  for (const folder of new Set([checkpointDir, backupCheckpointDir ?? checkpointDir]))
    await add(folder, IN_CHECKPOINT_FOLDER)
  for (const folder of new Set(dataDirs)) await add(folder, IN_DATA_FOLDER)
  return moves
}

/** Our own files, whose events have been copied, make room for the new log. */
async function movesOfOurs(options: FlumeImportOptions, asideName: string): Promise<Move[]> {
  return (await ownFiles(options)).map(from => ({ from, to: join(dirname(from), asideName, basename(from)) }))
}

async function movesInto(disk: Disk, work: string, target: string): Promise<Move[]> {
  const names = (await listFolder(disk, work)).filter(name => readName(name) !== undefined)
  return names.map(name => ({ from: join(work, name), to: join(target, name) }))
}

/** A name that is not taken in any of the folders. */
async function freeName(
  { disk, dataDirs, checkpointDir, backupCheckpointDir, logFolders }: FlumeImportOptions,
  wanted: string
): Promise<string> {
  const taken = new Set<string>()
  for (const folder of [...dataDirs, ...logFolders, checkpointDir, backupCheckpointDir ?? checkpointDir]) {
    for (const name of await listFolder(disk, folder)) taken.add(name)
  }
  let name = wanted
  for (let i = 2; taken.has(name); i++) name = `${wanted}-${i}`
  return name
}

/** What an import that was cut off before it counted has left. */
async function clearWork(disk: Disk, folder: string): Promise<void> {
  if (!(await listFolder(disk, folder)).includes(WORK_FOLDER)) return
  const work = join(folder, WORK_FOLDER)
  for (const name of await listFolder(disk, work))
    if (readName(name) !== undefined) await disk.unlink(join(work, name))
  await disk.syncFolder(work)
}

async function refuseWhenUsed(
  { findUser, dataDirs }: FlumeImportOptions,
  logs: readonly string[]
): Promise<void> {
  const user = await findUser([...logs, ...dataDirs.map(folder => join(folder, LOCK))])
  if (user === undefined) return
  throw new AgentError(
    'ERR_START',
    `Process ${user.pid} still uses ${user.file}: stop that agent. Nothing has been touched.`,
    { ...user }
  )
}

async function finish(
  options: FlumeImportOptions,
  journal: ImportJournal<ImportReport>
): Promise<ImportReport> {
  const { disk, log, name } = options
  await followJournal(disk, targetOf(options), journal)
  const { summary } = journal
  for (const { file, offset, bytes, records, reason } of summary.damages.slice(0, MOST_LINES)) {
    log.warn('A part of a Flume log is damaged.', {
      channel: name,
      file,
      offset,
      bytes,
      records: records ?? 'unknown',
      reason
    })
  }
  if (summary.lost > 0)
    log.error('Events of the Flume file channel cannot be read and are lost.', {
      channel: name,
      events: summary.lost
    })
  const { damages: _told, ...counts } = summary
  log.info('The events of the Flume file channel were taken over, its files moved aside.', {
    channel: name,
    ...counts
  })
  return summary
}
