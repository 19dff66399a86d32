import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { messageOf, systemCode } from '../core/errors.ts'
import { isMediumError } from './careful-reader.ts'
import type { DoneSet } from './done-set.ts'
import type { Seal } from './frame-codec.ts'
import type { DurableLogOptions, SkippedPart } from './log-options.ts'
import { channelOf, FileSorter, highestId, type SpareSizes } from './recover-files.ts'
import { cutVoids, doneOf, endUnfinished, type Examined } from './recover-puts.ts'
import { withReader } from './read-patience.ts'
import { renewSegment, sealAtLast } from './renew-segment.ts'
import { type Loss, type ScanBounds, scanSegment, type SegmentScan } from './scan-segment.ts'
import { findFiles, findSeal, type FoundFile, Quarantine, segmentOf } from './segment-files.ts'
import { CHANNEL_ID_BYTES, DATA_START } from './segment-header.ts'
import type { SpareFile } from './segment-maker.ts'
import { type Segment, sealPosition, withFile } from './segment.ts'
import { recordFolders, refuseMissingFolders } from './log-folders.ts'
import { readStopRecords, type StopRecord } from './stop-record.ts'

/** What was found at start, ready to go on. */
export interface Recovered {
  readonly channelId: Buffer
  /** Of the next segment. */
  readonly nextId: number
  /** Of the next event. */
  readonly nextEvent: number
  /** By id; those without events included. */
  readonly segments: Segment[]
  readonly done: DoneSet
  readonly free: readonly SpareFile[]
  readonly reserves: readonly SpareFile[]
  readonly skipped: readonly SkippedPart[]
  /** Bytes that had to be read. */
  readonly bytesRead: number
}

/** Segments that are there, and the record of the last stop where it still counts. */
interface Found {
  readonly examined: readonly Examined[]
  readonly stop: StopRecord | undefined
}

/**
 * Finds out what is in the folders of a log. What holds events stays as it is, except that segments without a seal are
 * written anew and get one, so that this can be stopped and repeated at any point. Rejects when a folder or file cannot
 * be read, and with ERR_CHANNEL when a key or a whole folder is missing.
 */
export async function recover(options: DurableLogOptions, sizes: SpareSizes): Promise<Recovered> {
  return new Recovery(options, sizes).run()
}

class Recovery {
  readonly #options: DurableLogOptions
  readonly #quarantine: Quarantine
  readonly #sorter: FileSorter
  readonly #skipped: SkippedPart[] = []
  /** Segments whose end may only be in the system's memory: the next start looks again. */
  readonly #doubtful = new Set<Segment>()
  #nextId = 0
  #bytesRead = 0

  constructor(options: DurableLogOptions, sizes: SpareSizes) {
    this.#options = options
    this.#quarantine = new Quarantine(options.disk, options.log)
    this.#sorter = new FileSorter(options, sizes, this.#quarantine, part => this.#skip(part))
  }

  async run(): Promise<Recovered> {
    const { disk, folders, log } = this.#options
    const files = await findFiles(this.#options, folders)
    await refuseMissingFolders(disk, folders, log)
    const stops = await readStopRecords(disk, folders, log)
    const channelId = channelOf(files, stops) ?? randomBytes(CHANNEL_ID_BYTES)
    this.#checkKeys(files, channelId)
    this.#nextId = highestId(files) + 1
    const segmentFiles = await this.#sorter.sort(files, channelId)
    const ownStop = stops.find(stop => stop.channelId.equals(channelId))
    const { examined, stop } = await this.#examine(segmentFiles, channelId, ownStop)
    this.#nextId = Math.max(this.#nextId, (stop?.segmentId ?? 0) + 1)
    const live = await this.#dropUnused(examined)
    const done = await this.#account(live, stop)
    await this.#seal(live)
    await recordFolders(disk, folders, log)
    const ends = live.map(({ segment }) => segment.nextEvent)
    const stored = Math.max(0, stop?.seal.nextEvent ?? 0, ...ends)
    // Numbers beyond were given to puts that never got to the disk.
    done.add(stored, done.ranges().at(-1)?.end ?? 0)
    return {
      channelId,
      segments: live.map(({ segment }) => segment),
      done,
      free: this.#sorter.free,
      reserves: this.#sorter.reserves,
      skipped: this.#skipped,
      nextId: this.#nextId,
      nextEvent: Math.max(stored, done.ranges().at(-1)?.end ?? 0),
      bytesRead: this.#bytesRead
    }
  }

  /** A missing key ends the start before anything is touched. */
  #checkKeys(files: readonly FoundFile[], channelId: Buffer): void {
    for (const file of files) {
      const own = file.role === 'seg' && file.header?.channelId.equals(channelId) === true
      if (own) segmentOf(file, channelId, this.#options.cipher)
    }
  }

  /**
   * Reads what must be read: back to the newest state, whatever has no seal, everything when told to. The record of the
   * last stop counts when nothing newer than the segment that it names holds anything.
   */
  async #examine(
    files: readonly FoundFile[],
    channelId: Buffer,
    lastStop: StopRecord | undefined
  ): Promise<Found> {
    const examined: Examined[] = []
    let stop = lastStop
    let stated = false
    for (const file of files.toReversed()) {
      const segment = segmentOf(file, channelId, this.#options.cipher)
      const found = await findSeal(this.#options, segment, file.bytes)
      const seal = found ?? (stop?.segmentId === segment.id ? stop.seal : undefined)
      segment.sealed = found !== undefined
      if (seal !== undefined) {
        const { firstEvent, nextEvent, end, headEvents, tailEvents } = seal
        Object.assign(segment, { firstEvent, nextEvent, end, headEvents, tailEvents, stated: true })
      }
      const needed = found === undefined || !stated || this.#options.verify === true
      const scan = needed ? await this.#scan(file, segment, seal) : undefined
      if (scan?.state !== undefined) stated = true
      if (segment.id > (stop?.segmentId ?? 0) && (found !== undefined || scan?.used === true))
        stop = undefined
      examined.unshift({ file, segment, scan })
    }
    return { examined, stop }
  }

  async #scan(file: FoundFile, segment: Segment, seal: Seal | undefined): Promise<SegmentScan> {
    if (seal !== undefined) {
      const { end: limit, end: durable, firstEvent, nextEvent } = seal
      return this.#read(segment, { limit, durable, firstEvent, nextEvent, cutAt: undefined })
    }
    const cutAt = file.header !== undefined && file.bytes < segment.size ? file.bytes : undefined
    const bounds = {
      limit: sealPosition(segment),
      durable: 0,
      firstEvent: undefined,
      nextEvent: undefined,
      cutAt
    }
    const synced = await this.#sync(segment)
    let scan = await this.#read(segment, bounds)
    // A copy would have nothing of the parts that cannot be read, and the next start nothing to report.
    const whole = !segment.unreadable && scan.losses.length === 0 && file.header !== undefined
    if (whole && scan.durable < scan.end) {
      if (await this.#renew(file, scan, synced)) scan = await this.#read(segment, bounds)
      else this.#doubtful.add(segment)
    }
    adopt(segment, scan)
    return scan
  }

  async #read(segment: Segment, bounds: ScanBounds): Promise<SegmentScan> {
    return withReader(this.#options, segment.path, async reads => {
      const scan = await scanSegment(segment, reads, bounds)
      segment.unreadable = reads.unreadable.length > 0
      this.#bytesRead += scan.bytesRead
      return scan
    })
  }

  /** After a kill the system may show what is not on the disk. Resolves to whether all of it is there now, as far as it says. */
  async #sync(segment: Segment): Promise<boolean> {
    const options = { create: false, synced: false }
    return withFile(this.#options.disk, segment.path, options, async file => {
      try {
        await file.sync()
        return true
      } catch (error) {
        if (!isMediumError(error)) throw error
        return false
      }
    })
  }

  /**
   * Brings to the disk what may only be in the system's memory; false where there is no room for that. Rejects when the
   * disk fails: what cannot be written anew cannot be believed.
   */
  async #renew(file: FoundFile, { end }: SegmentScan, synced: boolean): Promise<boolean> {
    try {
      await renewSegment(this.#options.disk, file, end, this.#nextId++)
      return true
    } catch (error) {
      if (!synced || !isDiskFull(error)) throw error
      this.#options.log.debug('There is no room to write a segment anew.', {
        file: file.path,
        reason: messageOf(error)
      })
      return false
    }
  }

  /** A segment without a frame was made ahead and never used; without a header too it is damaged all over, or empty. */
  async #dropUnused(examined: readonly Examined[]): Promise<Examined[]> {
    const live: Examined[] = []
    for (const one of examined) {
      if (one.segment.sealed || one.scan?.used === true || (one.scan?.losses.length ?? 0) > 0) live.push(one)
      else if (one.file.header === undefined)
        await this.#sorter.setAside(one.file, 'No record of the file can be read; it was set aside.')
      else await this.#sorter.remove(one.segment.path)
    }
    return live
  }

  /** What is done; damage is reported, and counts as done. */
  async #account(live: readonly Examined[], stop: StopRecord | undefined): Promise<DoneSet> {
    const done = doneOf(live)
    for (const { first, end } of stop?.done ?? []) done.add(first, end)
    cutVoids(live)
    endUnfinished(live, done, stop?.seal.nextEvent ?? 0)
    for (const one of live) {
      for (const loss of one.scan?.losses ?? []) {
        // What was behind the end shows in the numbers of the next segment.
        const behind = one.scan?.lostTail !== undefined && loss.at === one.segment.end
        if (!behind || one === live.at(-1)) await this.#reportLoss(one.segment, loss, done)
      }
    }
    await this.#reportGaps(live, done)
    if (stop !== undefined) this.#reportMissing(live, stop, done)
    return done
  }

  async #reportLoss(segment: Segment, { at, to, events, reason }: Loss, done: DoneSet): Promise<void> {
    const end = Math.min(events.end, segment.nextEvent)
    const lost = done.countUndone(events.first, end)
    this.#skip({ file: segment.path, at, firstEvent: events.first, events: lost, reason })
    done.add(events.first, end)
    await this.#quarantine.copy(segment, at, to)
  }

  /** Event numbers that no segment has. */
  async #reportGaps(live: readonly Examined[], done: DoneSet): Promise<void> {
    let expected = done.watermark
    let before: Examined | undefined
    for (const one of live) {
      for (const { first, end } of done.undone(expected, one.segment.firstEvent)) {
        this.#skip({ ...placeOfGap(before, one), firstEvent: first, events: end - first })
        if (before?.segment.sealed === false)
          await this.#quarantine.copy(before.segment, before.segment.end, before.file.bytes)
        done.add(first, end)
      }
      expected = Math.max(expected, one.segment.nextEvent)
      before = one
    }
  }

  /** Events that were there when the log was closed, in segments of which no file is left. */
  #reportMissing(live: readonly Examined[], stop: StopRecord, done: DoneSet): void {
    const { seal } = stop
    const file = join(this.#options.folders[0] ?? '', stop.file)
    const from = Math.max(done.watermark, live.at(-1)?.segment.nextEvent ?? 0)
    const reason = 'The file is missing, or an older one has taken its place.'
    for (const { first, end } of done.undone(from, seal.nextEvent)) {
      this.#skip({ file, at: DATA_START, firstEvent: first, events: end - first, reason })
      done.add(first, end)
    }
  }

  #skip(part: SkippedPart): void {
    this.#skipped.push(part)
    this.#options.log.error('A part of the log is damaged and is skipped.', { ...part })
  }

  /** So that the next start need not read these again. */
  async #seal(live: readonly Examined[]): Promise<void> {
    for (const { segment } of live) {
      if (segment.sealed || segment.salt.length === 0 || this.#doubtful.has(segment)) continue
      try {
        await sealAtLast(this.#options.disk, segment)
        segment.sealed = true
      } catch (error) {
        this.#options.log.debug('A segment could not be sealed.', {
          file: segment.path,
          reason: messageOf(error)
        })
      }
    }
  }
}

/** Where the events between two segments were: behind the end of the first when it has lost its seal. */
function placeOfGap(
  before: Examined | undefined,
  { segment }: Examined
): Pick<SkippedPart, 'file' | 'at' | 'reason'> {
  if (before?.segment.sealed === false) {
    const reason = before.scan?.lostTail ?? 'The end of this segment is missing or damaged.'
    return { file: before.segment.path, at: before.segment.end, reason }
  }
  const reason = 'The events before this segment are in no file: one is missing.'
  return { file: segment.path, at: DATA_START, reason }
}

function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')
}

function adopt(segment: Segment, scan: SegmentScan): void {
  const { firstEvent, nextEvent, end, lastFrame, headEvents, tailEvents } = scan
  Object.assign(segment, {
    firstEvent: firstEvent ?? nextEvent,
    nextEvent,
    end,
    lastFrame,
    headEvents,
    tailEvents
  })
  segment.stated = scan.state !== undefined
}
