import { basename } from 'node:path'
import type { Log } from '../core/contracts.ts'
import type { Disk } from './disk.ts'
import type { EventRange } from './done-set.ts'
import type { Seal } from './frame-codec.ts'
import { CHANNEL_ID_BYTES } from './segment-header.ts'
import type { Segment } from './segment.ts'
import { readSideRecord, writeSideRecord } from './side-record.ts'

/** The file's name, in each folder of a log. */
export const STOP_RECORD = 'last-stop'

/**
 * How a log stood when it was closed. It names the newest segment: with it, one that is cut short or gone is told from
 * one that was never finished. As soon as a newer segment holds anything, the record counts no more.
 */
export interface StopRecord {
  readonly channelId: Buffer
  readonly segmentId: number
  /** Name of the segment's file. */
  readonly file: string
  readonly seal: Seal
  readonly done: readonly EventRange[]
}

/** What the file holds, as a side record. */
interface StoredRecord {
  readonly version: 1
  readonly channel: string
  readonly segment: number
  readonly file: string
  readonly seal: Seal
  readonly done: readonly (readonly [number, number])[]
}

/** The record of a log whose newest segment is sealed. */
export function stopRecordOf(channelId: Buffer, segment: Segment, done: readonly EventRange[]): StopRecord {
  const { firstEvent, nextEvent, end, headEvents, tailEvents } = segment
  const seal = { firstEvent, nextEvent, end, headEvents, tailEvents }
  return { channelId, segmentId: segment.id, file: basename(segment.path), seal, done }
}

/** Writes the record into a folder, in place of the one before. */
export function writeStopRecord(disk: Disk, folder: string, record: StopRecord): Promise<void> {
  const stored: StoredRecord = {
    version: 1,
    channel: record.channelId.toString('hex'),
    segment: record.segmentId,
    file: record.file,
    seal: record.seal,
    done: record.done.map(({ first, end }) => [first, end])
  }
  return writeSideRecord(disk, folder, STOP_RECORD, stored)
}

/** The records in these folders, the latest first: the folders may be named in another order than at the stop. */
export async function readStopRecords(
  disk: Disk,
  folders: readonly string[],
  log: Log
): Promise<StopRecord[]> {
  const found: StopRecord[] = []
  for (const folder of folders) {
    const stored = (await readSideRecord(disk, folder, STOP_RECORD, log)) as StoredRecord | undefined
    const channelId = Buffer.from(stored?.channel ?? '', 'hex')
    if (stored?.version !== 1 || channelId.length !== CHANNEL_ID_BYTES) continue
    const done = stored.done.map(([first, end]) => ({ first, end }))
    found.push({ channelId, segmentId: stored.segment, file: stored.file, seal: stored.seal, done })
  }
  return found.sort((one, other) => other.segmentId - one.segmentId)
}
