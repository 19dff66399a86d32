import { dirname, join } from 'node:path'
import type { Clock, Log } from '../../core/contracts.ts'
import { AgentError } from '../../core/errors.ts'
import { checkpointFor } from './checkpoint.ts'
import { findFlumeLogs, listFolder, openFlumeLogs, type KeyOfAlias } from './flume-logs.ts'
import type { FileUser } from './folder-user.ts'
import { followJournal, readJournal, writeJournal, type ImportJournal, type Move } from './import-journal.ts'
import { heldBatches, readFlumeFolder, type FlumeFolder } from './read-flume-folder.ts'
import {
  clearWork,
  drain,
  openOwnLog,
  swapStages,
  timeStamp,
  writeNewLog,
  type LogPlaces
} from './rewrite-log.ts'
import type { FlumeDamage } from './scan-log.ts'

/** Where Flume's files are, and where their events go. */
export interface FlumeImportOptions extends LogPlaces {
  /** The channel, for messages. */
  readonly name: string
  /** Flume's folders; absolute. */
  readonly checkpointDir: string
  readonly backupCheckpointDir: string | undefined
  readonly dataDirs: readonly string[]
  readonly clock: Clock
  readonly log: Log
  /** Keys of the key store; undefined when encryption is off. */
  readonly flumeKey: KeyOfAlias | undefined
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
const MOST_LINES = 100
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
  const [first] = options.logFolders
  if (first === undefined) throw new AgentError('ERR_CONFIG', 'logDirs empty')
  for (const folder of options.logFolders) {
    const begun = await readJournal<ImportReport | undefined>(disk, folder)
    if (begun === undefined) continue
    log.info('Finishing to put a new log in place.', { channel: options.name })
    const { summary } = begun
    if (summary !== undefined) return await finish(options, folder, { ...begun, summary })
    await followJournal(disk, folder, begun)
  }
  await clearWork(options)
  const paths = await findFlumeLogs(disk, options.dataDirs)
  if (paths.length === 0) {
    await missLogs(options)
    return undefined
  }
  await refuseWhenUsed(options, paths)
  try {
    const journal = await prepare(options, paths)
    await refuseWhenUsed(options, paths)
    await writeJournal(disk, first, journal)
    return await finish(options, first, journal)
  } catch (error) {
    // A disk that is full must not stay so until the next attempt. Once there is a journal, nothing is to be cleared.
    if ((await readJournal(disk, first).catch(() => true)) === undefined)
      await clearWork(options).catch(() => undefined)
    throw error
  }
}

/** Writes all events into a log of their own and says what is to be done then. Changes nothing of Flume's. */
async function prepare(
  options: FlumeImportOptions,
  paths: readonly string[]
): Promise<ImportJournal<ImportReport>> {
  const { disk, log, name } = options
  const logs = await openFlumeLogs(disk, paths, options.flumeKey)
  log.info('Taking over the events of a Flume file channel.', { channel: name, logs: paths })
  const checkpoints = checkpointsOf(options)
  const help = await checkpointFor(disk, checkpoints, logs)
  if (help.needed && help.checkpoint === undefined)
    log.warn(
      'Flume has deleted older logs, and there is no whole checkpoint: events that were delivered may come again.',
      { channel: name, checkpoints }
    )
  const found = await readFlumeFolder(disk, logs, { verify: false, ...help })
  const { ours, flumes } = await copyEvents(options, found)
  const asideName = await freeName(options, `flume-1.x-${timeStamp(options.clock)}`)
  const flumeFiles = await movesOfFlume(options, asideName)
  const stages = [...(flumes === 0 ? [] : await swapStages(options, asideName)), flumeFiles]
  const aside = [...new Set(stages.at(-1)?.map(({ to }) => dirname(to)))]
  return { version: 1, stages, summary: { ...reportOf(found, flumes), ownEvents: ours, aside } }
}

function checkpointsOf({ checkpointDir, backupCheckpointDir }: FlumeImportOptions): string[] {
  return [checkpointDir, backupCheckpointDir ?? checkpointDir]
}

/** Flume's logs may be on a disk that is not there: that must not pass for an empty channel. */
async function missLogs(options: FlumeImportOptions): Promise<void> {
  const { missing } = await checkpointFor(options.disk, checkpointsOf(options), [])
  if (missing.length === 0) return
  options.log.error(
    'The checkpoint of a Flume file channel names events, and their logs are not in dataDirs. If they are gone, remove it.',
    { channel: options.name, checkpointDir: options.checkpointDir, logs: missing }
  )
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

/** Writes Flume's events behind our own into a new log. Ours stay where they are when Flume's channel was empty. */
async function copyEvents(
  options: FlumeImportOptions,
  found: FlumeFolder
): Promise<{ ours: number; flumes: number }> {
  if (found.held.length === 0) return { ours: 0, flumes: 0 }
  const own = await openOwnLog(options)
  try {
    const sources = [...(own === undefined ? [] : [drain(own)]), heldBatches(options.disk, found)]
    const counts = await writeNewLog(options, sources)
    return { ours: own === undefined ? 0 : (counts[0] ?? 0), flumes: counts.at(-1) ?? 0 }
  } finally {
    await own?.close()
  }
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
  folder: string,
  journal: ImportJournal<ImportReport>
): Promise<ImportReport> {
  const { disk, log, name } = options
  await followJournal(disk, folder, journal)
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
