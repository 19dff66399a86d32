import type { EventBatch } from '../core/batch.ts'
import { messageOf, systemCode } from '../core/errors.ts'
import { allocateSlab } from '../core/slab.ts'
import type { Clock } from '../core/contracts.ts'
import { CarefulReader, isOpenError, touches, UNREADABLE } from './careful-reader.ts'
import type { Disk, DiskFile } from './disk.ts'
import type { DoneSet, EventRange } from './done-set.ts'
import type { FolderPresence } from './folder-presence.ts'
import { frameEnd, type StoredFrame } from './frame.ts'
import { patientReader } from './read-patience.ts'
import { readPutFrame } from './frame-codec.ts'
import { FrameWalk, type WalkedFrame } from './frame-walk.ts'
import type { Loss } from './scan-segment.ts'
import { DATA_START } from './segment-header.ts'
import { SegmentWindow } from './segment-window.ts'
import type { LogPosition, Segment } from './segment.ts'

const PIECE_BYTES = 4 * 1024 * 1024
const MISSING = 'Records are missing or damaged.'
const GONE = 'The file is not there any more.'

/** What the reader works with and tells. */
export interface ReaderParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly folders: FolderPresence
  /** By id. */
  readonly segments: readonly Segment[]
  readonly done: DoneSet
  /** Behind the last acknowledged put. */
  limit(): LogPosition | undefined
  /** Events read back, in order. */
  deliver(batch: EventBatch, first: number, seconds: number): void
  /** Part of a segment cannot be read. */
  lost(segment: Segment, loss: Loss): void
  /** A segment is no longer read. */
  left(): void
}

/** Reads acknowledged events back, piece by piece, from one place in the log up to the last acknowledged one. */
export class SpillReader {
  readonly #parts: ReaderParts
  #at: LogPosition | undefined
  #file: DiskFile | undefined
  #reads: CarefulReader | undefined
  #window: SegmentWindow | undefined
  #walk: FrameWalk | undefined
  #expected = 0
  #loading: Promise<void> | undefined
  #closed = false

  constructor(parts: ReaderParts) {
    this.#parts = parts
  }

  /** Where it is; undefined when it reads nothing. */
  get position(): LogPosition | undefined {
    return this.#at
  }

  /** Begins at a frame, whose first event has this number. */
  begin(at: LogPosition, event: number): void {
    this.#at = at
    this.#expected = event
    this.#walk = undefined
  }

  /** Reads the next piece; several callers share one read. Afterwards position is undefined if all was read. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /** Resolves once nothing is read and no file is open. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#loading?.catch(() => undefined)
    const left = this.#leave()
    this.#at = undefined
    // Nothing was written through it.
    await left.catch(() => undefined)
  }

  async #load(): Promise<void> {
    while (this.#at !== undefined && !this.#closed) {
      const { segment } = this.#at
      const limit = this.#parts.limit()
      const last = limit === undefined || segment.id >= limit.segment.id
      const end = limit?.segment === segment ? limit.position : segment.end
      if (this.#walk === undefined) await this.#enter(this.#at, end)
      const { delivered, ended } = await this.#piece(segment, end)
      if (ended && (!last || this.#parts.limit() === limit)) {
        // Decided and done without a pause: what is acknowledged from now on is kept in memory by its own put.
        const left = this.#leave()
        this.#at = last ? undefined : this.#nextSegment(segment)
        await left
      }
      if (delivered) return
    }
  }

  /** Reads one piece, or comes to the end of what may be read here. */
  async #piece(
    segment: Segment,
    end: number
  ): Promise<{ readonly delivered: boolean; readonly ended: boolean }> {
    const [walk, window] = [this.#walk, this.#window]
    if (walk === undefined || window === undefined) return { delivered: false, ended: true }
    walk.limit = Math.max(walk.limit, end)
    window.limit = walk.limit
    let delivered = false
    for (;;) {
      const step = walk.next(window.current)
      if (step.kind === 'frame') {
        delivered = this.#frame(segment, step) || delivered
      } else if (step.kind === 'end') {
        this.#end(segment, walk)
        return { delivered, ended: true }
      } else if (delivered) {
        return { delivered, ended: false }
      } else if (!(await window.move(step.from, step.bytes))) {
        this.#end(segment, walk)
        return { delivered, ended: true }
      }
    }
  }

  /** What remains before the end is no frame. */
  #end(segment: Segment, walk: FrameWalk): void {
    if (walk.lastEnd >= walk.limit) return
    const events = { first: this.#expected, end: Math.max(this.#expected, segment.nextEvent) }
    this.#lose(segment, { at: walk.lastEnd, to: walk.limit, events, reason: MISSING })
    this.#expected = events.end
    walk.lastEnd = walk.limit
  }

  #frame(segment: Segment, { frame, header, payload, intact, missingFrom }: WalkedFrame): boolean {
    if (missingFrom !== undefined) {
      const events = { first: this.#expected, end: Math.max(this.#expected, frame.firstEvent) }
      this.#lose(segment, { at: missingFrom, to: frame.position, events, reason: MISSING })
    }
    this.#expected = Math.max(this.#expected, frame.firstEvent)
    if (frame.kind !== 'put') return false
    this.#expected = frame.firstEvent + frame.events
    const end = Math.min(this.#expected, segment.nextEvent)
    const wanted = this.#parts.done.undone(frame.firstEvent, end)
    if (wanted.length === 0) return false
    const batch = this.#decode(segment, frame, header, intact ? payload : undefined)
    if (batch === undefined) return false
    for (const { first, end: to } of wanted) {
      this.#parts.deliver(batch.slice(first - frame.firstEvent, to - frame.firstEvent), first, frame.seconds)
    }
    return true
  }

  #decode(
    segment: Segment,
    frame: StoredFrame,
    header: Buffer,
    payload: Buffer | undefined
  ): EventBatch | undefined {
    const events: EventRange = { first: frame.firstEvent, end: frame.firstEvent + frame.events }
    let reason = 'A record does not have the checksum that it was written with.'
    try {
      if (payload !== undefined) return readPutFrame(segment, frame, header, payload)
    } catch (error) {
      reason = messageOf(error)
    }
    this.#lose(segment, { at: frame.position, to: frameEnd(frame), events, reason })
    return undefined
  }

  #lose(segment: Segment, { at, to, events: { first, end }, reason }: Loss): void {
    const unreadable = touches(this.#reads?.unreadable ?? [], at, to)
    if (unreadable) segment.unreadable = true
    // Behind the last event that counts there may be what was never acknowledged.
    if (first >= segment.nextEvent) return
    this.#parts.lost(segment, {
      at,
      to,
      events: { first, end: Math.min(end, Math.max(first, segment.nextEvent)) },
      reason: unreadable ? UNREADABLE : reason
    })
  }

  #nextSegment(segment: Segment): LogPosition | undefined {
    const last = this.#parts.limit()?.segment.id ?? 0
    const next = this.#parts.segments.find(
      ({ id, firstEvent, nextEvent }) =>
        id > segment.id && (id === last || (id < last && !this.#parts.done.covers(firstEvent, nextEvent)))
    )
    if (next === undefined) return undefined
    this.#expected = next.firstEvent
    return { segment: next, position: DATA_START }
  }

  async #enter({ segment, position }: LogPosition, end: number): Promise<void> {
    segment.readers++
    try {
      this.#file = await this.#parts.disk.open(segment.path, { create: false, synced: false })
    } catch (error) {
      segment.readers--
      await this.#giveUp(segment, { at: position, to: end }, error)
      return
    }
    this.#walk = new FrameWalk(segment, position, end)
    this.#reads = new CarefulReader(
      this.#file,
      patientReader(this.#parts.disk, this.#parts.clock, segment.path)
    )
    this.#window = new SegmentWindow(this.#reads, end, PIECE_BYTES, allocateSlab)
  }

  /** Rejects unless a file that cannot be opened, or is not there any more, could not be for so long that it counts as damaged. */
  async #giveUp(segment: Segment, { at, to }: Pick<Loss, 'at' | 'to'>, error: unknown): Promise<void> {
    const { disk, clock, folders } = this.#parts
    if (!isOpenError(error)) throw error
    if ((await folders.look(segment.folder)) === undefined) throw error
    await patientReader(disk, clock, segment.path)(at, error)
    segment.unreadable = true
    const reason = systemCode(error) === 'ENOENT' ? GONE : UNREADABLE
    const events = { first: this.#expected, end: Math.max(this.#expected, segment.nextEvent) }
    if (events.end > events.first) this.#parts.lost(segment, { at, to, events, reason })
    this.#expected = events.end
  }

  async #leave(): Promise<void> {
    const [file, segment] = [this.#file, this.#at?.segment]
    this.#file = undefined
    this.#walk = undefined
    this.#reads = undefined
    this.#window = undefined
    if (file === undefined || segment === undefined) return
    try {
      await file.close()
    } finally {
      segment.readers--
      this.#parts.left()
    }
  }
}
