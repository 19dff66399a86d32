import { constants } from 'node:fs'
import { copyFile, open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { EventBatch } from '../../core/batch.ts'
import type { Environment } from '../../core/contracts.ts'
import { AgentError, systemCode } from '../../core/errors.ts'
import type { Encryption } from '../../store/encryption.ts'
import { findFlumeLogs, openFlumeLogs, type FlumeLog } from '../../store/flume-import/flume-logs.ts'
import { findFileUser } from '../../store/flume-import/folder-user.ts'
import { scanFlumeLog, readPuts, type FlumeLogFindings } from '../../store/flume-import/read-flume-log.ts'
import { patchesFor, takeOut, type Patch } from '../../store/flume-import/mend-log.ts'
import { OLD_VERSION } from '../../store/flume-import/old-record.ts'
import { drain, rewriteLog } from '../../store/flume-import/rewrite-log.ts'
import { lockFolder, type FolderLock } from '../../store/folder-lock.ts'
import { overlayDisk } from '../../store/overlay-disk.ts'
import { readDisk, systemDisk } from '../../store/system-disk.ts'
import { systemClock } from '../clock.ts'
import { encryptionOf, findSegments, openLog } from './channel-folder.ts'

/** What the tool is asked to do. */
export interface IntegrityCheck {
  readonly folders: readonly string[]
  readonly environment: Environment
  /** Given to the validator. */
  readonly properties: Readonly<Record<string, string>>
  /** Path of a module. */
  readonly validator: string | undefined
  warn(line: string): void
}

/** The numbers of Flume's summary. */
export interface IntegritySummary {
  /** Records of every kind, and one for each log, as Flume counts them; events of our own format. */
  records: number
  /** Those that can be read. */
  puts: number
  valid: number
  invalid: number
  failed: number
  corrupt: number
}

/** What the default export of a validator's module makes. */
interface EventValidator {
  validateEvent(event: { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }): unknown
}

/**
 * Checks all logs in the folders and takes out what is corrupt, or rejected by the validator. Rejects when a folder
 * does not exist, the validator cannot be loaded, a key is missing or an agent uses the folders.
 */
export async function checkIntegrity(check: IntegrityCheck): Promise<IntegritySummary> {
  for (const folder of check.folders) await needFolder(folder)
  const keys = encryptionOf(check.environment)
  const validate =
    check.validator === undefined ? undefined : await loadValidator(check.validator, check.properties)
  const locks: FolderLock[] = []
  try {
    for (const folder of check.folders) locks.push(await lockFolder(folder, 'fcintegritytool'))
    return await checkAll(check, keys, validate)
  } finally {
    for (const lock of locks) await lock.remove()
  }
}

async function checkAll(
  { folders, warn }: IntegrityCheck,
  keys: Encryption | undefined,
  validate: EventValidator | undefined
): Promise<IntegritySummary> {
  const paths = await findFlumeLogs(readDisk, folders)
  const segments = await findSegments(folders)
  const user = await findFileUser([...paths, ...segments])
  if (user !== undefined) {
    throw new AgentError('ERR_START', `Process ${user.pid} still uses ${user.file}: stop that agent first.`)
  }
  const summary: IntegritySummary = { records: 0, puts: 0, valid: 0, invalid: 0, failed: 0, corrupt: 0 }
  const logs = await openFlumeLogs(readDisk, paths, keys?.flumeKey)
  refuseOld(logs)
  for (const log of logs) await checkLog(log, { summary, validate, warn })
  if (segments.length > 0) await checkOurs(folders, keys, { summary, validate, warn })
  return summary
}

/** In version 2 there is no record that readers skip, nor a length to skip by: nothing can be taken out. */
function refuseOld(logs: readonly FlumeLog[]): void {
  const old = logs.find(({ version }) => version === OLD_VERSION)
  if (old === undefined) return
  throw new AgentError(
    'ERR_UNSUPPORTED',
    `${old.path} is a log of version ${OLD_VERSION}, as Flume 1.2 wrote it: no record can be taken out of it. ` +
      'Nothing has been touched. flume-ng channel verify lists what is damaged, and the take-over skips it.',
    { path: old.path, version: OLD_VERSION }
  )
}

async function needFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory() !== true)
    throw new AgentError('ERR_CONFIG', `Data directory, ${folder} does not exist.`)
}

async function loadValidator(
  path: string,
  properties: Readonly<Record<string, string>>
): Promise<EventValidator> {
  const hint =
    'Name a module (./validator.mjs) whose default export is properties => ({ validateEvent: event => boolean }).'
  if (!/\.[cm]?[jt]s$/.test(path))
    throw new AgentError('ERR_UNSUPPORTED', `${path} is a Java class and cannot be run here. ${hint}`)
  const loaded: { default?: unknown } = await import(pathToFileURL(resolve(path)).href)
  const made: unknown =
    typeof loaded.default === 'function'
      ? await (loaded.default as (given: typeof properties) => unknown)(properties)
      : undefined
  if (
    typeof made === 'object' &&
    made !== null &&
    'validateEvent' in made &&
    typeof made.validateEvent === 'function'
  )
    return made as EventValidator
  throw new AgentError('ERR_CONFIG', `${path} makes no validator. ${hint}`)
}

interface Checking {
  readonly summary: IntegritySummary
  readonly validate: EventValidator | undefined
  warn(line: string): void
}

async function checkLog(log: FlumeLog, { summary, validate, warn }: Checking): Promise<void> {
  const found = await scanFlumeLog(readDisk, log)
  const { counts, damages, puts, unknown } = found
  summary.records += counts.puts + counts.takes + counts.commits + counts.rollbacks + unknown + 1
  summary.puts += puts.length
  for (const { kind, records } of damages) summary.corrupt += kind === 'frame' ? 0 : (records ?? 1)
  const patches = patchesFor(log, damages)
  if (validate === undefined) summary.valid += puts.length
  else patches.push(...(await validateAll(log, found, { summary, validate, warn })))
  for (const { offset, reason, kind } of damages) {
    warn(`${log.path} at ${offset}: ${reason}${kind === 'other' ? ' It is left as it is.' : ''}`)
  }
  if (patches.length > 0) await apply(log.path, patches)
}

async function validateAll(log: FlumeLog, found: FlumeLogFindings, checking: Checking): Promise<Patch[]> {
  const patches: Patch[] = []
  let index = 0
  for await (const batch of readPuts(readDisk, log, found.puts)) {
    const valid = new Set(await judge(batch, checking))
    for (let i = 0; i < batch.length; i++) if (!valid.has(i)) patches.push(takeOut(found.puts.at(index + i)))
    index += batch.length
  }
  return patches
}

/** The first change of a log leaves a copy of it. */
async function apply(path: string, patches: readonly Patch[]): Promise<void> {
  try {
    await copyFile(path, `${path}.bak`, constants.COPYFILE_EXCL)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
  const handle = await open(path, 'r+')
  try {
    for (const { offset, bytes } of patches) await handle.write(bytes, 0, bytes.length, offset)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Our own log is written anew when something has to be taken out; the old files go aside. */
async function checkOurs(
  folders: readonly string[],
  keys: Encryption | undefined,
  checking: Checking
): Promise<void> {
  const { summary, warn } = checking
  const log = await openLog(folders, overlayDisk(readDisk), keys)
  const skipped = log.skippedAtStart
  const corrupt = skipped.reduce((sum, { events }) => sum + events, 0)
  const before = summary.valid
  const events = log.size
  try {
    for await (const batch of drain(log)) await judge(batch, checking)
  } finally {
    await log.close()
  }
  summary.records += events + corrupt
  summary.puts += events
  summary.corrupt += corrupt
  for (const { file, at, reason } of skipped) warn(`${file} at ${at}: ${reason}`)
  if (skipped.length === 0 && summary.valid - before === events) return
  const again: Checking = { ...checking, summary: { ...summary }, warn: () => {} }
  const { aside } = await rewriteLog(
    {
      logFolders: folders,
      disk: systemDisk,
      clock: systemClock,
      openLog: (into, disk) => openLog(into, disk, keys)
    },
    async batch => batch.select(await judge(batch, again))
  )
  warn(`The old files are in ${aside.join(', ')}`)
}

/** Counts what the validator says; resolves to the indexes of valid events. */
async function judge(batch: EventBatch, { summary, validate, warn }: Checking): Promise<Uint32Array> {
  const valid: number[] = []
  for (const [index, event] of [...batch].entries()) {
    try {
      if (
        validate === undefined ||
        (await validate.validateEvent({ headers: Object.fromEntries(event.headers), body: event.body })) ===
          true
      ) {
        valid.push(index)
      } else summary.invalid++
    } catch (error) {
      summary.failed++
      warn(`The validator threw ${String(error)}`)
    }
  }
  summary.valid += valid.length
  return Uint32Array.from(valid)
}
