import { basename, join } from 'node:path'
import type { Log } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import type { Disk } from './disk.ts'
import type { EventRange } from './done-set.ts'
import { type Epoch, type Lineage, newestOf, NO_LINEAGE } from './epoch.ts'
import type { DoneRanges, Seal } from './frame-codec.ts'
import { CHANNEL_ID_BYTES } from './segment-header.ts'
import type { Segment } from './segment.ts'
import { readSideRecord, writeSideRecord } from './side-record.ts'

/** The file's name, in each folder of a log. */
export const STOP_RECORD = 'last-stop'
/** The same once a start has used it: the log went on. */
export const RETIRED_RECORD = 'last-stop.used'

/**
 * How a log stood when it was closed. It names the newest segment: with it, one that is cut short or gone is told from
 * one that was never finished. As soon as a newer segment holds anything, the record counts no more.
 */
export interface StopRecord {
  /** The log was started since. */
  readonly retired?: boolean
  readonly channelId: Buffer
  /** The epoch in which the log was closed, and those before it. */
  readonly lineage: Lineage
  readonly segmentId: number
  /** Name of the segment's file. */
  readonly file: string
  readonly seal: Seal
  readonly done: readonly EventRange[]
  /** Of what is done, what was given up instead of delivered. */
  readonly givenUp: readonly EventRange[]
}

type StoredRange = readonly [first: number, end: number]
type StoredEpoch = readonly [number: number, tag: string, firstId: number, firstEvent: number]

/** As many are kept. */
const MOST_EPOCHS = 150

const NAMES = [STOP_RECORD, RETIRED_RECORD] as const

/** What the file holds, as a side record. */
interface StoredRecord {
  readonly version: 1
  readonly channel: string
  /** Missing in records of a log without epochs. */
  readonly epochs?: readonly StoredEpoch[]
  readonly segment: number
  readonly file: string
  readonly seal: Seal
  readonly done: readonly StoredRange[]
  readonly givenUp?: readonly StoredRange[]
}

/** The record of a log whose newest segment is sealed. */
export function stopRecordOf(
  log: Pick<StopRecord, 'channelId' | 'lineage'>,
  segment: Segment,
  { ranges, givenUp }: DoneRanges
): StopRecord {
  const { firstEvent, nextEvent, end, headEvents, tailEvents } = segment
  const { channelId, lineage } = log
  const seal = { firstEvent, nextEvent, end, headEvents, tailEvents }
  return {
    channelId,
    lineage,
    segmentId: segment.id,
    file: basename(segment.path),
    seal,
    done: ranges,
    givenUp
  }
}

/** Writes the record into a folder, in place of the one before. */
export async function writeStopRecord(disk: Disk, folder: string, record: StopRecord): Promise<void> {
  const stored: StoredRecord = {
    version: 1,
    channel: record.channelId.toString('hex'),
    ...(newestOf(record.lineage).number === 0 ? {} : { epochs: storedEpochs(record.lineage) }),
    segment: record.segmentId,
    file: record.file,
    seal: record.seal,
    done: storedRanges(record.done),
    givenUp: storedRanges(record.givenUp)
  }
  await writeSideRecord(disk, folder, STOP_RECORD, stored)
  if ((await disk.list(folder)).includes(RETIRED_RECORD)) await disk.unlink(join(folder, RETIRED_RECORD))
}

/**
 * Notes that the log goes on, so that the next start does not take its last stop for that of this life. Resolves to
 * whether that is on the disk in every folder.
 */
export async function retireStopRecords(disk: Disk, folders: readonly string[], log: Log): Promise<boolean> {
  try {
    for (const folder of folders) {
      if (!(await disk.list(folder)).includes(STOP_RECORD)) continue
      await disk.rename(join(folder, STOP_RECORD), join(folder, RETIRED_RECORD))
      await disk.syncFolder(folder)
    }
    return true
  } catch (error) {
    log.debug('The record of the last stop could not be renamed.', { reason: messageOf(error) })
    return false
  }
}

/** The records in these folders, the latest first: the folders may be named in another order than at the stop. */
export async function readStopRecords(
  disk: Disk,
  folders: readonly string[],
  log: Log
): Promise<StopRecord[]> {
  const found: StopRecord[] = []
  for (const [folder, name] of folders.flatMap(folder => NAMES.map(name => [folder, name] as const))) {
    const stored = (await readSideRecord(disk, folder, name, log)) as StoredRecord | undefined
    const channelId = Buffer.from(stored?.channel ?? '', 'hex')
    if (stored?.version !== 1 || channelId.length !== CHANNEL_ID_BYTES) continue
    const [done, givenUp] = [rangesOf(stored.done), rangesOf(stored.givenUp ?? [])]
    const { segment: segmentId, file, seal } = stored
    const retired = name === RETIRED_RECORD
    const lineage = lineageOf(stored.epochs)
    found.push({ retired, channelId, lineage, segmentId, file, seal, done, givenUp })
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

function storedRanges(ranges: readonly EventRange[]): StoredRange[] {
  return ranges.map(({ first, end }) => [first, end])
}

function rangesOf(stored: readonly StoredRange[]): EventRange[] {
  return stored.map(([first, end]) => ({ first, end }))
}
