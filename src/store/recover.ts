import { randomBytes } from 'node:crypto'
import { messageOf } from '../core/errors.ts'
import { DoneSet, type EventRange } from './done-set.ts'
import type { DurableLogOptions, SkippedPart } from './log-options.ts'
import { damageBehind, type Loss, scanSegment, type SegmentScan } from './scan-segment.ts'
import { findFiles, findSeal, type FoundFile, Quarantine, segmentOf } from './segment-files.ts'
import { CHANNEL_ID_BYTES, DATA_START } from './segment-header.ts'
import { type Segment, sealPosition, withFile } from './segment.ts'
import type { SpareFile } from './segment-pool.ts'
import { writeSeal } from './group-line.ts'

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
  /** Bytes that had to be read, and how long it took. */
  readonly bytesRead: number
}

interface Examined {
  readonly file: FoundFile
  readonly segment: Segment
  scan: SegmentScan | undefined
}

/** Sizes that decide what becomes of files that hold nothing. */
interface SpareSizes {
  readonly segmentBytes: number
  readonly reserveBytes: number
  readonly keepFreeSegments: number
}

/**
 * Finds out what is in the folders of a log. Nothing that holds events is changed, except that segments get the seal
 * they miss, so that this can be stopped and repeated at any point. Rejects when a folder or file cannot be read, and
 * with ERR_CHANNEL when a key is missing.
 */
export async function recover(options: DurableLogOptions, sizes: SpareSizes): Promise<Recovered> {
  return new Recovery(options, sizes).run()
}

class Recovery {
  readonly #options: DurableLogOptions
  readonly #sizes: SpareSizes
  readonly #quarantine: Quarantine
  readonly #skipped: SkippedPart[] = []
  readonly #free: SpareFile[] = []
  readonly #reserves: SpareFile[] = []
  #bytesRead = 0

  constructor(options: DurableLogOptions, sizes: SpareSizes) {
    this.#options = options
    this.#sizes = sizes
    this.#quarantine = new Quarantine(options.disk, options.log)
  }

  async run(): Promise<Recovered> {
    const files = await findFiles(this.#options.disk, this.#options.folders)
    const newest = files.filter(file => file.header !== undefined).sort((a, b) => idOf(b) - idOf(a))[0]
    const channelId = newest?.header?.channelId ?? randomBytes(CHANNEL_ID_BYTES)
    this.#checkKeys(files, channelId)
    const segmentFiles = await this.#sort(files, channelId)
    const examined = await this.#examine(segmentFiles, channelId)
    const live = await this.#dropUnused(examined)
    const done = doneOf(live)
    cutVoids(live)
    endUnfinished(live, done)
    await this.#reportLosses(live, done)
    this.#reportGaps(live, done)
    await this.#seal(live)
    const stored = Math.max(0, ...live.map(({ segment }) => segment.nextEvent))
    // Numbers beyond were given to puts that never got to the disk.
    done.add(stored, done.ranges().at(-1)?.end ?? 0)
    const segments = live.map(({ segment }) => segment)
    return {
      channelId,
      segments,
      done,
      free: this.#free,
      reserves: this.#reserves,
      skipped: this.#skipped,
      nextId: Math.max(0, ...files.map(file => Math.max(idOf(file), file.nameId))) + 1,
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

  /** Segments by id. Files that hold nothing become spares; what is not of this log is set aside. */
  async #sort(files: readonly FoundFile[], channelId: Buffer): Promise<FoundFile[]> {
    const byId = new Map<number, FoundFile>()
    for (const file of files.filter(({ role }) => role === 'seg')) {
      const other = byId.get(idOf(file))
      if (file.header !== undefined && !file.header.channelId.equals(channelId))
        await this.#setAside(file, 'The file belongs to another log; it was set aside.')
      else if (other === undefined) byId.set(idOf(file), file)
      else if (other.nameId === idOf(file)) await this.#setAsideTwin(file)
      else await this.#setAsideTwin(byId.set(idOf(file), file) && other)
    }
    for (const file of files.filter(({ role }) => role !== 'seg')) {
      // Two names of one file: what looks free holds events.
      if (file.header !== undefined && byId.has(file.header.id)) await this.#remove(file.path)
      else await this.#keepSpare(file)
    }
    return [...byId.values()].sort((a, b) => idOf(a) - idOf(b))
  }

  async #setAside(file: FoundFile, reason: string): Promise<void> {
    this.#skip({ file: file.path, at: 0, firstEvent: 0, events: 0, reason })
    await this.#quarantine.move(file)
  }

  /** The other one holds the events. */
  async #setAsideTwin(file: FoundFile): Promise<void> {
    this.#options.log.warn('A second file of the same segment is set aside.', {
      file: file.path,
      segment: idOf(file)
    })
    await this.#quarantine.move(file)
  }

  async #keepSpare({ folder, path, role, bytes }: FoundFile): Promise<void> {
    const { segmentBytes, reserveBytes, keepFreeSegments } = this.#sizes
    if (role === 'reserve' && bytes === reserveBytes) this.#reserves.push({ folder, path, size: bytes })
    else if (role === 'free' && bytes === segmentBytes && this.#free.length < keepFreeSegments)
      this.#free.push({ folder, path, size: bytes })
    else await this.#remove(path)
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#options.disk.unlink(path)
    } catch (error) {
      this.#options.log.warn('A file that holds nothing cannot be removed.', {
        file: path,
        reason: messageOf(error)
      })
    }
  }

  /** Reads what must be read: back to the newest state, whatever has no seal, everything when told to. */
  async #examine(files: readonly FoundFile[], channelId: Buffer): Promise<Examined[]> {
    const examined: Examined[] = []
    let stated = false
    for (const file of files.toReversed()) {
      const segment = segmentOf(file, channelId, this.#options.cipher)
      const seal = await findSeal(this.#options.disk, segment, file.bytes)
      segment.sealed = seal !== undefined
      if (seal !== undefined) {
        const { firstEvent, nextEvent, end, headEvents, tailEvents } = seal
        Object.assign(segment, { firstEvent, nextEvent, end, headEvents, tailEvents, stated: true })
      }
      let scan: SegmentScan | undefined
      if (seal === undefined || !stated || this.#options.verify === true) {
        const limit = seal?.end ?? Math.min(sealPosition(segment), file.bytes)
        const bounds = {
          limit,
          durable: seal?.end ?? 0,
          firstEvent: seal?.firstEvent,
          nextEvent: seal?.nextEvent
        }
        scan = await withFile(
          this.#options.disk,
          segment.path,
          { create: false, synced: false },
          async open => {
            // After a kill the page cache may show what is not on the disk: it counts only once it is.
            if (seal === undefined) await open.sync()
            return scanSegment(segment, open, bounds)
          }
        )
        this.#bytesRead += scan.bytesRead
        if (seal === undefined) adopt(segment, scan)
        if (scan.state !== undefined) stated = true
      }
      examined.unshift({ file, segment, scan })
    }
    return examined
  }

  /** A segment without a frame was made ahead and never used; without a header too it is damaged all over. */
  async #dropUnused(examined: readonly Examined[]): Promise<Examined[]> {
    const live: Examined[] = []
    for (const one of examined) {
      if (one.segment.sealed || one.scan?.used === true || (one.scan?.losses.length ?? 0) > 0) live.push(one)
      else if (one.file.header === undefined && one.file.bytes > DATA_START)
        await this.#setAside(one.file, 'No record of the file can be read; it was set aside.')
      else await this.#remove(one.segment.path)
    }
    return live
  }

  async #reportLosses(live: readonly Examined[], done: DoneSet): Promise<void> {
    for (const { segment, scan } of live) {
      for (const loss of scan?.losses ?? []) await this.#reportLoss(segment, loss, done)
    }
  }

  async #reportLoss(segment: Segment, { at, to, events, reason }: Loss, done: DoneSet): Promise<void> {
    const end = Math.min(events.end, segment.nextEvent)
    const lost = done.countUndone(events.first, end)
    this.#skip({ file: segment.path, at, firstEvent: events.first, events: lost, reason })
    done.add(events.first, end)
    await this.#quarantine.copy(segment, at, to)
  }

  /** Event numbers that no segment has. */
  #reportGaps(live: readonly Examined[], done: DoneSet): void {
    let expected = done.watermark
    for (const { segment } of live) {
      for (const { first, end } of done.undone(expected, segment.firstEvent)) {
        const reason = 'The events before this segment are in no file: one is missing or was cut short.'
        this.#skip({ file: segment.path, at: DATA_START, firstEvent: first, events: end - first, reason })
        done.add(first, end)
      }
      expected = Math.max(expected, segment.nextEvent)
    }
  }

  #skip(part: SkippedPart): void {
    this.#skipped.push(part)
    this.#options.log.error('A part of the log is damaged and is skipped.', { ...part })
  }

  /** So that the next start need not read these again. */
  async #seal(live: readonly Examined[]): Promise<void> {
    for (const { segment } of live) {
      if (segment.sealed || segment.salt.length === 0) continue
      try {
        await withFile(this.#options.disk, segment.path, { create: false, synced: true }, async file => {
          await file.sync()
          await writeSeal({ ...segment, file })
        })
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

function idOf(file: FoundFile): number {
  return file.header?.id ?? file.nameId
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

/** The newest state, and every take recorded since. */
function doneOf(live: readonly Examined[]): DoneSet {
  const from = Math.max(
    0,
    live.findLastIndex(({ scan }) => scan?.state !== undefined)
  )
  const done = new DoneSet(live[from]?.scan?.state ?? [])
  for (const { scan } of live.slice(from))
    for (const { first, end } of scan?.takes ?? []) done.add(first, end)
  for (const { scan } of live) for (const { first, end } of scan?.voids ?? []) done.add(first, end)
  return done
}

/** A segment begins with the number of its first event: what older ones hold from there on was never acknowledged. */
function cutVoids(live: readonly Examined[]): void {
  let bound = Infinity
  for (const { segment } of live.toReversed()) {
    if (segment.nextEvent > bound) {
      segment.nextEvent = bound
      segment.tailEvents = 0
      segment.firstEvent = Math.min(segment.firstEvent, bound)
    }
    if (segment.stated) bound = Math.min(bound, segment.firstEvent)
  }
}

/**
 * A put whose last part is in no segment was never acknowledged. Where the numbers go on further up, the segment in
 * between was consumed: then the put was whole. Where its last part is damaged, all of it is lost with that part.
 */
function endUnfinished(live: readonly Examined[], done: DoneSet): void {
  let begun: EventRange | undefined
  for (const { segment, scan } of live) {
    const { firstEvent, nextEvent, headEvents, tailEvents } = segment
    if (begun !== undefined && firstEvent > begun.end) begun = undefined
    if (firstEvent === nextEvent) continue
    const goesOn = headEvents > 0 && firstEvent - headEvents === begun?.first
    if (begun !== undefined && !goesOn) {
      const damage = damageBehind(begun, scan?.losses ?? [])
      if (damage === undefined) done.add(begun.first, begun.end)
      else damage.events = { first: begun.first, end: damage.events.end }
    }
    begun = tailEvents > 0 ? { first: nextEvent - tailEvents, end: nextEvent } : undefined
  }
  if (begun !== undefined) done.add(begun.first, begun.end)
}
