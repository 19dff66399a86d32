import type { ChannelContext } from '../core/contracts.ts'
import { openEncryption } from './encryption.ts'
import { DurableLog } from './durable-log.ts'
import type { FrameCipher } from './frame-cipher.ts'
import { type FileValues, logSizes, placesOf, transactionCapacityOf } from './file-settings.ts'
import { findFileUser } from './flume-import/folder-user.ts'
import { importFlumeFolder, type ImportReport } from './flume-import/import-flume-folder.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import { sumOf } from './log-losses.ts'
import type { DurableLogOptions } from './log-options.ts'
import type { LOG_METRICS, WatchedLog } from './log-watch.ts'
import { ReturnedEvents, SMALL_LOG } from './returned-events.ts'
import { systemDisk } from './system-disk.ts'
import { WholeLog } from './whole-log.ts'

/** What the settings do not say. */
export interface FileLogLimits {
  readonly capacity: number
  readonly keepAliveMs: number
  readonly memoryBytes: number
}

/** An open log, and the locks on its folders. */
export interface FileLog {
  readonly log: DurableLog
  /** Events that came back and are to be put into the log. */
  readonly returned: ReturnedEvents
  /** Both together. */
  readonly watched: WatchedLog
  readonly folders: readonly string[]
  /** The keys, for what is written beside the log; undefined when encryption is off. */
  readonly cipher: FrameCipher | undefined
  /** What was taken over from Flume, if anything. */
  readonly imported: ImportReport | undefined
  /** Closes the log and gives up the folders. */
  close(): Promise<void>
}

/**
 * Locks the folders that the settings name, takes over what a Flume file channel left there, and opens the log.
 * Rejects when another process has a folder, and with what DurableLog.open and importFlumeFolder reject with.
 */
export async function openFileLog(
  values: FileValues,
  limits: FileLogLimits,
  context: ChannelContext<typeof LOG_METRICS>
): Promise<FileLog> {
  const places = placesOf(values, context.environment)
  const encryption = openEncryption(values)
  const locks: FolderLock[] = []
  const unlock = async (): Promise<void> => {
    for (const lock of locks.splice(0)) await lock.release()
  }
  try {
    for (const folder of places.dataDirs) locks.push(await lockFolder(folder, context.name))
    const options = optionsOf(values, limits, context)
    const common = encryption === undefined ? options : { ...options, cipher: encryption.cipher }
    const imported = await importFlumeFolder({
      ...places,
      name: context.name,
      logFolders: places.dataDirs,
      disk: systemDisk,
      clock: context.clock,
      log: context.log,
      flumeKey: encryption?.flumeKey,
      findUser: findFileUser,
      openLog: (logFolders, disk) =>
        WholeLog.open(logFolders, (parts, kind) =>
          DurableLog.open({
            ...common,
            folders: parts,
            disk,
            capacity: Infinity,
            transactionCapacity: Infinity,
            minimumFreeBytes: 0,
            partial: kind === 'returned'
          })
        )
    })
    const { dataDirs: folders } = places
    const witness = folders.includes(places.checkpointDir) ? {} : { witness: places.checkpointDir }
    const syncTimer = context.timers.SyncMillis
    const log = await DurableLog.open({ ...common, ...witness, folders, syncTimer })
    const returned = await ReturnedEvents.open(log.recovery.returned, {
      ...common,
      open: apart => DurableLog.open({ ...common, ...SMALL_LOG, folders: apart })
    })
    const close = (): Promise<void> =>
      returned
        .close()
        .finally(() => log.close())
        .finally(unlock)
    const watched = watchBoth(log, returned)
    return { log, returned, watched, folders, cipher: encryption?.cipher, imported, close }
  } catch (error) {
    await unlock()
    throw error
  }
}

function watchBoth(log: DurableLog, returned: ReturnedEvents): WatchedLog {
  const found = returned.size
  return {
    get size() {
      return log.size + returned.size
    },
    get skippedByReason() {
      return sumOf(log.skippedByReason, returned.skippedByReason)
    },
    get oldestArrival() {
      return log.oldestArrival
    },
    get segments() {
      return log.segments
    },
    stats() {
      const stats = log.stats()
      return { ...stats, recoveredEvents: stats.recoveredEvents + found, returnedEvents: returned.size }
    }
  }
}

function optionsOf(
  values: FileValues,
  limits: FileLogLimits,
  context: ChannelContext
): Omit<DurableLogOptions, 'folders'> {
  const { name, clock, log } = context
  return {
    name,
    clock,
    log,
    ...limits,
    ...logSizes(values),
    disk: systemDisk,
    transactionCapacity: transactionCapacityOf(values),
    verify: values.verifyOnStart,
    syncTakes: values.fsyncPerTransaction,
    ...(values.compression === 'none' ? {} : { codec: values.compression })
  }
}
