import type { EventBatch } from '../core/batch.ts'
import { BatchBuilder } from '../core/batch-builder.ts'
import type { Clock, Environment } from '../core/contracts.ts'
import type { IngestResult, SourceContext } from '../core/contracts/source.ts'
import type { InterceptorContext } from '../core/contracts/interceptor.ts'
import type { ChannelContext } from '../core/contracts/channel.ts'
import type { SinkContext } from '../core/contracts/sink.ts'
import type { GroupSink, ProcessorContext } from '../core/contracts/processor.ts'
import {
  CHANNEL_COUNTERS,
  INTERCEPTOR_COUNTERS,
  newCounters,
  SINK_COUNTERS,
  SOURCE_COUNTERS,
  type ChannelCounters,
  type InterceptorCounters,
  type SinkCounters,
  type SourceCounters
} from '../core/counters.ts'
import { AgentError } from '../core/errors.ts'
import { InputBudget } from '../core/input-budget.ts'
import { MemoryBudget } from '../core/memory-budget.ts'
import type { CountersOf, Metrics, NoMetrics, TimersOf } from '../core/metrics.ts'
import { Timer } from '../core/timer.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeLog } from './fake-log.ts'

/** What every fake context shows to the test. */
export interface FakeContextParts {
  readonly clock: FakeClock
  readonly log: FakeLog
  /** Errors handed to fail(). */
  readonly failures: unknown[]
}

interface Options {
  readonly name?: string
  readonly clock?: Clock
  readonly environment?: Partial<Environment>
  /** What load() finds, by name. */
  readonly packages?: Readonly<Record<string, unknown>>
}

function fakeParts<M extends Metrics>(options: Options) {
  const failures: unknown[] = []
  const environment: Environment = {
    variables: {},
    properties: {},
    configDirectory: undefined,
    ...options.environment
  }
  return {
    name: options.name ?? 'tested',
    clock: (options.clock as FakeClock) ?? new FakeClock(),
    log: new FakeLog(),
    environment,
    failures,
    fail: (error: unknown) => void failures.push(error),
    load: (name: string) => {
      const found = options.packages?.[name]
      return found === undefined
        ? Promise.reject(new AgentError('ERR_START', `The package ${name} is not installed.`))
        : Promise.resolve(found)
    },
    timers: new Proxy<Record<string, Timer>>(
      {},
      { get: (made, name) => (typeof name === 'string' ? (made[name] ??= new Timer()) : undefined) }
    ) as unknown as TimersOf<M>
  }
}

/** Counters with these fields, and 0 for all that a component may declare. */
function fakeCounters<C extends Record<string, number>, M extends Metrics>(counters: C): C & CountersOf<M> {
  const isCounter = (name: string | symbol): boolean => typeof name === 'string' && /^[A-Z]/.test(name)
  return new Proxy(counters, {
    get: (fields, name) => (isCounter(name) ? (Reflect.get(fields, name) ?? 0) : Reflect.get(fields, name))
  }) as C & CountersOf<M>
}

/** A channel's context with half a gigabyte of budget, or as much as `memory` says. */
export function fakeChannelContext<M extends Metrics = NoMetrics>(
  options: Options & { readonly memory?: MemoryBudget } = {}
): ChannelContext<M> & FakeContextParts & { readonly counters: ChannelCounters } {
  const memory = options.memory ?? new MemoryBudget(2 ** 29)
  return {
    ...fakeParts<M>(options),
    counters: fakeCounters<ChannelCounters, M>(newCounters(CHANNEL_COUNTERS)),
    memory
  }
}

/** A sink's context; what the sink gave up is in `drops`. */
export function fakeSinkContext<M extends Metrics = NoMetrics>(
  options: Options = {}
): SinkContext<M> &
  FakeContextParts & { readonly counters: SinkCounters; readonly drops: Record<string, number> } {
  const drops: Record<string, number> = {}
  const dropped = (reason: string, events: number): void => {
    drops[reason] = (drops[reason] ?? 0) + events
  }
  return {
    ...fakeParts<M>(options),
    counters: fakeCounters<SinkCounters, M>(newCounters(SINK_COUNTERS)),
    dropped,
    drops
  }
}

/** Holds what a source ingests; can be told to be full. */
export class FakeIntake {
  readonly batches: EventBatch[] = []
  /** How often it was asked, waiting calls included. */
  calls = 0
  /** Events it still accepts. */
  room = Infinity
  /** While this is set, puts wait for it before anything else. */
  gate: Promise<void> | undefined

  /** All events so far as text. */
  get texts(): string[] {
    return this.batches.flatMap(textsOf)
  }

  async ingest(batch: EventBatch): Promise<void> {
    this.calls++
    await this.gate
    if (batch.length > this.room) throw full()
    this.#keep(batch)
  }

  async ingestEach(batch: EventBatch): Promise<IngestResult> {
    this.calls++
    await this.gate
    const accepted = Math.min(batch.length, this.room)
    if (accepted > 0) this.#keep(batch.slice(0, accepted))
    if (accepted === batch.length) return { tried: accepted, refusals: [] }
    const tried = accepted + 1
    return { tried, refusals: [{ from: accepted, to: tried, error: full() }] }
  }

  #keep(batch: EventBatch): void {
    this.batches.push(batch)
    this.room -= batch.length
  }
}

function full(): AgentError {
  return new AgentError('ERR_CHANNEL_FULL', "Space for commit to queue couldn't be acquired.")
}

/** A source's context with the usual budget, or the one given; what was ingested is in `intake`, what it gave up in `drops`. */
export function fakeSourceContext<M extends Metrics = NoMetrics>(
  options: Options & { readonly input?: InputBudget } = {}
): SourceContext<M> &
  FakeContextParts & {
    readonly counters: SourceCounters
    readonly intake: FakeIntake
    readonly drops: Record<string, number>
  } {
  const intake = new FakeIntake()
  const drops: Record<string, number> = {}
  return {
    ...fakeParts<M>(options),
    counters: fakeCounters<SourceCounters, M>(newCounters(SOURCE_COUNTERS)),
    intake,
    input: options.input ?? new InputBudget(),
    ingest: batch => intake.ingest(batch),
    ingestEach: batch => intake.ingestEach(batch),
    ingestShared: batch => intake.ingest(batch),
    offer: async batch => {
      const { tried, refusals } = await intake.ingestEach(batch)
      return tried - refusals.length
    },
    dropped: (reason, events) => {
      drops[reason] = (drops[reason] ?? 0) + events
    },
    drops,
    fits: batch => (intake.gate === undefined ? Math.min(batch.length, intake.room) : 0)
  }
}

/** An interceptor's context, of a source that is called `source`. */
export function fakeInterceptorContext<M extends Metrics = NoMetrics>(
  options: Options = {}
): InterceptorContext<M> & FakeContextParts {
  return {
    ...fakeParts<M>(options),
    source: 'source',
    counters: fakeCounters<InterceptorCounters, M>(newCounters(INTERCEPTOR_COUNTERS))
  }
}

/** A processor's context with these sinks. */
export function fakeProcessorContext(
  sinks: readonly GroupSink[],
  options: Options = {}
): ProcessorContext & FakeContextParts {
  return { ...fakeParts(options), channel: 'channel', sinks }
}

/** A batch of these texts. */
export function batchOf(texts: readonly string[], headers?: Readonly<Record<string, string>>): EventBatch {
  const builder = new BatchBuilder()
  for (const text of texts) builder.add(text, headers)
  return builder.build()
}

/** The bodies as text; none for undefined. */
export function textsOf(batch: EventBatch | undefined): string[] {
  return batch === undefined ? [] : [...batch].map(event => event.text)
}
