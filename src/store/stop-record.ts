import { basename } from 'node:path'
import type { Log } from '../core/contracts.ts'
import type { Disk } from './disk.ts'
import type { EventRange } from './done-set.ts'
import { type Epoch, type Lineage, newestOf, NO_LINEAGE } from './epoch.ts'
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
  /** The folder that it was found in. */
  readonly folder?: string
  readonly channelId: Buffer
  /** The epoch in which the log was closed, and those before it. */
  readonly lineage: Lineage
  readonly segmentId: number
  /** Name of the segment's file. */
  readonly file: string
  readonly seal: Seal
  readonly done: readonly EventRange[]
}

type StoredEpoch = readonly [number: number, tag: string, firstId: number, firstEvent: number]

/** As many are kept. */
const MOST_EPOCHS = 150

/** What the file holds, as a side record. */
interface StoredRecord {
  readonly version: 1
  readonly channel: string
  /** Missing in records of a log without epochs. */
  readonly epochs?: readonly StoredEpoch[]
  readonly segment: number
  readonly file: string
  readonly seal: Seal
  readonly done: readonly (readonly [number, number])[]
}

/** The record of a log whose newest segment is sealed. */
export function stopRecordOf(
  log: Pick<StopRecord, 'channelId' | 'lineage'>,
  segment: Segment,
  done: readonly EventRange[]
): StopRecord {
  const { firstEvent, nextEvent, end, headEvents, tailEvents } = segment
  const { channelId, lineage } = log
  const seal = { firstEvent, nextEvent, end, headEvents, tailEvents }
  return { channelId, lineage, segmentId: segment.id, file: basename(segment.path), seal, done }
}

/** Writes the record into a folder, in place of the one before. */
export function writeStopRecord(disk: Disk, folder: string, record: StopRecord): Promise<void> {
  const stored: StoredRecord = {
    version: 1,
    channel: record.channelId.toString('hex'),
    ...(newestOf(record.lineage).number === 0 ? {} : { epochs: storedEpochs(record.lineage) }),
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
    const { segment: segmentId, file, seal } = stored
    found.push({ folder, channelId, lineage: lineageOf(stored.epochs), segmentId, file, seal, done })
  }
  return found.sort((one, other) => other.segmentId - one.segmentId)
}

function storedEpochs(lineage: Lineage): StoredEpoch[] {
  return lineage
    .slice(-MOST_EPOCHS)
    .map(({ number, tag, firstId, firstEvent }) => [number, tag, firstId, firstEvent])
}

function lineageOf(stored: readonly StoredEpoch[] | undefined): Lineage {
  const epochs = (stored ?? []).map(([number, tag, firstId, firstEvent]): Epoch => ({
    number,
    tag,
    firstId,
    firstEvent
  }))
  const own = epochs.pop()
  return own === undefined ? NO_LINEAGE : [...epochs, own]
}
