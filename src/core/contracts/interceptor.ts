import type { EventBatch } from '../batch.ts'
import type { Context } from '../contracts.ts'
import type { InterceptorCounters } from '../counters.ts'

export interface InterceptorContext extends Context {
  /** The source whose events pass it. */
  readonly source: string
  /** Counted by the engine. */
  readonly counters: Readonly<InterceptorCounters>
}

/** Changes or drops events. Synchronous, no I/O. Returns the same batch when nothing changed. */
export interface Interceptor {
  intercept(batch: EventBatch): EventBatch
  /**
   * Where it needs something before the first event: a name looked up, a file read. Interceptors start in their order, before
   * their source and each time that it does; what rejects keeps the source from starting, and both are tried again.
   */
  start?(): Promise<void>
  /** After the source has stopped, in the opposite order. Works before start() and twice. */
  stop?(): Promise<void>
}
