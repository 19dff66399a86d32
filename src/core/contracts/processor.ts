import type { EventBatch } from '../batch.ts'
import type { Context } from '../contracts.ts'

export interface ProcessorContext extends Context {
  /** The channel whose events it hands on: a group whose sinks drain several has one processor for each. */
  readonly channel: string
  /** The members of the group that drain this channel, in the order of the file. */
  readonly sinks: readonly GroupSink[]
}

/** A sink of a group, as the group's processor sees it. */
export interface GroupSink {
  readonly name: string
  readonly health: SinkHealth
  /** As Sink.deliver. */
  deliver(batch: EventBatch, signal: AbortSignal): Promise<void>
  /** Notes that the processor will not ask it for so long; a delivery that succeeds ends it. */
  backOff(ms: number): void
}

/** How a member of a group is doing. Times are those of Clock.monotonic(). */
export interface SinkHealth {
  /** It has started. A delivery to one that has not rejects at once and does not count as a failure. */
  readonly running: boolean
  /** Deliveries that failed since the last one that did not. */
  readonly failures: number
  readonly lastFailureAt: number | undefined
  readonly lastError: unknown
  /** Until when the processor lets it be, as it said by backOff(); undefined once that is over. */
  readonly backsOffUntil: number | undefined
}

/** Chooses among the sinks of a group; started and stopped sinks are the engine's business. One call at a time. */
export interface SinkProcessor {
  deliver(batch: EventBatch, signal: AbortSignal): Promise<void>
}
