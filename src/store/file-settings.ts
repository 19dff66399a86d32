import { join, resolve } from 'node:path'
import type { Problem } from '../core/component.ts'
import type { Environment } from '../core/contracts.ts'
import { parseJavaInt, trimJava } from '../core/numbers.ts'
import {
  choice,
  flag,
  integer,
  list,
  long,
  optional,
  type Setting,
  text,
  type Values
} from '../core/schema.ts'
import { neededHome, userHome } from '../java/system-user.ts'
import { checkEncryption } from './encryption.ts'
import { encryptionSettings } from './encryption-settings.ts'
import { BLOCK_BYTES } from './frame.ts'

const MEBIBYTE = 1024 * 1024
const SEGMENT_BYTES = 64 * MEBIBYTE
const TRANSACTION_CAPACITY = 10_000
/** Flume's default. */
const MAX_FILE_BYTES = 1_623_195_647
const LEAST_FREE = MEBIBYTE

/** Settings of every channel that keeps events in a durable log in files: those of Flume's file channel. */
export const fileSettings = {
  checkpointDir: optional(
    text('checkpointDir', {
      doc:
        'Where Flume kept its checkpoint; default ~/.flume/file-channel/checkpoint. Nothing is written there: the log needs none. ' +
        "A Flume channel's events are taken over from there and dataDirs."
    })
  ),
  dataDirs: optional(
    list('dataDirs', {
      doc:
        'Folders for the events, separated by commas; made when missing. Default ~/.flume/file-channel/data. ' +
        'Files are spread over them: folders on several disks add up their space.',
      separator: /,/
    })
  ),
  transactionCapacity: integer('transactionCapacity', {
    doc: 'Most events a source puts or a sink takes at once; at most capacity.',
    default: TRANSACTION_CAPACITY,
    unit: 'events'
  }),
  maxFileSize: long('maxFileSize', {
    doc: 'Upper bound of the size of one file, at least 1 MiB. Files are never larger than 64 MiB, single events aside.',
    default: MAX_FILE_BYTES,
    unit: 'bytes'
  }),
  minimumRequiredSpace: long('minimumRequiredSpace', {
    doc: 'Puts are refused while they need a new file and the disk would have less than this left; at least 1 MiB.',
    default: 524_288_000,
    unit: 'bytes'
  }),
  fsyncPerTransaction: flag('fsyncPerTransaction', {
    doc:
      "Puts are always on the disk before they are acknowledged. With false a sink's commit does not wait for the disk: a " +
      'crash may deliver again what was taken last.',
    default: true
  }),
  compression: choice('compression', ['none', 'zstd', 'lz4'], {
    doc: 'Compresses what is written from now on, where it saves a tenth. Worth it on slow disks and for long backlogs; costs CPU.',
    default: 'none'
  }),
  verifyOnStart: flag('verifyOnStart', {
    doc: 'Checks every byte at start. Without it only what was written last is checked at start, everything else when it is read.',
    default: false
  }),
  checkpointInterval: long('checkpointInterval', {
    doc: 'Accepted and not needed: there is no checkpoint; every put and take is in the log at once.',
    default: 30_000,
    unit: 'ms'
  }),
  useDualCheckpoints: flag('useDualCheckpoints', {
    doc: 'Accepted and not needed: there is no checkpoint that could break.',
    default: false
  }),
  backupCheckpointDir: optional(
    text('backupCheckpointDir', {
      doc: 'Needed with useDualCheckpoints, as in Flume; read when a Flume channel is taken over.'
    })
  ),
  compressBackupCheckpoint: flag('compressBackupCheckpoint', {
    doc: 'Accepted and not needed: there is no checkpoint.',
    default: false
  }),
  useLogReplayV1: flag('use-log-replay-v1', {
    doc: 'Accepted and not needed: there is one way to start.',
    default: false
  }),
  useFastReplay: flag('use-fast-replay', {
    doc: 'Accepted and not needed: a start takes milliseconds.',
    default: false
  }),
  checkpointOnClose: flag('checkpointOnClose', {
    doc: 'Accepted and not needed: a stop always closes the log so that the next start is quick.',
    default: true
  }),
  fsyncInterval: integer('fsyncInterval', {
    doc: 'Accepted and not needed: nothing waits for a sync in the background.',
    default: 5,
    unit: 's'
  }),
  ...encryptionSettings
}

export type FileValues = Values<typeof fileSettings>

/** Most events held: a number, or `unlimited`. */
export function capacitySetting(
  key: string,
  options: { readonly doc: string; readonly default: number }
): Setting<number> {
  const base = integer(key, { ...options, unit: 'events' })
  const parse = (given: string): ReturnType<Setting<number>['parse']> => {
    if (trimJava(given).toLowerCase() === 'unlimited') return { value: Infinity }
    if (parseJavaInt(given) !== undefined) return base.parse(given)
    return {
      problem: `is "${given}", which is not a whole number up to 2147483647`,
      hint: 'Write such a number, or unlimited.',
      code: 'BAD_NUMBER'
    }
  }
  return { ...base, parse }
}

/** Where the files are. */
export interface FilePlaces {
  readonly checkpointDir: string
  readonly backupCheckpointDir: string | undefined
  readonly dataDirs: readonly string[]
}

/**
 * Absolute folders, Flume's defaults filled in; a user without a home has the checkpoint beside the data. Throws
 * ERR_CONFIG where the data would be in a home that the user does not have.
 */
export function placesOf(values: FileValues, environment: Environment): FilePlaces {
  const standard = (home: string, name: string): string => join(home, '.flume', 'file-channel', name)
  const home = userHome(environment)
  const backup = values.backupCheckpointDir
  const given = values.dataDirs ?? [standard(neededHome(environment, 'dataDirs'), 'data')]
  const dataDirs = [...new Set(given.map(absolute))]
  const checkpoint = values.checkpointDir ?? (home === undefined ? dataDirs[0] : standard(home, 'checkpoint'))
  return {
    checkpointDir: absolute(checkpoint ?? ''),
    backupCheckpointDir: backup === undefined ? undefined : absolute(backup),
    dataDirs
  }
}

/** Most events of one transaction, Flume's default where it is not positive. */
export function transactionCapacityOf({
  transactionCapacity
}: {
  readonly transactionCapacity: number
}): number {
  return transactionCapacity > 0 ? transactionCapacity : TRANSACTION_CAPACITY
}

/** What the log's options get from the settings. */
export function logSizes(values: FileValues): {
  readonly segmentBytes: number
  readonly minimumFreeBytes: number
} {
  const bytes = Math.max(
    MEBIBYTE,
    Math.min(SEGMENT_BYTES, values.maxFileSize > 0 ? values.maxFileSize : MAX_FILE_BYTES)
  )
  return {
    segmentBytes: Math.floor(bytes / BLOCK_BYTES) * BLOCK_BYTES,
    minimumFreeBytes: Math.max(LEAST_FREE, values.minimumRequiredSpace)
  }
}

/** Flume's rules between these settings, in its words. */
export function checkFileSettings(values: FileValues): Problem[] {
  const problems = checkEncryption(values)
  if (values.transactionCapacity <= 0) {
    problems.push(notPositive('transactionCapacity', values.transactionCapacity, TRANSACTION_CAPACITY))
  }
  if (values.checkpointInterval <= 0)
    problems.push(notPositive('checkpointInterval', values.checkpointInterval, 30_000))
  if (values.maxFileSize <= 0) problems.push(notPositive('maxFileSize', values.maxFileSize, MAX_FILE_BYTES))
  if (values.dataDirs?.length === 0)
    problems.push(wrong('dataDirs', 'logDirs empty', 'Name a folder, or remove the line.'))
  return [...problems, ...urlFolders(values), ...dualCheckpoints(values)]
}

/** For a number that Flume replaces by its default. */
export function notPositive(key: string, given: number, used: number): Problem {
  return {
    level: 'warning',
    code: 'BAD_NUMBER',
    key,
    message: `${key} is ${given}, out of range; ${used} is used.`,
    hint: 'Write a whole number from 1.'
  }
}

const URL_START = /^[a-z][a-z0-9+.-]+:\//i

/** What looks like an address is a folder all the same, as in Flume, and hardly meant. */
function urlFolders({ dataDirs = [], checkpointDir, backupCheckpointDir }: FileValues): Problem[] {
  const given = { dataDirs, checkpointDir: [checkpointDir], backupCheckpointDir: [backupCheckpointDir] }
  return Object.entries(given).flatMap(([key, folders]) => {
    const url = folders.find(folder => folder !== undefined && URL_START.test(trimJava(folder)))
    if (url === undefined) return []
    return [
      {
        level: 'warning',
        code: 'BAD_VALUE',
        key,
        message: `${key} has "${trimJava(url)}", which is taken for a folder below the one where the agent was started.`,
        hint: 'Write a path of this machine, such as /var/lib/flume.'
      }
    ]
  })
}

function dualCheckpoints({ useDualCheckpoints, backupCheckpointDir, checkpointDir }: FileValues): Problem[] {
  if (!useDualCheckpoints) return []
  const hint =
    'Name another folder in backupCheckpointDir, or remove useDualCheckpoints: it is not needed here.'
  if (backupCheckpointDir === undefined) {
    const message =
      'Dual checkpointing is enabled, but the backup directory is not set. Please set backupCheckpointDir to enable dual checkpointing'
    return [{ level: 'error', code: 'MISSING_REQUIRED', key: 'backupCheckpointDir', message, hint }]
  }
  if (checkpointDir === undefined || absolute(backupCheckpointDir) !== absolute(checkpointDir)) return []
  const message =
    'The checkpoint backup directory and the checkpoint directory are configured to be the same.'
  return [wrong('backupCheckpointDir', message, hint)]
}

function wrong(key: string, message: string, hint: string): Problem {
  return { level: 'error', code: 'BAD_VALUE', key, message, hint }
}

function absolute(folder: string): string {
  return resolve(trimJava(folder))
}
