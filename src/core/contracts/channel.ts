import type { EventBatch } from '../batch.ts'
import type { Context, Lifecycle } from '../contracts.ts'
import type { ChannelCounters } from '../counters.ts'
import type { MemoryBudget } from '../memory-budget.ts'
import type { CountersOf, Metrics, NoMetrics, Observed, TimersOf } from '../metrics.ts'

export interface ChannelContext<M extends Metrics = NoMetrics> extends Context {
  readonly counters: ChannelCounters & CountersOf<M>
  /** Those that the definition declares. */
  readonly timers: TimersOf<M>
  /** What all channels of the agent may keep in memory together. */
  readonly memory: MemoryBudget
}

export interface Channel extends Lifecycle, Observed {
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
  /**
   * The same two for events that stand alone, so that a transaction need not hold them all; where a put waits for a
   * disk. Absent: `fits` and `put` are used. Still all or nothing: of what is refused, nothing later is stored.
   */
  fitsEach?(batch: EventBatch): number
  putEach?(batch: EventBatch, signal: AbortSignal): Promise<void>
  /** Up to `max` events on loan, at least one, or undefined when there are none. Never waits for more. */
  take(max: number): Promise<Lease | undefined>
  /** Resolves once a take may find events, or when `signal` aborts. */
  filled(signal: AbortSignal): Promise<void>
  /** When the oldest event held came, those on loan included, as Lease.arrivedAt; undefined when there is none. */
  oldestArrival?(): number | undefined
  /** Events that it held and lost, since and at start, by reason. */
  skipped?(): Readonly<Record<string, number>>
}

/** Events on loan. Leaving scope without commit() gives them back, in order, to their place. */
export interface Lease extends AsyncDisposable {
  readonly batch: EventBatch
  /** When the oldest of them came, monotonic; before this start, as the time of day tells. Absent: nobody knows. */
  readonly arrivedAt?: number | undefined
  /** Resolves once the channel will not give these events out again; `ending` cuts short the wait for a disk that refuses. */
  commit(ending?: AbortSignal): Promise<void>
}
