import type { EventBatch } from '../batch.ts'
import type { Context, Lifecycle } from '../contracts.ts'
import type { OwnSinkCounters } from '../counters.ts'
import type { CountersOf, Metrics, NoMetrics, Observed, TimersOf } from '../metrics.ts'

export interface SinkContext<M extends Metrics = NoMetrics> extends Context {
  /** Connections. Events are counted by the engine. */
  readonly counters: OwnSinkCounters & CountersOf<M>
  /** Those that the definition declares. */
  readonly timers: TimersOf<M>
  /** Tells the balance sheet that `events` of the batch in hand were given up on purpose. */
  dropped(reason: string, events: number): void
}

/**
 * Resolves when the whole batch is delivered, rejects when any of it is not. ERR_DELIVERY lets the engine back
 * off by 1 s, 2 s … 5 s, any other error by 5 s. One call at a time.
 */
export interface Sink extends Lifecycle, Observed {
  deliver(batch: EventBatch, signal: AbortSignal): Promise<void>
  /** Where the events go, in a few words for the operator. */
  describe?(): string
}
