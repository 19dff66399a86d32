import type { EventBatch } from '../batch.ts'
import type { Context } from '../contracts.ts'
import type { InterceptorCounters } from '../counters.ts'
import type { CountersOf, Metrics, NoMetrics, Observed, TimersOf } from '../metrics.ts'

export interface InterceptorContext<M extends Metrics = NoMetrics> extends Context {
  /** The source whose events pass it. */
  readonly source: string
  /** Those of every interceptor are counted by the engine. */
  readonly counters: Readonly<InterceptorCounters> & CountersOf<M>
  /** Those that the definition declares. */
  readonly timers: TimersOf<M>
}

/** Changes or drops events. Synchronous, no I/O. Returns the same batch when nothing changed. */
export interface Interceptor extends Observed {
  intercept(batch: EventBatch): EventBatch
  /**
   * Where it needs something before the first event: a name looked up, a file read. Interceptors start in their order, before
   * their source and each time that it does; what rejects keeps the source from starting, and both are tried again.
   */
  start?(): Promise<void>
  /** After the source has stopped, in the opposite order. Works before start() and twice. */
  stop?(): Promise<void>
}
