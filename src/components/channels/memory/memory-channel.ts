import type { EventBatch } from '../../../core/batch.ts'
import type { Channel, ChannelContext, Lease } from '../../../core/contracts.ts'
import { AgentError } from '../../../core/errors.ts'
import { formatJavaDouble } from '../../../java/format-double.ts'
import { EventQueue, type Taken } from '../../../store/event-queue.ts'
import { PutQueue } from '../../../store/put-queue.ts'
import type { Account, Space } from '../../../store/space.ts'
import { Wakers } from '../../../store/wakers.ts'

/** A slab this many times larger than the bodies of a put is not kept for it: the bodies are copied. */
const SPARSE = 8

export interface MemoryLimits {
  readonly capacity: number
  readonly transactionCapacity: number
  readonly keepAliveMs: number
  readonly space: Space
}

/** Bounded first-in first-out queue in memory. Events do not survive the agent. */
export class MemoryChannel implements Channel {
  readonly capacity: number
  readonly transactionCapacity: number
  readonly durable = false
  readonly #limits: MemoryLimits
  readonly #context: ChannelContext
  readonly #queue = new EventQueue<Account>()
  readonly #waiting: PutQueue
  readonly #takers = new Wakers()
  #onLoan = 0

  constructor(limits: MemoryLimits, context: ChannelContext) {
    this.#limits = limits
    this.#context = context
    this.#waiting = new PutQueue(context.clock)
    this.capacity = limits.capacity
    this.transactionCapacity = limits.transactionCapacity
  }

  get size(): number {
    return this.#queue.length + this.#onLoan
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  fits(batch: EventBatch): number {
    return this.#waiting.busy ? 0 : this.#fitting(batch)
  }

  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return
    const stored = isSparse(batch) ? batch.compact() : batch
    this.#refuseImpossible(stored)
    if (this.#waiting.busy || this.#fitting(stored) < stored.length) await this.#waitForRoom(stored, signal)
    else this.#store(stored)
  }

  async take(max: number): Promise<Lease | undefined> {
    const taken = this.#queue.take(Math.min(max, this.transactionCapacity))
    return taken === undefined ? undefined : this.#lend(taken)
  }

  oldestArrival(): number | undefined {
    return this.#queue.oldestArrival
  }

  filled(signal: AbortSignal): Promise<void> {
    return this.#queue.length > 0 ? Promise.resolve() : this.#takers.wait(signal)
  }

  #fitting(batch: EventBatch): number {
    const room = Math.min(batch.length, this.transactionCapacity, this.capacity - this.size)
    return room <= 0 ? 0 : this.#limits.space.fits(batch, room)
  }

  #refuseImpossible(batch: EventBatch): void {
    const { transactionCapacity } = this
    if (batch.length > transactionCapacity) {
      throw new AgentError(
        'ERR_BATCH_TOO_LARGE',
        `Put queue for MemoryTransaction of capacity ${transactionCapacity} full, ` +
          'consider committing more frequently, increasing capacity or increasing thread count',
        { events: batch.length }
      )
    }
    if (!this.#limits.space.possible(batch)) {
      throw new AgentError(
        'ERR_BATCH_TOO_LARGE',
        "The events are larger than the channel's whole byte capacity of " +
          `${this.#limits.space.bytes} bytes. Increase byteCapacity.`,
        { events: batch.length, bytes: batch.bodyBytes }
      )
    }
  }

  async #waitForRoom(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (this.#limits.keepAliveMs === 0 && !signal.aborted) throw this.#full(batch)
    const unsubscribe = this.#limits.space.onRelease(() => this.#waiting.admit())
    try {
      await this.#waiting.wait(
        {
          fits: () => this.#fitting(batch) >= batch.length,
          admit: () => this.#store(batch),
          full: () => this.#full(batch)
        },
        this.#limits.keepAliveMs,
        signal
      )
    } finally {
      unsubscribe()
    }
  }

  #full(batch: EventBatch): AgentError {
    const slots = Math.min(batch.length, this.capacity - this.size)
    const message =
      slots < batch.length
        ? "Space for commit to queue couldn't be acquired. Sinks are likely not keeping up with sources, or the buffer size is too tight"
        : `Cannot commit transaction. Byte capacity allocated to store event body ${formatJavaDouble(this.#limits.space.bytes)}reached. ` +
          'Please increase heap space/byte capacity allocated to the channel as the sinks may not be keeping up with the sources'
    return new AgentError('ERR_CHANNEL_FULL', message, { channel: this.#context.name, held: this.size })
  }

  #store(batch: EventBatch): void {
    this.#queue.push(batch, this.#limits.space.reserve(batch), this.#context.clock.monotonic())
    this.#takers.wake()
  }

  #lend({ runs, batch, arrivedAt }: Taken<Account>): Lease {
    this.#onLoan += batch.length
    let open = true
    const close = (settle: () => void): void => {
      if (!open) return
      open = false
      this.#onLoan -= batch.length
      settle()
    }
    return {
      batch,
      arrivedAt,
      commit: async () =>
        close(() => {
          this.#queue.forget(runs)
          for (const run of runs) this.#limits.space.release(run.account, run.batch)
          this.#waiting.admit()
        }),
      [Symbol.asyncDispose]: async () =>
        close(() => {
          this.#queue.giveBack(runs)
          this.#takers.wake()
        })
    }
  }
}

function isSparse(batch: EventBatch): boolean {
  return batch.slab.buffer.byteLength > SPARSE * (batch.bodyBytes + batch.length)
}
