import type { EventBatch } from '../batch.ts'
import type { Context, Lifecycle } from '../contracts.ts'
import type { OwnSourceCounters } from '../counters.ts'
import type { AgentError } from '../errors.ts'
import type { InputBudget } from '../input-budget.ts'
import type { CountersOf, Metrics, NoMetrics, Observed, TimersOf } from '../metrics.ts'

export interface SourceContext<M extends Metrics = NoMetrics> extends Context {
  /** Connections and calls. Events are counted by the engine as they are ingested. */
  readonly counters: OwnSourceCounters & CountersOf<M>
  /** Those that the definition declares. */
  readonly timers: TimersOf<M>
  /** What all sources of the agent may have read that no channel holds yet: ask it before reading, whatever is read. */
  readonly input: InputBudget
  /** Resolves when every required channel holds the whole batch; only then may the source acknowledge. */
  ingest(batch: EventBatch): Promise<void>
  /**
   * How many leading events ingestEach() would store now without waiting for room. A batch that fits whole may be
   * ingested while others are under way that fitted whole, too: its events keep their place behind theirs.
   */
  fits(batch: EventBatch): number
  /**
   * For events that stand alone: offers each to the channels once, in pieces that these can hold, waits for room, and
   * stops behind the first piece of which any is refused. A batch that fits whole is one piece. Never rejects. Do not
   * offer again what was tried, unless its sender asks for it: a channel may hold what another refused.
   */
  ingestEach(batch: EventBatch): Promise<IngestResult>
  /**
   * As ingest, for many callers with small batches: what they bring within one turn of the loop goes to the channels
   * together, as far as there is room for all of it. Each call is answered for its own batch, all or nothing.
   */
  ingestShared(batch: EventBatch): Promise<void>
  /**
   * As ingestEach, for events whose sender gets no answer: what is refused is skipped, and counted as rejected by its
   * reason. Resolves to how many were stored; never rejects.
   */
  offer(batch: EventBatch): Promise<number>
  /** Tells the balance sheet that `events` came in and were not handed on, and why. */
  dropped(reason: string, events: number): void
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

export interface Source extends Lifecycle, Observed {
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
