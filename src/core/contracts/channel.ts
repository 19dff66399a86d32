import type { EventBatch } from '../batch.ts'
import type { Context, Lifecycle } from '../contracts.ts'
import type { ChannelCounters } from '../counters.ts'
import type { MemoryBudget } from '../memory-budget.ts'

export interface ChannelContext extends Context {
  readonly counters: ChannelCounters
  /** What all channels of the agent may keep in memory together. */
  readonly memory: MemoryBudget
}

export interface Channel extends Lifecycle {
  /** Most events it holds; Infinity where only the store bounds it. */
  readonly capacity: number
  /** Most events of one put and of one take. */
  readonly transactionCapacity: number
  /** Events held now, those on loan included. */
  readonly size: number
  /** Whether events survive stop() and a crash; those of other channels are drained before the agent ends. */
  readonly durable: boolean
  /** How many leading events of `batch` one put would take now without waiting; at most transactionCapacity. */
  fits(batch: EventBatch): number
  /** All or nothing. Waits for room as configured, or until `signal` aborts; rejects with ERR_CHANNEL_FULL. */
  put(batch: EventBatch, signal: AbortSignal): Promise<void>
  /** Up to `max` events on loan, at least one, or undefined when there are none. Never waits for more. */
  take(max: number): Promise<Lease | undefined>
  /** Resolves once a take may find events, or when `signal` aborts. */
  filled(signal: AbortSignal): Promise<void>
  /** What else monitoring shows of it. */
  gauges?(): Readonly<Record<string, number | string | boolean>>
  /** Events that it held and lost, since and at start, by reason. */
  skipped?(): Readonly<Record<string, number>>
}

/** Events on loan. Leaving scope without commit() gives them back, in order, to their place. */
export interface Lease extends AsyncDisposable {
  readonly batch: EventBatch
  /** Resolves once the channel will not give these events out again; `ending` cuts short the wait for a disk that refuses. */
  commit(ending?: AbortSignal): Promise<void>
}
