import type { EventBatch } from '../core/batch.ts'
import { MemoryBudget } from '../core/memory-budget.ts'
import type { EventRange } from './done-set.ts'
import { EventQueue, type Run } from './event-queue.ts'
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
  readonly seconds: number
}

/** Events on loan. */
export interface Loan {
  readonly runs: readonly Run<Held>[]
  readonly batch: EventBatch
  /** When the first of them came, in seconds. */
  readonly seconds: number
}

/** Acknowledged events in memory, in the order of the log, and those on loan. */
export class LogMemory {
  readonly #queue = new EventQueue<Held>(JOIN_BYTES)
  readonly #budget: MemoryBudget
  readonly #space: SlabSpace
  readonly #loans = new Set<Loan>()

  constructor(bytes: number) {
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

  /** When the oldest event came, in seconds. */
  get oldestSeconds(): number | undefined {
    const [loan] = this.#loans
    return loan?.seconds ?? this.#queue.first?.account.seconds
  }

  /** Adds a put, whose events follow on all that are here; false when there is no room for it. */
  keep(batch: EventBatch, event: number, seconds: number): boolean {
    const kept = isSparse(batch) ? batch.compact() : batch
    if (this.#space.fits(kept, kept.length) < kept.length) return false
    this.hold(kept, event, seconds)
    return true
  }

  /** Adds events that were read back, whether there is room or not. */
  hold(batch: EventBatch, event: number, seconds: number): void {
    const account = this.#space.reserve(batch)
    this.#queue.push(batch, { pushed: this.#queue.pushed, event, account, seconds })
  }

  /** Lends at least one and up to `max` events; undefined when there are none. */
  lend(max: number): Loan | undefined {
    const taken = this.#queue.take(max)
    if (taken === undefined) return undefined
    const loan = { ...taken, seconds: taken.runs[0]?.account.seconds ?? 0 }
    this.#loans.add(loan)
    return loan
  }

  /** Lent events come back to their place. */
  giveBack(loan: Loan): void {
    this.#loans.delete(loan)
    this.#queue.giveBack(loan.runs)
  }

  /** Lent events are gone for good; returns their numbers in the log. */
  forget(loan: Loan): EventRange[] {
    this.#loans.delete(loan)
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
