import type { EventBatch } from '../../../core/batch.ts'
import type { MemoryBudget } from '../../../core/memory-budget.ts'

/** Flume counts bodies in slots of this many bytes, at least one for each event. */
const SLOT_BYTES = 100

/** What one put pays for until its last event is gone. */
export interface Account {
  readonly slab: ArrayBufferLike
  /** Offsets and headers. */
  readonly overhead: number
  /** Events that are still there. */
  events: number
}

/** How a memory channel limits bytes: what one event costs, and what is left. */
export interface Space {
  /** How many leading events of `batch`, at most `max`, fit now. */
  fits (batch: EventBatch, max: number): number
  /** Whether the whole batch could ever fit. */
  possible (batch: EventBatch): boolean
  /** Pays for a batch; the account goes along with its events. */
  reserve (batch: EventBatch): Account
  /** Some events of an account have left for good. */
  release (account: Account, batch: EventBatch): void
  /** Calls `wake` when room came free elsewhere; returns the function that ends it. */
  onRelease (wake: () => void): () => void
  /** For messages: the limit in bytes. */
  readonly bytes: number
}

/** Flume's own accounting, for those who set byteCapacity: ceil(body / 100) slots for each event. */
export class SlotSpace implements Space {
  readonly bytes: number
  readonly #slots: number
  #used = 0

  constructor (byteCapacity: number, bufferPercentage: number) {
    const slots = Math.trunc(byteCapacity * (1 - bufferPercentage / 100) / SLOT_BYTES)
    this.#slots = slots < 1 ? 2147483647 : slots
    this.bytes = this.#slots * SLOT_BYTES
  }

  fits (batch: EventBatch, max: number): number {
    let left = this.#slots - this.#used
    for (let i = 0; i < max; i++) {
      left -= slotsOf(batch.size(i))
      if (left < 0) return i
    }
    return max
  }

  possible (batch: EventBatch): boolean {
    return slotsOfBatch(batch) <= this.#slots
  }

  reserve (batch: EventBatch): Account {
    this.#used += slotsOfBatch(batch)
    return accountOf(batch)
  }

  release (_account: Account, batch: EventBatch): void {
    this.#used -= slotsOfBatch(batch)
  }

  onRelease (): () => void {
    return () => {}
  }
}

/** What the batches really keep in memory: each slab once, however many batches share it, and the headers. */
export class SlabSpace implements Space {
  readonly #budget: MemoryBudget
  /** Puts that keep a slab alive. */
  readonly #slabs = new Map<ArrayBufferLike, number>()

  constructor (budget: MemoryBudget) {
    this.#budget = budget
  }

  get bytes (): number {
    return this.#budget.limit
  }

  fits (batch: EventBatch, max: number): number {
    const cost = overheadOf(batch) + (this.#slabs.has(batch.slab.buffer) ? 0 : batch.slab.buffer.byteLength)
    return cost <= this.#budget.left ? max : 0
  }

  possible (batch: EventBatch): boolean {
    return overheadOf(batch) + batch.slab.buffer.byteLength <= this.#budget.limit
  }

  reserve (batch: EventBatch): Account {
    const account = accountOf(batch)
    const puts = this.#slabs.get(account.slab) ?? 0
    this.#slabs.set(account.slab, puts + 1)
    this.#budget.reserve(account.overhead + (puts === 0 ? account.slab.byteLength : 0))
    return account
  }

  release (account: Account, batch: EventBatch): void {
    account.events -= batch.length
    if (account.events > 0) return
    const puts = (this.#slabs.get(account.slab) ?? 1) - 1
    if (puts > 0) this.#slabs.set(account.slab, puts)
    else this.#slabs.delete(account.slab)
    this.#budget.release(account.overhead + (puts > 0 ? 0 : account.slab.byteLength))
  }

  onRelease (wake: () => void): () => void {
    return this.#budget.onRelease(wake)
  }
}

function accountOf (batch: EventBatch): Account {
  return { slab: batch.slab.buffer, overhead: overheadOf(batch), events: batch.length }
}

function overheadOf (batch: EventBatch): number {
  return 8 * batch.length + batch.headers.bytes
}

function slotsOf (bytes: number): number {
  return Math.max(1, Math.ceil(bytes / SLOT_BYTES))
}

function slotsOfBatch (batch: EventBatch): number {
  let slots = 0
  for (let i = 0; i < batch.length; i++) slots += slotsOf(batch.size(i))
  return slots
}
