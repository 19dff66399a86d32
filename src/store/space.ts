import type { EventBatch } from '../core/batch.ts'
import type { MemoryBudget } from '../core/memory-budget.ts'

/** The memory channel of Flume counts bodies in slots of this many bytes, at least one for each event. */
const SLOT_BYTES = 100
const LATEST_SLABS = 8

/** What one put pays for until its last event is gone. */
export interface Account {
  readonly slab: Slab
  /** Offsets and headers. */
  readonly overhead: number
  /** Events that are still there. */
  events: number
}

/** Memory that several puts may share. */
interface Slab {
  readonly memory: ArrayBufferLike
  /** Puts that keep it alive. */
  puts: number
}

/** How a memory channel limits bytes: what one event costs, and what is left. */
export interface Space {
  /** How many leading events of `batch`, at most `max`, fit now. */
  fits(batch: EventBatch, max: number): number
  /** Whether the whole batch could ever fit. */
  possible(batch: EventBatch): boolean
  /** Pays for a batch; the account goes along with its events. */
  reserve(batch: EventBatch): Account
  /** Some events of an account have left for good. */
  release(account: Account, batch: EventBatch): void
  /** Calls `wake` when room came free elsewhere; returns the function that ends it. */
  onRelease(wake: () => void): () => void
  /** For messages: the limit in bytes, and how many of them are free. */
  readonly bytes: number
  readonly free: number
}

/** Flume's own accounting, for those who set byteCapacity: ceil(body / slot) slots for each event. */
export class SlotSpace implements Space {
  readonly bytes: number
  readonly #slots: number
  readonly #slotBytes: number
  #used = 0

  constructor(byteCapacity: number, bufferPercentage: number, slotBytes: number = SLOT_BYTES) {
    const slots = Math.trunc((byteCapacity * (1 - bufferPercentage / 100)) / slotBytes)
    this.#slotBytes = slotBytes
    this.#slots = slots < 1 ? 2147483647 : slots
    this.bytes = this.#slots * slotBytes
  }

  get free(): number {
    return (this.#slots - this.#used) * this.#slotBytes
  }

  fits(batch: EventBatch, max: number): number {
    let left = this.#slots - this.#used
    for (let i = 0; i < max; i++) {
      left -= this.#slotsOf(batch.size(i))
      if (left < 0) return i
    }
    return max
  }

  possible(batch: EventBatch): boolean {
    return this.#slotsOfBatch(batch) <= this.#slots
  }

  reserve(batch: EventBatch): Account {
    this.#used += this.#slotsOfBatch(batch)
    return { slab: { memory: batch.slab.buffer, puts: 1 }, overhead: 0, events: batch.length }
  }

  release(_account: Account, batch: EventBatch): void {
    this.#used -= this.#slotsOfBatch(batch)
  }

  onRelease(): () => void {
    return () => {}
  }

  #slotsOf(bytes: number): number {
    return Math.max(1, Math.ceil(bytes / this.#slotBytes))
  }

  #slotsOfBatch(batch: EventBatch): number {
    let slots = 0
    for (let i = 0; i < batch.length; i++) slots += this.#slotsOf(batch.size(i))
    return slots
  }
}

/** What the batches really keep in memory: each slab once, however many batches share it, and the headers. */
export class SlabSpace implements Space {
  readonly #budget: MemoryBudget
  /** The slabs of the latest puts. A put that shares an older one pays for it again, which is rare and on the safe side. */
  readonly #latest: Slab[] = []

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  get bytes(): number {
    return this.#budget.limit
  }

  get free(): number {
    return this.#budget.left
  }

  fits(batch: EventBatch, max: number): number {
    const paid = this.#slabOf(batch) !== undefined
    const cost = overheadOf(batch) + (paid ? 0 : batch.slab.buffer.byteLength)
    return cost <= this.#budget.left ? max : 0
  }

  possible(batch: EventBatch): boolean {
    return overheadOf(batch) + batch.slab.buffer.byteLength <= this.#budget.limit
  }

  reserve(batch: EventBatch): Account {
    const slab = this.#slabOf(batch) ?? this.#newSlab(batch)
    slab.puts++
    const overhead = overheadOf(batch)
    this.#budget.reserve(overhead)
    return { slab, overhead, events: batch.length }
  }

  release(account: Account, batch: EventBatch): void {
    account.events -= batch.length
    if (account.events > 0) return
    const { slab, overhead } = account
    slab.puts--
    if (slab.puts === 0) {
      const at = this.#latest.indexOf(slab)
      if (at >= 0) this.#latest.splice(at, 1)
      this.#budget.release(slab.memory.byteLength)
    }
    this.#budget.release(overhead)
  }

  onRelease(wake: () => void): () => void {
    return this.#budget.onRelease(wake)
  }

  #slabOf(batch: EventBatch): Slab | undefined {
    const memory = batch.slab.buffer
    return this.#latest.find(slab => slab.memory === memory)
  }

  #newSlab(batch: EventBatch): Slab {
    const slab: Slab = { memory: batch.slab.buffer, puts: 0 }
    this.#budget.reserve(slab.memory.byteLength)
    if (this.#latest.length === LATEST_SLABS) this.#latest.shift()
    this.#latest.push(slab)
    return slab
  }
}

function overheadOf(batch: EventBatch): number {
  return 8 * batch.length + batch.headers.bytes
}
