import { gauge, label, type Details, type GaugesOf } from '../core/metrics.ts'
import type { DoneSet } from './done-set.ts'
import { freedPath, type SegmentPool } from './segment-pool.ts'
import type { Segment } from './segment.ts'

/** What is shown of them, oldest first. */
export const SEGMENT_COLUMNS = {
  state: label('`writing`, or `full`.'),
  events: gauge('events', 'Events in it that are not delivered yet.'),
  bytes: gauge('bytes', 'Written so far.'),
  sizeBytes: gauge('bytes', 'Most that it holds.')
} as const

export type LogSegments = Details<GaugesOf<typeof SEGMENT_COLUMNS>>

/** The segments of a log that hold, or may hold, what is needed. */
export class LiveSegments {
  /** By id. */
  readonly all: Segment[]
  /** Of this life: older segments may go once it is on the disk. */
  readonly #firstOwnId: number
  /** On the disk. */
  readonly #done: DoneSet
  readonly #pool: SegmentPool

  /** Segments found at start; those from `firstOwnId` on are of this life. */
  constructor(found: Segment[], firstOwnId: number, done: DoneSet, pool: SegmentPool) {
    this.all = found
    this.#firstOwnId = firstOwnId
    this.#done = done
    this.#pool = pool
  }

  /** As SEGMENT_COLUMNS says. */
  get details(): LogSegments {
    const rows = this.all.values().map(({ path, file, end, size, firstEvent, nextEvent }) => ({
      name: path,
      state: file === undefined ? 'full' : 'writing',
      events: this.#done.countUndone(firstEvent, nextEvent),
      bytes: end,
      sizeBytes: size
    }))
    return { total: this.all.length, rows }
  }

  /** A segment is being written to from now on; what older ones have of events from `from` on is void. */
  begun(segment: Segment, from: number): void {
    for (const older of this.all) {
      if (older.nextEvent <= from) continue
      older.nextEvent = from
      older.firstEvent = Math.min(older.firstEvent, from)
      older.tailEvents = 0
    }
    this.all.push(segment)
  }

  /**
   * The first and the last segment with events that are not among those. None that holds nothing: a reader keeps the
   * segment that it is in, and a full disk may need it.
   */
  heldBut(done: DoneSet): [first: Segment | undefined, last: Segment | undefined] {
    const isHeld = ({ firstEvent, nextEvent }: Segment): boolean => !done.covers(firstEvent, nextEvent)
    return [this.all.find(isHeld), this.all.findLast(isHeld)]
  }

  /**
   * Gives back segments that hold nothing that is needed; `reading` is needed by a reader. Returns whether this life has
   * begun: its first state is on the disk.
   */
  collect(reading: Segment | undefined): boolean {
    const newest = this.all.findLast(({ stated }) => stated)
    if (newest === undefined || newest.id < this.#firstOwnId) return false
    for (const segment of [...this.all]) {
      if (segment.id >= newest.id || segment.file !== undefined || segment.readers > 0) continue
      if (segment === reading) continue
      if (!this.#done.covers(segment.firstEvent, segment.nextEvent)) continue
      this.all.splice(this.all.indexOf(segment), 1)
      // Files that changed names: there may be one under each other's number.
      const freed = freedPath(segment)
      this.#pool.release(
        segment,
        this.all.some(({ path }) => path === freed)
      )
    }
    return true
  }
}
