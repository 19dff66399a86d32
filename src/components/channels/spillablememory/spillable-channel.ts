import type { EventBatch } from '../../../core/batch.ts'
import type { Channel, ChannelContext, Lease } from '../../../core/contracts.ts'
import { AgentError, messageOf } from '../../../core/errors.ts'
import { PutQueue } from '../../../store/put-queue.ts'
import type { Space } from '../../../store/space.ts'
import { Wakers } from '../../../store/wakers.ts'
import { DrainOrder, type Tier } from './drain-order.ts'
import type { MemoryFile } from './memory-file.ts'
import { MemoryTier } from './memory-tier.ts'
import { Overflow, type OverflowLog } from './overflow.ts'

/** The disk side of the channel, opened at each start. */
export interface Store {
  readonly log: OverflowLog
  readonly memoryFile: MemoryFile
  /** Closes the log and gives up its folders. */
  close(): Promise<void>
}

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
  #store: Store | undefined
  #overflow: Overflow | undefined
  #isOpen = false
  /** Puts that find no room in memory do not wait for it now. */
  #isSpilling = false

  constructor(limits: SpillableLimits, context: ChannelContext) {
    this.#limits = limits
    this.#context = context
    this.#memory = new MemoryTier(limits.memoryCapacity, limits.space)
    this.#waiting = new PutQueue(context.clock)
    this.capacity = limits.memoryCapacity + limits.overflowCapacity
    this.transactionCapacity = limits.transactionCapacity
    this.durable = limits.overflowCapacity > 0
  }

  get size(): number {
    return this.#memory.size + (this.#overflow?.size ?? 0)
  }

  /** Events that were lost with damaged parts of the log, by reason. */
  skipped(): Readonly<Record<string, number>> {
    return this.#store?.log.skippedByReason ?? {}
  }

  async start(): Promise<void> {
    if (this.#isOpen) return
    if (this.#limits.overflowCapacity > 0 && this.#overflow === undefined) await this.#openOverflow()
    this.#isOpen = true
    this.#waiting.admit()
    this.#takers.wake()
  }

  async stop(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    const [store, overflow] = [this.#store, this.#overflow]
    if (store === undefined || overflow === undefined) return
    try {
      await this.#saveMemory(store)
    } finally {
      this.#store = undefined
      this.#overflow = undefined
      this.#order.clear()
      await overflow.idle()
      await store.close()
    }
  }

  fits(batch: EventBatch): number {
    if (this.#waiting.busy || !this.#isOpen) return 0
    const most = Math.min(batch.length, this.transactionCapacity)
    const inMemory = this.#memory.fits(batch, most)
    return inMemory >= most || !this.#spillsAtOnce
      ? inMemory
      : Math.max(inMemory, this.#overflow?.fits(batch) ?? 0)
  }

  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
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
    }
    return undefined
  }

  filled(signal: AbortSignal): Promise<void> {
    return this.#isOpen && this.#order.length > 0 ? Promise.resolve() : this.#takers.wait(signal)
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
    return (this.#overflow?.fits(batch) ?? 0) >= batch.length
  }

  async #put(tier: Tier, batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (tier === 'memory') {
      this.#memory.put(batch)
      this.#order.add('memory', batch.length)
    } else {
      this.#isSpilling = true
      try {
        await this.#overflow?.put(batch, signal)
      } finally {
        this.#waiting.admit()
      }
    }
    this.#takers.wake()
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
    return this.#lend(taken.batch, {
      commit: async () => this.#memory.release(taken.runs),
      giveBack: async () => {
        this.#memory.giveBack(taken.runs)
        this.#order.giveBack(span)
      }
    })
  }

  async #takeOverflow(max: number): Promise<Lease | undefined> {
    const overflow = this.#overflow
    const loan = await overflow?.take(max)
    if (overflow === undefined || loan === undefined) return undefined
    return this.#lend(loan.lease.batch, {
      commit: () => loan.lease.commit(),
      giveBack: () => overflow.giveBack(loan)
    })
  }

  #lend(batch: EventBatch, loan: { commit(): Promise<void>; giveBack(): Promise<void> }): Lease {
    let isOpen = true
    return {
      batch,
      commit: async () => {
        if (!isOpen) return
        await loan.commit()
        isOpen = false
        if (this.#memory.freeShare >= this.#limits.deactivationShare) this.#isSpilling = false
        this.#waiting.admit()
      },
      [Symbol.asyncDispose]: async () => {
        if (!isOpen) return
        isOpen = false
        await loan.giveBack()
        this.#takers.wake()
      }
    }
  }

  async #openOverflow(): Promise<void> {
    const store = await this.#limits.openStore()
    try {
      const saved = await store.memoryFile.load()
      const runs = saved === undefined ? [] : this.#runsOf(saved.runs, store.log.size, saved.batches)
      for (const batch of saved?.batches ?? []) this.#memory.put(batch)
      for (const [tier, events] of runs) this.#order.add(tier, events)
      if (saved === undefined) this.#order.add('overflow', store.log.size)
      else await store.memoryFile.remove()
      this.#store = store
      this.#overflow = new Overflow(store.log, this.#order)
    } catch (error) {
      await store.close()
      throw error
    }
  }

  /** The saved order, where it fits what is there; else the overflow comes first. */
  #runsOf(
    saved: readonly (readonly [Tier, number])[],
    overflow: number,
    batches: readonly EventBatch[]
  ): readonly (readonly [Tier, number])[] {
    const sum = (wanted: Tier): number =>
      saved.reduce((total, [tier, events]) => (tier === wanted ? total + events : total), 0)
    const memory = batches.reduce((total, batch) => total + batch.length, 0)
    if (sum('overflow') === overflow && sum('memory') === memory) return saved
    this.#context.log.warn(
      'The overflow is not as the last stop left it; its events come before those that were in memory.',
      {
        expected: sum('overflow'),
        found: overflow,
        memory
      }
    )
    return [
      ['overflow', overflow],
      ['memory', memory]
    ]
  }

  /** Events in memory survive a clean stop. */
  async #saveMemory(store: Store): Promise<void> {
    const events = this.#memory.size
    if (events === 0) return
    const { runs } = this.#order
    try {
      await store.memoryFile.save({ runs, batches: this.#memory.drain() })
      this.#context.log.info('The events in memory were written to disk.', { events })
    } catch (error) {
      this.#context.log.error('The events in memory could not be written to disk and are lost.', {
        events,
        reason: messageOf(error),
        error
      })
    }
  }

  #refuseImpossible(batch: EventBatch): void {
    if (!this.#isOpen) throw this.#closed()
    const { transactionCapacity, durable } = this
    const { memoryCapacity, overflowCapacity, space } = this.#limits
    if (batch.length > transactionCapacity) {
      throw new AgentError(
        'ERR_BATCH_TOO_LARGE',
        `Put queue for FileBackedTransaction of capacity ${transactionCapacity} full, ` +
          'consider committing more frequently, increasing capacity or increasing thread count. ' +
          `[channel=${this.#context.name}]`,
        { events: batch.length }
      )
    }
    if (batch.length > Math.max(memoryCapacity, overflowCapacity) || (!durable && !space.possible(batch))) {
      throw new AgentError(
        'ERR_BATCH_TOO_LARGE',
        'The batch is larger than the channel can ever hold. Increase memoryCapacity, byteCapacity or overflowCapacity.',
        { events: batch.length, bytes: batch.bodyBytes }
      )
    }
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
      : `${start}.  The bytes are not free and overflow is disabled. Consider increasing byteCapacity or capacity.`
  }

  #closed(): AgentError {
    const { name } = this.#context
    return new AgentError('ERR_CHANNEL', `Channel closed [channel=${name}]`, { channel: name })
  }
}
