import type { EventBatch } from '../../../core/batch.ts'
import type { Clock } from '../../../core/contracts.ts'
import { EventQueue, type Run } from '../../../store/event-queue.ts'
import type { Account, Space } from '../../../store/space.ts'

/** A slab this many times larger than the bodies of a put is not kept for it: the bodies are copied. */
const SPARSE = 8

/** What the queue knows of a put: what it pays for, and when it came. */
export interface Held {
  readonly account: Account
  /** Monotonic. */
  readonly sinceMs: number
}

/** The part of the channel that is in memory. */
export class MemoryTier {
  readonly #capacity: number
  readonly #space: Space
  readonly #clock: Clock
  readonly #queue = new EventQueue<Held>()
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

  /** How long the oldest event that is not on loan has been here; 0 without any. */
  get oldestAgeMs(): number {
    const oldest = this.#queue.first?.account.sinceMs
    return oldest === undefined ? 0 : this.#clock.monotonic() - oldest
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

  /** Adds a batch, whether it fits or not: ask before. */
  put(batch: EventBatch): void {
    const stored = isSparse(batch) ? batch.compact() : batch
    this.#queue.push(stored, { account: this.#space.reserve(stored), sinceMs: this.#clock.monotonic() })
  }

  /** Up to `max` of the oldest events, to be released or given back. */
  take(max: number): { readonly runs: readonly Run<Held>[]; readonly batch: EventBatch } | undefined {
    const taken = this.#queue.take(max)
    this.#onLoan += taken?.batch.length ?? 0
    return taken
  }

  /** Events on loan are gone for good. */
  release(runs: readonly Run<Held>[]): void {
    for (const { account, batch } of runs) {
      this.#onLoan -= batch.length
      this.#space.release(account.account, batch)
    }
  }

  /** Events on loan come back to their place. */
  giveBack(runs: readonly Run<Held>[]): void {
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
