import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventBatch } from '../../core/batch.ts'
import type { Environment, Log } from '../../core/contracts.ts'
import { AgentError, systemCode } from '../../core/errors.ts'
import { readSettings } from '../../core/read-settings.ts'
import type { Disk } from '../../store/disk.ts'
import { DurableLog } from '../../store/durable-log.ts'
import { WholeLog } from '../../store/whole-log.ts'
import { openEncryption, type Encryption } from '../../store/encryption.ts'
import { encryptionSettings } from '../../store/encryption-settings.ts'
import { systemClock } from '../clock.ts'
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

/** Events of one batch. */
export const TAKE_EVENTS = 1000
const MEMORY_BYTES = 64 * 1024 * 1024

/** A log for what the commands say in their own words. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** How the commands open a log of ours, and what came back to it: every byte is checked. */
export function openLog(
  folders: readonly string[],
  disk: Disk,
  keys: Encryption | undefined
): Promise<WholeLog> {
  return WholeLog.open(folders, (parts, kind) =>
    DurableLog.open({
      name: 'channel',
      folders: parts,
      disk,
      clock: systemClock,
      log: silentLog,
      capacity: Infinity,
      transactionCapacity: TAKE_EVENTS,
      keepAliveMs: 0,
      memoryBytes: MEMORY_BYTES,
      minimumFreeBytes: 0,
      verify: true,
      partial: kind === 'returned',
      ...(keys === undefined ? {} : { cipher: keys.cipher })
    })
  )
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
