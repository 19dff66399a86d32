import type { EventBatch } from '../../../core/batch.ts'
import type { Channel, ChannelContext, Lease } from '../../../core/contracts.ts'
import { AgentError } from '../../../core/errors.ts'
import { EventQueue, type Run } from './event-queue.ts'
import type { Space } from './space.ts'

/** A slab this many times larger than the bodies of a put is not kept for it: the bodies are copied. */
const SPARSE = 8

export interface MemoryLimits {
  readonly capacity: number
  readonly transactionCapacity: number
  readonly keepAliveMs: number
  readonly space: Space
}

interface Waiting {
  readonly batch: EventBatch
  readonly admit: () => void
}

/** Bounded first-in first-out queue in memory. Events do not survive the agent. */
export class MemoryChannel implements Channel {
  readonly capacity: number
  readonly transactionCapacity: number
  readonly durable = false
  readonly #limits: MemoryLimits
  readonly #context: ChannelContext
  readonly #queue = new EventQueue()
  readonly #waiting = new Set<Waiting>()
  #takers: (() => void)[] = []
  #onLoan = 0

  constructor(limits: MemoryLimits, context: ChannelContext) {
    this.#limits = limits
    this.#context = context
    this.capacity = limits.capacity
    this.transactionCapacity = limits.transactionCapacity
  }

  get size(): number {
    return this.#queue.length + this.#onLoan
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  fits(batch: EventBatch): number {
    return this.#waiting.size > 0 ? 0 : this.#fitting(batch)
  }

  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return
    const stored = isSparse(batch) ? batch.compact() : batch
    this.#refuseImpossible(stored)
    if (this.#waiting.size > 0 || this.#fitting(stored) < stored.length)
      await this.#waitForRoom(stored, signal)
    else this.#store(stored)
  }

  async take(max: number): Promise<Lease | undefined> {
    const taken = this.#queue.take(Math.min(max, this.transactionCapacity))
    return taken === undefined ? undefined : this.#lend(taken.runs, taken.batch)
  }

  filled(signal: AbortSignal): Promise<void> {
    if (this.#queue.length > 0 || signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        resolve()
      }
      signal.addEventListener('abort', wake, { once: true })
      this.#takers.push(wake)
    })
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

  #waitForRoom(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(stopping())
    if (this.#limits.keepAliveMs === 0) return Promise.reject(this.#full(batch))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const end = (settle: () => void): void => {
      cancel()
      unsubscribe()
      signal.removeEventListener('abort', abort)
      this.#waiting.delete(waiting)
      settle()
      this.#admit()
    }
    const waiting: Waiting = {
      batch,
      admit: () => {
        this.#store(batch)
        end(resolve)
      }
    }
    const abort = (): void => end(() => reject(stopping()))
    const cancel = this.#context.clock.after(this.#limits.keepAliveMs, () =>
      end(() => reject(this.#full(batch)))
    )
    const unsubscribe = this.#limits.space.onRelease(() => this.#admit())
    signal.addEventListener('abort', abort, { once: true })
    this.#waiting.add(waiting)
    return promise
  }

  /** Lets those in that waited longest, as long as they fit. */
  #admit(): void {
    const [first] = this.#waiting
    if (first !== undefined && this.#fitting(first.batch) >= first.batch.length) first.admit()
  }

  #full(batch: EventBatch): AgentError {
    const slots = Math.min(batch.length, this.capacity - this.size)
    const message =
      slots < batch.length
        ? "Space for commit to queue couldn't be acquired. Sinks are likely not keeping up with sources, or the buffer size is too tight"
        : `Cannot commit transaction. Byte capacity allocated to store event body ${this.#limits.space.bytes} reached. ` +
          'Please increase heap space/byte capacity allocated to the channel as the sinks may not be keeping up with the sources'
    return new AgentError('ERR_CHANNEL_FULL', message, { channel: this.#context.name, held: this.size })
  }

  #store(batch: EventBatch): void {
    this.#queue.push(batch, this.#limits.space.reserve(batch))
    this.#wakeTakers()
  }

  #lend(runs: readonly Run[], batch: EventBatch): Lease {
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
      commit: async () =>
        close(() => {
          for (const run of runs) this.#limits.space.release(run.account, run.batch)
          this.#admit()
        }),
      [Symbol.asyncDispose]: async () =>
        close(() => {
          this.#queue.giveBack(runs)
          this.#wakeTakers()
        })
    }
  }

  #wakeTakers(): void {
    if (this.#takers.length === 0) return
    const takers = this.#takers
    this.#takers = []
    for (const wake of takers) wake()
  }
}

function isSparse(batch: EventBatch): boolean {
  return batch.slab.buffer.byteLength > SPARSE * (batch.bodyBytes + batch.length)
}

function stopping(): AgentError {
  return new AgentError('ERR_STOPPED', 'The agent is stopping.')
}
