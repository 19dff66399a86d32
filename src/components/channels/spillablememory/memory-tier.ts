import type { EventBatch } from '../../../core/batch.ts'
import type { Clock } from '../../../core/contracts.ts'
import { EventQueue, type Run, type Taken } from '../../../store/event-queue.ts'
import type { Account, Space } from '../../../store/space.ts'

/** A slab this many times larger than the bodies of a put is not kept for it: the bodies are copied. */
const SPARSE = 8

/** The part of the channel that is in memory. */
export class MemoryTier {
  readonly #capacity: number
  readonly #space: Space
  readonly #clock: Clock
  readonly #queue = new EventQueue<Account>()
  #onLoan = 0

  constructor(capacity: number, space: Space, clock: Clock) {
    this.#capacity = capacity
    this.#space = space
    this.#clock = clock
  }

  /** Events held, those on loan included. */
  get size(): number {
    return this.#queue.length + this.#onLoan
  }

  /** When the oldest event came, those on loan included; monotonic. */
  get oldestArrival(): number | undefined {
    return this.#queue.oldestArrival
  }

  /** Events for which there is room, bytes apart. */
  get slots(): number {
    return this.#capacity - this.size
  }

  /** Free part of the slots, from 0 to 1. */
  get freeShare(): number {
    return this.#capacity === 0 ? 0 : this.slots / this.#capacity
  }

  /** How many leading events of `batch`, at most `max`, fit now. */
  fits(batch: EventBatch, max: number): number {
    const room = Math.min(max, this.slots)
    return room <= 0 ? 0 : this.#space.fits(batch, room)
  }

  /** Adds a batch, whether it fits or not: ask before. It came now, unless it says when. */
  put(batch: EventBatch, arrivedAt = this.#clock.monotonic()): void {
    const stored = isSparse(batch) ? batch.compact() : batch
    this.#queue.push(stored, this.#space.reserve(stored), arrivedAt)
  }

  /** Up to `max` of the oldest events, to be released or given back. */
  take(max: number): Taken<Account> | undefined {
    const taken = this.#queue.take(max)
    this.#onLoan += taken?.batch.length ?? 0
    return taken
  }

  /** Events on loan are gone for good. */
  release(runs: readonly Run<Account>[]): void {
    this.#queue.forget(runs)
    for (const { account, batch } of runs) {
      this.#onLoan -= batch.length
      this.#space.release(account, batch)
    }
  }

  /** Events on loan come back to their place. */
  giveBack(runs: readonly Run<Account>[]): void {
    for (const { batch } of runs) this.#onLoan -= batch.length
    this.#queue.giveBack(runs)
  }

  /** Removes all events that are not on loan, in order. */
  drain(): EventBatch[] {
    const batches: EventBatch[] = []
    for (let taken = this.take(Infinity); taken !== undefined; taken = this.take(Infinity)) {
      batches.push(taken.batch)
      this.release(taken.runs)
    }
    return batches
  }
}

function isSparse(batch: EventBatch): boolean {
  return batch.slab.buffer.byteLength > SPARSE * (batch.bodyBytes + batch.length)
}
