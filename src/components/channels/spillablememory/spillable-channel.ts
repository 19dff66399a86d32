import type { EventBatch } from '../../../core/batch.ts'
import type { Channel, ChannelContext, Lease } from '../../../core/contracts.ts'
import { AgentError } from '../../../core/errors.ts'
import { gauge, type GaugesOf } from '../../../core/metrics.ts'
import { LOG_METRICS } from '../../../store/log-watch.ts'
import { PutQueue } from '../../../store/put-queue.ts'
import type { Space } from '../../../store/space.ts'
import { Wakers } from '../../../store/wakers.ts'
import { DrainOrder, type Tier } from './drain-order.ts'
import { MemoryTier } from './memory-tier.ts'
import { SpillStore, type Store } from './spill-store.ts'

export const SPILLABLE_METRICS = {
  MemoryEventCount: gauge('events', 'Events in memory.'),
  OverflowEventCount: gauge('events', 'Events on disk.'),
  ...LOG_METRICS
} as const

export interface SpillableLimits {
  readonly memoryCapacity: number
  /** 0: there is no overflow, and no disk is touched. */
  readonly overflowCapacity: number
  readonly transactionCapacity: number
  readonly overflowTimeoutMs: number
  /** Share of free memory, from 0 to 1, at which puts wait for memory again. */
  readonly deactivationShare: number
  readonly space: Space
  openStore(): Promise<Store>
}

interface Loan {
  commit(ending?: AbortSignal): Promise<void>
  giveBack(): Promise<void>
  /** Gives the events back at once, as the channel closes. */
  recall(): void
}

/** Memory first; whole puts go to a durable log when it is full. First in, first out over both. */
export class SpillableChannel implements Channel {
  readonly capacity: number
  readonly transactionCapacity: number
  readonly durable: boolean
  readonly #limits: SpillableLimits
  readonly #context: ChannelContext
  readonly #order = new DrainOrder()
  readonly #memory: MemoryTier
  readonly #waiting: PutQueue
  readonly #takers = new Wakers()
  readonly #store: SpillStore
  /** Takes back what is on loan. */
  readonly #recalls = new Set<() => void>()
  #isOpen = false
  /** Puts that find no room in memory do not wait for it now. */
  #isSpilling = false

  constructor(limits: SpillableLimits, context: ChannelContext) {
    this.#limits = limits
    this.#context = context
    this.#memory = new MemoryTier(limits.memoryCapacity, limits.space, context.clock)
    this.#store = new SpillStore({
      open: limits.openStore,
      memory: this.#memory,
      order: this.#order,
      context,
      arrived: () => this.#takers.wake()
    })
    this.#waiting = new PutQueue(context.clock)
    this.capacity = limits.memoryCapacity + limits.overflowCapacity
    this.transactionCapacity = limits.transactionCapacity
    this.durable = limits.overflowCapacity > 0
  }

  get size(): number {
    return this.#memory.size + this.#store.size
  }

  /** Events that were lost, by reason. */
  skipped(): Readonly<Record<string, number>> {
    return this.#store.skipped
  }

  /** Where the events are, and, with an overflow, what a file channel shows of its log. */
  gauges(): GaugesOf<typeof SPILLABLE_METRICS> {
    return {
      ...(this.durable ? this.#store.gauges() : {}),
      MemoryEventCount: this.#memory.size,
      OverflowEventCount: this.#store.overflowSize
    }
  }

  /** The files of the overflow. */
  details(): SpillStore['segments'] {
    return this.#store.segments
  }

  oldestArrival(): number | undefined {
    const both = [this.#memory.oldestArrival, this.#store.oldestArrival].filter(at => at !== undefined)
    return both.length === 0 ? undefined : Math.min(...both)
  }

  async start(): Promise<void> {
    if (this.#isOpen) return
    if (this.durable) await this.#store.open()
    this.#isOpen = true
    this.#waiting.admit()
    this.#takers.wake()
  }

  async stop(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    if (!this.durable) return
    for (const recall of this.#recalls) recall()
    this.#recalls.clear()
    await this.#store.close()
  }

  fits(batch: EventBatch): number {
    return this.fitsEach(batch.slice(0, this.transactionCapacity))
  }

  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (batch.length > this.transactionCapacity) this.#refuseLong(batch)
    await this.putEach(batch, signal)
  }

  fitsEach(batch: EventBatch): number {
    if (this.#waiting.busy || !this.#isOpen) return 0
    const inMemory = this.#memory.fits(batch, batch.length)
    return inMemory >= batch.length || !this.#spillsAtOnce
      ? inMemory
      : Math.max(inMemory, this.#store.overflow?.fits(batch) ?? 0)
  }

  async putEach(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return
    this.#refuseImpossible(batch)
    const tier = this.#waiting.busy ? undefined : this.#tierFor(batch)
    return tier === undefined ? this.#wait(batch, signal) : this.#put(tier, batch, signal)
  }

  async take(max: number): Promise<Lease | undefined> {
    if (!this.#isOpen) throw this.#closed()
    const most = Math.min(max, this.transactionCapacity)
    for (let { head } = this.#order; head !== undefined; { head } = this.#order) {
      const lease =
        head.tier === 'memory'
          ? this.#takeMemory(Math.min(most, head.events))
          : await this.#takeOverflow(most)
      if (lease !== undefined) return lease // else others took them, or they were damaged
      if (!this.#isOpen) throw this.#closed()
    }
    return undefined
  }

  filled(signal: AbortSignal): Promise<void> {
    return this.#isOpen && this.#order.head !== undefined ? Promise.resolve() : this.#takers.wait(signal)
  }

  get #spillsAtOnce(): boolean {
    return this.#isSpilling || this.#limits.overflowTimeoutMs === 0 || this.#limits.memoryCapacity === 0
  }

  /** Where the batch can go now, and may. */
  #tierFor(batch: EventBatch): Tier | undefined {
    if (!this.#isOpen) return undefined
    if (this.#memory.fits(batch, batch.length) >= batch.length) return 'memory'
    return this.#spillsAtOnce && this.#overflowFits(batch) ? 'overflow' : undefined
  }

  #overflowFits(batch: EventBatch): boolean {
    return (this.#store.overflow?.fits(batch) ?? 0) >= batch.length
  }

  async #put(tier: Tier, batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (tier === 'memory') {
      this.#memory.put(batch)
      this.#order.add('memory', batch.length)
      this.#takers.wake()
    } else {
      this.#isSpilling = true
      try {
        await this.#store.overflow?.put(batch, signal)
      } finally {
        this.#waiting.admit()
        this.#takers.wake() // where it failed, what came behind it is next
      }
    }
  }

  /** Waits for room; where the time is over before memory has some, the overflow is used from then on. */
  async #wait(batch: EventBatch, signal: AbortSignal): Promise<void> {
    let put: Promise<void> | undefined
    const admit = (): void => {
      put = this.#put(this.#tierFor(batch) ?? 'overflow', batch, signal)
      put.catch(() => {}) // awaited below
    }
    const unsubscribe = this.#limits.space.onRelease(() => this.#waiting.admit())
    try {
      const waiting = { fits: () => this.#tierFor(batch) !== undefined, admit, full: () => this.#full(batch) }
      await this.#waiting.wait(waiting, this.#limits.overflowTimeoutMs, signal)
    } catch (error) {
      const isFull = error instanceof AgentError && error.code === 'ERR_CHANNEL_FULL'
      if (!isFull || !this.#overflowFits(batch)) throw error
      put = this.#put('overflow', batch, signal)
      this.#waiting.admit() // those behind need not wait either
    } finally {
      unsubscribe()
    }
    await put
  }

  #takeMemory(max: number): Lease | undefined {
    const taken = this.#memory.take(max)
    const span = taken === undefined ? undefined : this.#order.take('memory', taken.batch.length)
    if (taken === undefined || span === undefined) return undefined
    const recall = (): void => {
      this.#memory.giveBack(taken.runs)
      this.#order.giveBack(span)
    }
    return this.#lend(taken, {
      recall,
      commit: async () => this.#memory.release(taken.runs),
      giveBack: async () => recall()
    })
  }

  async #takeOverflow(max: number): Promise<Lease | undefined> {
    const { overflow } = this.#store
    const loan = await overflow?.take(max)
    if (overflow === undefined || loan === undefined) return undefined
    if (overflow !== this.#store.overflow) throw this.#closed() // the log keeps them
    return this.#lend(loan.lease, {
      recall: () => this.#order.giveBack(loan.span), // the log keeps them when it closes
      commit: ending => loan.lease.commit(ending),
      giveBack: () => overflow.giveBack(loan)
    })
  }

  #lend({ batch, arrivedAt }: Pick<Lease, 'batch' | 'arrivedAt'>, loan: Loan): Lease {
    let state: 'open' | 'ended' | 'recalled' = 'open'
    const recall = (): void => {
      state = 'recalled'
      loan.recall()
    }
    const end = (): void => {
      state = 'ended'
      this.#recalls.delete(recall)
    }
    this.#recalls.add(recall)
    return {
      batch,
      arrivedAt,
      commit: async ending => {
        if (state === 'recalled') throw this.#closed()
        if (state === 'ended') return
        end() // a commit that is under way at a stop is brought to its end by the log
        await loan.commit(ending)
        if (this.#memory.freeShare >= this.#limits.deactivationShare) this.#isSpilling = false
        this.#waiting.admit()
      },
      [Symbol.asyncDispose]: async () => {
        if (state !== 'open') return
        end()
        await loan.giveBack()
        this.#takers.wake()
      }
    }
  }

  #refuseImpossible(batch: EventBatch): void {
    if (!this.#isOpen) throw this.#closed()
    const { durable } = this
    const { memoryCapacity, overflowCapacity, space } = this.#limits
    const room = Math.max(memoryCapacity, overflowCapacity)
    if (batch.length > room || (!durable && !space.possible(batch))) {
      throw new AgentError(
        'ERR_BATCH_TOO_LARGE',
        'The batch is larger than the channel can ever hold. Increase memoryCapacity, byteCapacity or overflowCapacity.',
        { events: batch.length, bytes: batch.bodyBytes }
      )
    }
  }

  #refuseLong(batch: EventBatch): never {
    this.#refuseImpossible(batch)
    throw new AgentError(
      'ERR_BATCH_TOO_LARGE',
      `Put queue for FileBackedTransaction of capacity ${this.transactionCapacity} full, ` +
        'consider committing more frequently, increasing capacity or increasing thread count. ' +
        `[channel=${this.#context.name}]`,
      { events: batch.length }
    )
  }

  #full(batch: EventBatch): AgentError {
    const facts = { channel: this.#context.name, held: this.size }
    return new AgentError('ERR_CHANNEL_FULL', this.#fullMessage(batch), facts)
  }

  #fullMessage(batch: EventBatch): string {
    if (this.durable) {
      return (
        "The channel has reached it's capacity. This might be the result of a sink on the channel having too low of batch " +
        'size, a downstream system running slower than normal, or that the channel capacity is just too low. ' +
        `[channel=${this.#context.name}]`
      )
    }
    const start = "Spillable Memory Channel's memory capacity has been reached"
    return this.#memory.slots < batch.length
      ? `${start} and overflow is disabled. Consider increasing memoryCapacity.`
      : `${start}.  ${this.#limits.space.free} bytes are free and overflow is disabled. Consider increasing byteCapacity or capacity.`
  }

  #closed(): AgentError {
    const { name } = this.#context
    return new AgentError('ERR_CHANNEL', `Channel closed [channel=${name}]`, { channel: name })
  }
}
