import type { EventBatch } from '../core/batch.ts'
import type { Clock } from '../core/contracts.ts'
import { MemoryBudget } from '../core/memory-budget.ts'
import { Arrivals, monotonicOf } from './arrivals.ts'
import type { EventRange } from './done-set.ts'
import { EventQueue, type Taken } from './event-queue.ts'
import type { LogPosition } from './segment.ts'
import { type Account, SlabSpace } from './space.ts'

/** A slab this many times larger than the bodies of a put is not kept for it: the bodies are copied. */
const SPARSE = 8
/**
 * Puts are joined by copying until they are so many bytes, so that a take that waits for the disk is worth it. Less than
 * the slab of a busy source, which goes out as it is.
 */
const JOIN_BYTES = 512 * 1024

/** What a run of events in memory belongs to. */
interface Held {
  /** Number of its first event in the queue, and in the log. */
  readonly pushed: number
  readonly event: number
  readonly account: Account
}

/** Events on loan. */
export type Loan = Taken<Held>

/** Acknowledged events in memory, in the order of the log, and those on loan. */
export class LogMemory {
  readonly #queue = new EventQueue<Held>(JOIN_BYTES)
  readonly #budget: MemoryBudget
  readonly #space: SlabSpace
  readonly #clock: Clock
  /** Of events that are on the disk alone. */
  readonly #arrivals = new Arrivals()

  constructor(bytes: number, clock: Clock) {
    this.#clock = clock
    this.#budget = new MemoryBudget(bytes)
    this.#space = new SlabSpace(this.#budget)
  }

  get empty(): boolean {
    return this.#queue.length === 0
  }

  /** Bytes that the events keep alive. */
  get bytes(): number {
    return this.#budget.used
  }

  /** Whether there is room to read more. */
  get hungry(): boolean {
    return this.#budget.used <= this.#budget.limit / 2
  }

  /**
   * When the oldest event of the log came, monotonic. None below number `first` is held; where it is of an earlier life
   * and not read back yet, the place that is read next tells about when.
   */
  oldestArrival(first: number, next: LogPosition | undefined): number | undefined {
    const known = this.#queue.oldestArrival ?? this.#arrivals.of(first)
    return known === undefined && next !== undefined ? monotonicOf(next.segment.created, this.#clock) : known
  }

  /** Adds a put of now, whose events follow on all that are here; false when there is no room for it. */
  keep(batch: EventBatch, event: number): boolean {
    const kept = isSparse(batch) ? batch.compact() : batch
    if (this.#space.fits(kept, kept.length) < kept.length) return false
    this.#hold(kept, event, this.#clock.monotonic())
    return true
  }

  /** A put of now, from number `event` on, is not kept here; no event below `held` will be read back. */
  passed(event: number, held: number): void {
    this.#arrivals.forgetBelow(held)
    this.#arrivals.add(event, this.#clock.monotonic())
  }

  /** Adds events that were read back, whether there is room or not; they came in this second of the day. */
  hold(batch: EventBatch, event: number, seconds: number): void {
    this.#hold(batch, event, this.#arrivals.of(event) ?? monotonicOf(seconds * 1000, this.#clock))
  }

  #hold(batch: EventBatch, event: number, arrivedAt: number): void {
    const account = this.#space.reserve(batch)
    this.#queue.push(batch, { pushed: this.#queue.pushed, event, account }, arrivedAt)
  }

  /** Lends at least one and up to `max` events; undefined when there are none. */
  lend(max: number): Loan | undefined {
    return this.#queue.take(max)
  }

  /** Lent events come back to their place. */
  giveBack(loan: Loan): void {
    this.#queue.giveBack(loan.runs)
  }

  /** Lent events are gone for good; returns their numbers in the log. */
  forget(loan: Loan): EventRange[] {
    this.#queue.forget(loan.runs)
    const ranges: EventRange[] = []
    for (const { first, batch, account } of loan.runs) {
      this.#space.release(account.account, batch)
      const from = account.event + first - account.pushed
      const last = ranges.at(-1)
      if (last?.end === from) ranges[ranges.length - 1] = { first: last.first, end: from + batch.length }
      else ranges.push({ first: from, end: from + batch.length })
    }
    return ranges
  }
}

function isSparse(batch: EventBatch): boolean {
  return batch.slab.buffer.byteLength > SPARSE * (batch.bodyBytes + batch.length)
}
