import type { EventBatch } from '../batch.ts'
import type { Context, Lifecycle } from '../contracts.ts'
import type { SourceCounters } from '../counters.ts'
import type { AgentError } from '../errors.ts'

export interface SourceContext extends Context {
  readonly counters: SourceCounters
  /** Resolves when every required channel holds the whole batch; only then may the source acknowledge. */
  ingest(batch: EventBatch): Promise<void>
  /**
   * How many leading events the channels would take now without waiting. A batch that fits whole may be ingested while
   * others are under way that fitted whole, too: its events keep their place behind theirs.
   */
  fits(batch: EventBatch): number
  /**
   * For events that stand alone: offers each to the channels once, in pieces that these can hold, waits for room, and
   * stops behind the first piece of which any is refused. A batch that fits whole is one piece. Never rejects. Do not
   * offer again what was tried, unless its sender asks for it: a channel may hold what another refused.
   */
  ingestEach(batch: EventBatch): Promise<IngestResult>
}

/** Neighbours in a list of independent events that were refused for the same reason. */
export interface Refusal {
  readonly from: number
  /** Not included. */
  readonly to: number
  readonly error: AgentError
}

/** How far a list of independent events got. */
export interface IngestResult {
  /** Leading events that were tried, each once; those behind them were not touched. */
  readonly tried: number
  /** Those of them that were refused, in order; every required channel holds the others. */
  readonly refusals: readonly Refusal[]
}

export interface Source extends Lifecycle {
  /** Where the events come from, in a few words for the operator, once started. */
  describe?(): string
}

/** A source that is asked for events in a loop; it ingests what it finds. */
export interface PolledSource extends Source {
  /** Pauses grow by `incrementMs` up to `maxMs` while polls find nothing. */
  readonly backoff: { readonly incrementMs: number; readonly maxMs: number }
  /** Resolves to whether there was anything; rejects when the channels refused it. */
  poll(signal: AbortSignal): Promise<boolean>
}
