import { constants } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventBatch } from '../../core/batch.ts'
import type { Environment, Log } from '../../core/contracts.ts'
import { AgentError, systemCode } from '../../core/errors.ts'
import { plural } from '../../core/plural.ts'
import { readSettings } from '../../core/read-settings.ts'
import type { Disk, DiskFile } from '../../store/disk.ts'
import { DurableLog } from '../../store/durable-log.ts'
import { openEncryption, type Encryption } from '../../store/encryption.ts'
import { encryptionSettings } from '../../store/encryption-settings.ts'
import { checkpointFor, findCheckpoints } from '../../store/flume-import/checkpoint.ts'
import { findFlumeLogs, openFlumeLogs } from '../../store/flume-import/flume-logs.ts'
import { OLD_VERSION } from '../../store/flume-import/old-record.ts'
import { heldBatches, readFlumeFolder } from '../../store/flume-import/read-flume-folder.ts'
import { systemClock } from '../clock.ts'
import { openFile } from '../../store/open-file.ts'
import { overlayDisk, type ReadDisk } from '../../store/overlay-disk.ts'
import { readName } from '../../store/segment.ts'

/** A part of a channel's files that is not as it was written. */
export interface ChannelDamage {
  readonly file: string
  /** Byte offset in the file. */
  readonly at: number
  /** Undefined where it is not known. */
  readonly bytes: number | undefined
  /** What is gone, in words: `2 events`, `1 record`. */
  readonly lost: string
  readonly reason: string
}

/** The files of one channel, of either format, for reading. */
export interface ChannelFolder {
  readonly format: 'flume' | 'millrace'
  readonly files: readonly { readonly path: string; readonly bytes: number }[]
  /** Events that the channel holds; those that batches() cannot read included. */
  readonly events: number
  /** What else there is to say, name by name. */
  readonly facts: Readonly<Record<string, number>>
  /** The first of them; those that batches() finds are added. */
  readonly damages: readonly ChannelDamage[]
  damageCount(): number
  /** All events held, in their order; once. */
  batches(): AsyncGenerator<EventBatch, undefined>
  close(): Promise<void>
}

const TAKE_EVENTS = 1000
const MEMORY_BYTES = 64 * 1024 * 1024

/** The files of this computer, never written to. */
export const readDisk: ReadDisk = {
  list: folder => readdir(folder),
  open: async path => {
    const handle = await openFile(path, constants.O_RDONLY)
    return {
      read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
      size: async () => (await handle.stat()).size,
      close: () => handle.close()
    } satisfies Pick<DiskFile, 'read' | 'size' | 'close'>
  }
}

/** A log for what the commands say in their own words. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** How the commands open a log of ours: every byte is checked. */
export function openLog(
  folders: readonly string[],
  disk: Disk,
  keys: Encryption | undefined
): Promise<DurableLog> {
  return DurableLog.open({
    name: 'channel',
    folders,
    disk,
    clock: systemClock,
    log: silentLog,
    capacity: Infinity,
    transactionCapacity: TAKE_EVENTS,
    keepAliveMs: 0,
    memoryBytes: MEMORY_BYTES,
    minimumFreeBytes: 0,
    verify: true,
    ...(keys === undefined ? {} : { cipher: keys.cipher })
  })
}

/** Keys from -Dencryption.…, named as in a channel's configuration; to write, too, or to `read` only. Throws ERR_CONFIG. */
export function encryptionOf(
  { properties }: Environment,
  purpose: 'open' | 'read' = 'open'
): Encryption | undefined {
  const given = Object.fromEntries(
    Object.entries(properties).filter(([name]) => name.startsWith('encryption.'))
  )
  const { values, problems } = readSettings({ settings: encryptionSettings }, given, () => undefined)
  const first = problems.find(({ level }) => level === 'error')
  if (values === undefined)
    throw new AgentError('ERR_CONFIG', first?.message ?? 'The encryption settings are wrong.')
  return openEncryption(values, purpose)
}

/**
 * Opens what is in the folders: a channel of Flume, one of ours, or both while Flume's waits to be taken over. Every
 * byte is checked, nothing is changed. Rejects with ERR_CONFIG when there is neither.
 */
export async function openChannelFolders(
  folders: readonly string[],
  keys: Encryption | undefined
): Promise<ChannelFolder[]> {
  for (const folder of folders) await needFolder(folder)
  const logs = await findFlumeLogs(readDisk, folders)
  const segments = await findSegments(folders)
  const found: ChannelFolder[] = []
  if (segments.length > 0) found.push(await openOurs(folders, segments, keys))
  if (logs.length > 0) found.push(await openFlumes(logs, keys))
  if (found.length > 0) return found
  throw new AgentError(
    'ERR_CONFIG',
    `${folders.join(', ')}: no file channel's files are there (log-N of Flume, or seg-…).`
  )
}

/** Rejects with ERR_CONFIG unless the folder is one. */
export async function needFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    throw new AgentError('ERR_CONFIG', `${folder}: No such file or directory`)
  }
  throw new AgentError('ERR_CONFIG', `${folder}: Is not a directory. Name the folders of dataDirs.`)
}

/** Paths of our segments. */
export async function findSegments(folders: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const folder of new Set(folders)) {
    for (const name of await readdir(folder))
      if (readName(name)?.role === 'seg') found.push(join(folder, name))
  }
  return found.sort()
}

async function openFlumes(paths: readonly string[], keys: Encryption | undefined): Promise<ChannelFolder> {
  const logs = await openFlumeLogs(readDisk, paths, keys?.flumeKey)
  const checkpoints = await findCheckpoints(readDisk, logs)
  const help = await checkpointFor(readDisk, checkpoints, logs)
  const folder = await readFlumeFolder(readDisk, logs, { verify: true, ...help })
  const { counts, damages, unfinished, assumed } = folder
  const encrypted = logs.filter(({ cipher }) => cipher !== undefined).length
  const oldLogs = logs.filter(({ version }) => version === OLD_VERSION).length
  return {
    format: 'flume',
    files: logs.map(({ path, bytes }) => ({ path, bytes })),
    events: folder.held.length,
    facts: { ...counts, encrypted, ...(oldLogs > 0 ? { oldLogs } : {}), unfinished, assumed },
    get damages() {
      return damages.first.map(({ file, offset, bytes, records, reason }) => ({
        file,
        at: offset,
        bytes,
        lost: records === undefined ? 'unknown' : plural(records, 'record'),
        reason
      }))
    },
    damageCount: () => damages.count,
    batches: () => heldBatches(readDisk, folder),
    close: () => Promise.resolve()
  }
}

async function openOurs(
  folders: readonly string[],
  segments: readonly string[],
  keys: Encryption | undefined
): Promise<ChannelFolder> {
  const log = await openLog(folders, overlayDisk(readDisk), keys)
  const files: { path: string; bytes: number }[] = []
  for (const path of segments) files.push({ path, bytes: (await stat(path)).size })
  return {
    format: 'millrace',
    files,
    events: log.size,
    facts: { skipped: log.recovery.skipped.reduce((sum, { events }) => sum + events, 0) },
    damages: log.recovery.skipped.map(({ file, at, events, reason }) => ({
      file,
      at,
      bytes: undefined,
      lost: plural(events, 'event'),
      reason
    })),
    damageCount: () => log.stats().skippedParts,
    batches: () => drain(log),
    close: () => log.close()
  }
}

async function* drain(log: DurableLog): AsyncGenerator<EventBatch, undefined> {
  for (;;) {
    await using lease = await log.take(TAKE_EVENTS)
    if (lease === undefined) return undefined
    yield lease.batch
    await lease.commit()
  }
}
