import type {
  ChannelDefinition,
  InterceptorDefinition,
  ProcessorDefinition,
  SelectorDefinition,
  SinkDefinition,
  SourceDefinition
} from '../core/component.ts'
import type { Context } from '../core/contracts.ts'
import type { PolledSource, Source } from '../core/contracts/source.ts'
import type { SinkProcessor } from '../core/contracts/processor.ts'
import {
  CHANNEL_COUNTERS,
  CHANNEL_MEASURES,
  INTERCEPTOR_COUNTERS,
  newCounters,
  newTimers,
  SINK_COUNTERS,
  SOURCE_COUNTERS
} from '../core/counters.ts'
import { AgentError } from '../core/errors.ts'
import { InputBudget, inputLimits } from '../core/input-budget.ts'
import { MemoryBudget } from '../core/memory-budget.ts'
import type { AgentPlan, ComponentPlan, SinkGroupPlan, SinkPlan, SourcePlan } from '../core/plan.ts'
import { settingsOf } from '../core/read-settings.ts'
import type { SourceLedger } from './balance.ts'
import { ChannelPort } from './channel-port.ts'
import { Drain } from './drain.ts'
import { GroupMember } from './group-member.ts'
import { Ingest } from './ingest.ts'
import { InterceptorChain, type ChainLink } from './interceptor-chain.ts'
import { Polling } from './polling.ts'
import type { Services } from './services.ts'
import type { Shown } from './shown.ts'
import { SinkPort } from './sink-port.ts'
import { Supervised } from './supervisor.ts'

/** Events of one take for a sink that declares no batch size. */
const DEFAULT_BATCH = 1000

/** The parts of one agent, made and connected, nothing started. */
export interface Assembly {
  readonly channels: readonly ChannelPart[]
  readonly sources: readonly SourcePart[]
  readonly sinks: readonly SinkPart[]
  readonly drains: readonly Drain[]
  /** Sink to the drain that brings its events. */
  readonly drainOf: ReadonlyMap<string, Drain>
  /** Channel to the sinks that drain it. */
  readonly links: ReadonlyMap<string, readonly string[]>
  /** Ends every source's wait for room. */
  readonly ingestAbort: AbortController
}

interface ChannelPart {
  readonly port: ChannelPort
  readonly shown: Shown
  readonly supervised: Supervised
}

interface SourcePart {
  readonly name: string
  readonly shown: Shown
  readonly interceptors: readonly InterceptorPart[]
  readonly ledger: SourceLedger
  readonly supervised: Supervised
  readonly needs: readonly Supervised[]
}

/** A link of the source's chain, and what is shown of it. */
interface InterceptorPart extends ChainLink {
  readonly shown: Shown
}

interface SinkPart {
  readonly port: SinkPort
  readonly shown: Shown
  readonly supervised: Supervised
  readonly channel: Supervised
}

/** A drain, and the names of the sinks that it delivers to. */
interface SinkDrain {
  readonly drain: Drain
  readonly sinks: readonly string[]
}

interface Drained {
  readonly members: readonly SinkPart[]
  readonly processor: SinkProcessor
}

/** Makes every component of the plan. Throws ERR_CONFIG when a setting that was checked before is wrong after all. */
export function assemble(plan: AgentPlan, services: Services): Assembly {
  return new Assembler(services).assemble(plan)
}

class Assembler {
  readonly #services: Services
  readonly #memory: MemoryBudget
  readonly #input: InputBudget
  readonly #channels = new Map<string, ChannelPart>()
  readonly #sinks = new Map<string, SinkPart>()
  readonly #ingestAbort = new AbortController()

  constructor(services: Services) {
    this.#services = services
    this.#memory = new MemoryBudget(services.memoryBytes)
    this.#input = new InputBudget(inputLimits(services.memoryBytes))
  }

  assemble(plan: AgentPlan): Assembly {
    for (const channel of plan.channels) this.#channels.set(channel.name, this.#channel(channel))
    for (const sink of plan.sinks) this.#sinks.set(sink.name, this.#sink(sink))
    const sources = plan.sources.map(source => this.#source(source))
    const links = new Map<string, string[]>()
    for (const { name, channel } of plan.sinks) links.set(channel, [...(links.get(channel) ?? []), name])
    const drains = this.#drains(plan)
    return {
      channels: [...this.#channels.values()],
      sources,
      sinks: [...this.#sinks.values()],
      drains: drains.map(({ drain }) => drain),
      drainOf: new Map(drains.flatMap(({ drain, sinks }) => sinks.map(name => [name, drain]))),
      links,
      ingestAbort: this.#ingestAbort
    }
  }

  #channel(plan: ComponentPlan): ChannelPart {
    const definition = this.#services.definition(plan) as ChannelDefinition
    const counters = newCounters(CHANNEL_COUNTERS, definition.metrics)
    const timers = newTimers(definition.metrics)
    const context = { ...this.#context(plan, () => supervised), counters, timers, memory: this.#memory }
    const channel = definition.create(this.#settings(plan), context)
    const port = new ChannelPort(plan.name, channel, counters, this.#services.clock)
    const up = (): void => port.recovered()
    const supervised: Supervised = this.#supervise(plan, { part: channel, up })
    const ofAll = { ...CHANNEL_COUNTERS, ...CHANNEL_MEASURES }
    return { port, supervised, shown: { ofAll, definition, counters, timers, part: channel } }
  }

  #sink(plan: SinkPlan): SinkPart {
    const definition = this.#services.definition(plan) as SinkDefinition
    const settings = this.#settings(plan)
    const counters = newCounters(SINK_COUNTERS, definition.metrics)
    const timers = newTimers(definition.metrics)
    const dropped = (reason: string, events: number): void => port.drop(reason, events)
    const context = { ...this.#context(plan, () => supervised), counters, timers, dropped }
    const channel = this.#channelOf(plan.channel)
    const batchSize = Math.min(
      definition.batchSize?.(settings) ?? DEFAULT_BATCH,
      channel.port.channel.transactionCapacity
    )
    const port = new SinkPort(plan.name, definition.create(settings, context), counters, batchSize)
    const up = (): void => {
      port.running = true
    }
    const down = (): Promise<void> => Promise.resolve(void (port.running = false))
    const supervised: Supervised = this.#supervise(plan, { part: port.sink, up, down })
    const shown = { ofAll: SINK_COUNTERS, definition, counters, timers, part: port.sink }
    return { port, supervised, shown, channel: channel.supervised }
  }

  #source(plan: SourcePlan): SourcePart {
    const definition = this.#services.definition(plan) as SourceDefinition
    const counters = newCounters(SOURCE_COUNTERS, definition.metrics)
    const timers = newTimers(definition.metrics)
    const channels = new Map(plan.channels.map(name => [name, this.#channelOf(name).port]))
    const context = this.#context(plan, () => supervised)
    const interceptors = plan.interceptors.map(own => this.#interceptor(own, plan.name, context))
    const chain = new InterceptorChain(interceptors, { ...context, counters })
    const ingest = new Ingest({
      interceptors: chain,
      selector: (this.#services.definition(plan.selector) as SelectorDefinition).create(
        this.#settings(plan.selector),
        { ...context, channels: plan.channels }
      ),
      channels,
      counters,
      log: context.log,
      clock: context.clock,
      signal: this.#ingestAbort.signal
    })
    const source = definition.create(this.#settings(plan), {
      ...context,
      counters,
      timers,
      input: this.#input,
      ingest: batch => ingest.ingest(batch),
      ingestEach: batch => ingest.ingestEach(batch),
      ingestShared: batch => ingest.ingestShared(batch),
      offer: batch => ingest.offer(batch),
      dropped: (reason, events) => ingest.dropped(reason, events),
      fits: batch => ingest.fits(batch)
    })
    const subject = { part: source, before: chain, ...this.#polling(source, context) }
    const supervised: Supervised = this.#supervise(plan, subject)
    const needs = plan.channels.map(name => this.#channelOf(name).supervised)
    const shown = { ofAll: SOURCE_COUNTERS, definition, counters, timers, part: source }
    return { name: plan.name, shown, interceptors, ledger: ingest.ledger, supervised, needs }
  }

  #interceptor(
    plan: ComponentPlan,
    source: string,
    { clock, environment, fail, load }: Context
  ): InterceptorPart {
    const { name } = plan
    const definition = this.#services.definition(plan) as InterceptorDefinition
    const counters = newCounters(INTERCEPTOR_COUNTERS, definition.metrics)
    const timers = newTimers(definition.metrics)
    const log = this.#services.log(`interceptor ${source}.${name}`)
    const context = { name, source, log, clock, environment, counters, timers, fail, load }
    const interceptor = definition.create(this.#settings(plan), context)
    const shown = { ofAll: INTERCEPTOR_COUNTERS, definition, counters, timers, part: interceptor }
    return { name, counters, interceptor, shown }
  }

  #polling(source: Source | PolledSource, context: Context): { up?: () => void; down?: () => Promise<void> } {
    if (!('poll' in source)) return {}
    const polling = new Polling(source, context.clock, context.log)
    return { up: () => polling.start(), down: () => polling.end() }
  }

  #drains(plan: AgentPlan): SinkDrain[] {
    const grouped = new Set(plan.groups.flatMap(group => group.sinks))
    const alone = plan.sinks
      .filter(({ name }) => !grouped.has(name))
      .map(({ name, channel }) => {
        const sink = this.#sinkOf(name)
        const deliver: SinkPort['deliver'] = (batch, signal) => sink.port.deliver(batch, signal)
        return this.#drain(name, channel, { members: [sink], processor: { deliver } })
      })
    return [...alone, ...plan.groups.flatMap(group => this.#groupDrains(group, plan.sinks))]
  }

  /** One drain for each channel that members of the group drain, with a processor of its own. */
  #groupDrains(group: SinkGroupPlan, sinks: readonly SinkPlan[]): SinkDrain[] {
    const channelOf = new Map(sinks.map(({ name, channel }) => [name, channel]))
    const byChannel = Map.groupBy(group.sinks, name => channelOf.get(name) ?? '')
    const definition = this.#services.definition(group.processor) as ProcessorDefinition
    return [...byChannel].map(([channel, names]) => {
      const name = byChannel.size === 1 ? group.name : `${group.name} on ${channel}`
      const members = names.map(member => this.#sinkOf(member))
      const { clock } = this.#services
      const context = {
        ...this.#context({ ...group.processor, name }, () => undefined),
        channel,
        sinks: members.map(({ port }) => new GroupMember(port, clock))
      }
      const processor = definition.create(this.#settings(group.processor), context)
      return this.#drain(name, channel, { members, processor })
    })
  }

  #drain(name: string, channel: string, { members, processor }: Drained): SinkDrain {
    const { port } = this.#channelOf(channel)
    const { clock } = this.#services
    const sinks = members.map(member => member.port)
    const drain = new Drain({
      name,
      port,
      processor,
      sinks,
      clock,
      log: this.#services.log(`sink ${name}`),
      hurry: () => {
        for (const { supervised } of members) supervised.hurry()
      },
      ready: () =>
        members.length === 1 && members[0] !== undefined
          ? members[0].supervised.settled
          : Promise.all(members.map(({ supervised }) => supervised.attempted))
    })
    return { drain, sinks: sinks.map(sink => sink.name) }
  }

  #settings(plan: ComponentPlan): never {
    return settingsOf(this.#services.definition(plan), plan.properties, this.#services.resolved) as never
  }

  #context(plan: ComponentPlan, supervised: () => Supervised | undefined): Context {
    const { clock, environment } = this.#services
    const log = this.#services.log(`${plan.kind} ${plan.name}`)
    const load = (name: string): Promise<unknown> => this.#services.load(name)
    return { name: plan.name, log, clock, environment, fail: error => supervised()?.fail(error), load }
  }

  #supervise(plan: ComponentPlan, subject: Omit<Supervised['subject'], 'kind' | 'name'>): Supervised {
    const log = this.#services.log(`${plan.kind} ${plan.name}`)
    return new Supervised({ kind: plan.kind, name: plan.name, ...subject }, this.#services.clock, log)
  }

  #channelOf(name: string): ChannelPart {
    const channel = this.#channels.get(name)
    if (channel === undefined)
      throw new AgentError('ERR_CONFIG', 'The plan names a channel that it does not have.', { name })
    return channel
  }

  #sinkOf(name: string): SinkPart {
    const sink = this.#sinks.get(name)
    if (sink === undefined)
      throw new AgentError('ERR_CONFIG', 'The plan names a sink that it does not have.', { name })
    return sink
  }
}
