import type { EventBatch } from './batch.ts'
import type { ChannelCounters, OwnSinkCounters, OwnSourceCounters } from './counters.ts'
import type { AgentError, Facts } from './errors.ts'
import type { MemoryBudget } from './memory-budget.ts'
import type { CountersOf, Metrics, NoMetrics, Observed, TimersOf } from './metrics.ts'

/** start() resolves once the part does its job; stop() once it holds nothing. Both may be called twice. */
export interface Lifecycle {
  start(): Promise<void>
  stop(): Promise<void>
}

/** A constant sentence, and the facts beside it. */
export interface Log {
  debug(message: string, facts?: Facts): void
  info(message: string, facts?: Facts): void
  warn(message: string, facts?: Facts): void
  error(message: string, facts?: Facts): void
}

/** Time comes in, so that tests own it. */
export interface Clock {
  /** Milliseconds since the epoch, for names and what people read: it jumps when the computer's time is set. */
  now(): number
  /** Milliseconds since some moment, for everything that lasts: it only ever goes on, whatever the time is set to. */
  monotonic(): number
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `task` once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, task: () => void): () => void
}

/** What surrounds the agent. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** System properties given with `-D`. */
  readonly properties: Readonly<Record<string, string>>
  /** The folder of `--conf`, where site files are looked for. */
  readonly configDirectory: string | undefined
}

/** What every component is given. */
export interface Context {
  /** The component's name in the configuration. */
  readonly name: string
  readonly log: Log
  readonly clock: Clock
  readonly environment: Environment
  /** Reports that the component broke by itself: it is stopped and started again. */
  fail(error: unknown): void
  /** A package that the definition `needs`, loaded from where plug-ins are; rejects with ERR_START when it is not there. */
  load(name: string): Promise<unknown>
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

export interface SourceContext<M extends Metrics = NoMetrics> extends Context {
  /** Connections and calls. Events are counted by the engine as they are ingested. */
  readonly counters: OwnSourceCounters & CountersOf<M>
  /** Those that the definition declares. */
  readonly timers: TimersOf<M>
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

export interface ChannelContext<M extends Metrics = NoMetrics> extends Context {
  readonly counters: ChannelCounters & CountersOf<M>
  /** Those that the definition declares. */
  readonly timers: TimersOf<M>
  /** What all channels of the agent may keep in memory together. */
  readonly memory: MemoryBudget
}

export interface SinkContext<M extends Metrics = NoMetrics> extends Context {
  /** Connections. Events are counted by the engine. */
  readonly counters: OwnSinkCounters & CountersOf<M>
  /** Those that the definition declares. */
  readonly timers: TimersOf<M>
  /** Tells the balance sheet that `events` of the batch in hand were given up on purpose. */
  dropped(reason: string, events: number): void
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

/** Changes or drops events. Synchronous, no I/O. Returns the same batch when nothing changed. */
export interface Interceptor {
  intercept(batch: EventBatch): EventBatch
}

/** One channel's share of a batch. A failing optional route does not fail the batch. */
export interface Route {
  readonly channel: string
  readonly batch: EventBatch
  readonly required: boolean
}

/** Decides which channels get which events. Routes keep the order of the batch. */
export interface Selector {
  route(batch: EventBatch): readonly Route[]
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

/**
 * Resolves when the whole batch is delivered, rejects when any of it is not. ERR_DELIVERY lets the engine back
 * off by 1 s, 2 s … 5 s, any other error by 5 s. One call at a time.
 */
export interface Sink extends Lifecycle, Observed {
  deliver(batch: EventBatch, signal: AbortSignal): Promise<void>
  /** Where the events go, in a few words for the operator. */
  describe?(): string
}

/** Chooses among the sinks of a group; started and stopped sinks are the engine's business. */
export interface SinkProcessor {
  deliver(batch: EventBatch, signal: AbortSignal): Promise<void>
}

/** Turns batches into the bytes of one file. Synchronous; used for one file, then thrown away. */
export interface EventSerializer {
  /**
   * Where present, awaited before write(): fetches what these events need. Resolves to how many leading events go
   * into this file, 0 when a new file must be started; rejects with ERR_BAD_EVENT when the first fits into none.
   */
  prepare?(batch: EventBatch): Promise<number>
  /** Bytes for these events, a file header first where the format has one. May hold some back until flush(). */
  write(batch: EventBatch): readonly Buffer[]
  /** Bytes held back, so that everything written so far can be read. */
  flush(): readonly Buffer[]
  /** The last bytes of the file, held back ones included. */
  end(): readonly Buffer[]
}
