import { join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { DoneSet, type EventRange } from './done-set.ts'
import { type Lineage, newEpoch, newestOf } from './epoch.ts'
import { common, countOf, joined, without } from './event-ranges.ts'
import type { DurableLogOptions, SkippedPart } from './log-options.ts'
import { FileSorter, highestId, type SpareSizes } from './recover-files.ts'
import { goesOn, identifyLog, stopOf } from './recover-identity.ts'
import { linesOf } from './recover-lines.ts'
import { backAgain, cutVoids, doneOf, endUnfinished, type Examined, givenUpOf } from './recover-puts.ts'
import { eventsOf, type Found, SegmentReader } from './recover-segments.ts'
import { Strays } from './recover-strays.ts'
import { sealAtLast } from './renew-segment.ts'
import { findReturnedLogs, type ReturnedLog } from './returned-folders.ts'
import type { Loss } from './scan-segment.ts'
import { type FoundFile, Quarantine, segmentOf } from './segment-files.ts'
import { DATA_START } from './segment-header.ts'
import type { SpareFile } from './segment-maker.ts'
import type { Segment } from './segment.ts'
import type { StopRecord } from './stop-record.ts'

/** What was found at start, ready to go on. */
export interface Recovered {
  readonly channelId: Buffer
  /** In which the log goes on. */
  readonly lineage: Lineage
  /** Of the next segment. */
  readonly nextId: number
  /** Of the next event. */
  readonly nextEvent: number
  /** By id; those without events included. */
  readonly segments: Segment[]
  readonly done: DoneSet
  /** Of what is done, what was given up instead of delivered. */
  readonly givenUp: readonly EventRange[]
  readonly free: readonly SpareFile[]
  readonly reserves: readonly SpareFile[]
  readonly skipped: readonly SkippedPart[]
  /** Logs of their own, with what came back; to be delivered too. */
  readonly returned: readonly ReturnedLog[]
  /** Bytes that had to be read. */
  readonly bytesRead: number
}

/**
 * Finds out what is in the folders of a log. What holds events stays as it is, except that segments without a seal are
 * written anew and get one, and that files of another line get a folder of their own, so that this can be stopped and
 * repeated at any point. Rejects when a folder or file cannot be read, and with ERR_CHANNEL when a key or a whole folder
 * is missing.
 */
export async function recover(options: DurableLogOptions, sizes: SpareSizes): Promise<Recovered> {
  return new Recovery(options, sizes).run()
}

class Recovery {
  readonly #options: DurableLogOptions
  readonly #quarantine: Quarantine
  readonly #sorter: FileSorter
  readonly #skipped: SkippedPart[] = []
  #givenUp: readonly EventRange[] = []
  #nextId = 0
  /** Whether every folder that the log had is there. */
  #complete = true

  constructor(options: DurableLogOptions, sizes: SpareSizes) {
    this.#options = options
    this.#quarantine = new Quarantine(options.disk, options.log)
    this.#sorter = new FileSorter(options, sizes, this.#quarantine, part => this.#skip(part))
  }

  async run(): Promise<Recovered> {
    const identity = await identifyLog(this.#options)
    const { files, channelId, stops } = identity
    this.#complete = identity.isComplete
    this.#checkKeys(files, channelId)
    this.#nextId = highestId(files) + 1
    const lines = linesOf(await this.#sorter.sort(files, channelId), stops)
    const { lineage } = lines
    const reader = new SegmentReader(this.#options, channelId, () => this.#nextId++)
    const found = await reader.examine(lines.files, lineage, stopOf(lineage, stops))
    this.#nextId = Math.max(this.#nextId, (found.stop?.segmentId ?? 0) + 1)
    const live = await this.#dropUnused(found.examined)
    const strays = await Strays.read(this.#options, reader, {
      files: [...lines.strays, ...found.strays],
      channelId,
      lineage,
      stops
    })
    await this.#readGivenUp(live, reader, found.stop)
    const done = await this.#account(live, found, strays)
    const there = live.map(({ segment }) => eventsOf(segment))
    await strays.settle({ lineage, done, givenUp: this.#givenUp, there })
    await this.#seal(live, reader)
    const nextEvent = this.#numberOn(live, found, done, lineage)
    const nextId = Math.max(this.#nextId, newestOf(lineage).firstId)
    const isWhole = strays.none && this.#skipped.length === 0
    return {
      channelId,
      lineage: (await goesOn(this.#options, identity, found.stop, isWhole))
        ? lineage
        : newEpoch(lineage, { firstId: nextId, firstEvent: nextEvent }),
      segments: live.map(({ segment }) => segment),
      done,
      givenUp: this.#givenUp,
      free: this.#sorter.free,
      reserves: this.#sorter.reserves,
      skipped: this.#skipped,
      returned: await findReturnedLogs(this.#options.disk, this.#options.folders),
      nextId,
      nextEvent,
      bytesRead: reader.bytesRead
    }
  }

  /** The number of the next event; what has a number and is not there is done. */
  #numberOn(live: readonly Examined[], found: Found, done: DoneSet, lineage: Lineage): number {
    const ends = live.map(({ segment }) => segment.nextEvent)
    const stored = Math.max(0, found.stop?.seal.nextEvent ?? 0, ...ends)
    const known = Math.max(stored, found.nextEvent, done.ranges().at(-1)?.end ?? 0)
    // Numbers beyond were given to puts that never got to the disk.
    done.add(stored, known)
    const nextEvent = Math.max(known, newestOf(lineage).firstEvent)
    // These were given to events in files that are not there, if to any.
    this.#giveUp({ first: known, end: nextEvent }, done)
    return nextEvent
  }

  /** Segments with events that were given up earlier: they may be there again. */
  async #readGivenUp(
    live: readonly Examined[],
    reader: SegmentReader,
    stop: StopRecord | undefined
  ): Promise<void> {
    this.#givenUp = joined([...givenUpOf(live), ...(stop?.givenUp ?? [])])
    for (const one of live) {
      if (one.scan !== undefined || common([eventsOf(one.segment)], this.#givenUp).length === 0) continue
      const { seal } = await reader.findSeal(one.file, one.segment, undefined)
      one.scan = await reader.look(one.file, one.segment, seal)
    }
  }

  /** A missing key ends the start before anything is touched. */
  #checkKeys(files: readonly FoundFile[], channelId: Buffer): void {
    for (const file of files) {
      const own = file.role === 'seg' && file.header?.channelId.equals(channelId) === true
      if (own) segmentOf(file, channelId, this.#options.cipher)
    }
  }

  /** A segment without a frame was made ahead and never used; without a header too it is damaged all over, or empty. */
  async #dropUnused(examined: readonly Examined[]): Promise<Examined[]> {
    const live: Examined[] = []
    for (const one of examined) {
      if (one.segment.sealed || one.scan?.used === true || (one.scan?.losses.length ?? 0) > 0) live.push(one)
      else if (one.file.header === undefined)
        await this.#sorter.setAside(one.file, 'No record of the file can be read; it was set aside.')
      else await this.#sorter.takeBack(one.file)
    }
    return live
  }

  /** What is done; damage is reported, and counts as done. */
  async #account(live: readonly Examined[], { stop }: Found, strays: Strays): Promise<DoneSet> {
    const taken = doneOf(live)
    for (const { first, end } of stop?.done ?? []) taken.add(first, end)
    cutVoids(live)
    endUnfinished(live, taken, { stopped: stop?.seal.nextEvent ?? 0, complete: this.#complete })
    const done = this.#takeBack(live, taken)
    for (const { first, end } of strays.delivered) done.add(first, end)
    this.#givenUp = without(this.#givenUp, strays.delivered)
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

  /** Events that were given up and are there again are not done. */
  #takeBack(live: readonly Examined[], done: DoneSet): DoneSet {
    const back = backAgain(live, this.#givenUp)
    if (back.length === 0) return done
    this.#givenUp = without(this.#givenUp, back)
    const files = live.filter(({ segment }) => common([eventsOf(segment)], back).length > 0)
    this.#options.log.warn('Events that had been given up are there again, and will be delivered.', {
      events: countOf(back),
      files: files.map(({ file }) => file.path)
    })
    return new DoneSet(without(done.ranges(), back))
  }

  /** These are not delivered, and done for now. */
  #giveUp(events: EventRange, done: DoneSet): void {
    this.#givenUp = joined([...this.#givenUp, ...done.undone(events.first, events.end)])
    done.add(events.first, events.end)
  }

  async #reportLoss(segment: Segment, { at, to, events, reason }: Loss, done: DoneSet): Promise<void> {
    const end = Math.min(events.end, segment.nextEvent)
    const lost = done.countUndone(events.first, end)
    if (lost === 0 && this.#isKnown({ first: events.first, end })) return
    this.#skip({ file: segment.path, at, firstEvent: events.first, events: lost, reason })
    this.#giveUp({ first: events.first, end }, done)
    await this.#quarantine.copy(segment, at, to)
  }

  /** Whether these were given up, and said to be, at an earlier start. */
  #isKnown(events: EventRange): boolean {
    const isNew = events.end <= events.first || without([events], this.#givenUp).length > 0
    return !isNew && this.#options.verify !== true
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
        this.#giveUp({ first, end }, done)
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
      this.#giveUp({ first, end }, done)
    }
  }

  #skip(part: SkippedPart): void {
    this.#skipped.push(part)
    this.#options.log.error('A part of the log is damaged and is skipped.', { ...part })
  }

  /** So that the next start need not read these again. */
  async #seal(live: readonly Examined[], reader: SegmentReader): Promise<void> {
    for (const { segment } of live) {
      if (segment.sealed || segment.salt.length === 0 || reader.doubtful.has(segment)) continue
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
