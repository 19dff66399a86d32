import type { Log } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import type { Disk } from './disk.ts'
import type { DoneSet } from './done-set.ts'
import type { Segment } from './segment.ts'
import { stopRecordOf, writeStopRecord } from './stop-record.ts'

/** Where a stop is recorded. */
export interface StopPlaces {
  readonly disk: Disk
  readonly folders: readonly string[]
  readonly log: Log
}

/** Writes down in each folder how a log was closed, for each tells of what is lost with another one. */
export async function recordStop(
  { disk, folders, log }: StopPlaces,
  channelId: Buffer,
  newest: Segment,
  done: DoneSet
): Promise<void> {
  const record = stopRecordOf(channelId, newest, done.ranges())
  for (const folder of folders) {
    try {
      await writeStopRecord(disk, folder, record)
    } catch (error) {
      log.debug('The stop could not be recorded.', { folder, reason: messageOf(error) })
    }
  }
}
