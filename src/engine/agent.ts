import type { Lifecycle } from '../core/contracts.ts'
import type { CounterGroup } from '../core/counters.ts'
import type { AgentPlan } from '../core/plan.ts'
import { assemble, type Assembly } from './assemble.ts'
import { balanceSheet, type BalanceSheet } from './balance.ts'
import type { ComponentState, Services, StopReport } from './services.ts'
import type { Supervised } from './supervisor.ts'

/** One running agent. Channels start first, then the sinks and sources of those channels; they stop in reverse. */
export class Agent {
  readonly #parts: Assembly
  readonly #services: Services
  readonly #plan: AgentPlan
  #stopped: Promise<StopReport> | undefined

  constructor (plan: AgentPlan, services: Services) {
    this.#plan = plan
    this.#services = services
    this.#parts = assemble(plan, services)
  }

  /** Resolves once every component has tried to start; what failed goes on trying. */
  async start (): Promise<void> {
    const { channels, sinks, sources, drains } = this.#parts
    for (const channel of channels) channel.supervised.start()
    for (const sink of sinks) sink.supervised.start([sink.channel])
    for (const drain of drains) drain.start()
    for (const source of sources) source.supervised.start(source.needs)
    await Promise.all(this.#supervised().map(part => part.attempted))
  }

  /** Sources stop, sinks empty the channels that keep nothing, then stop. Never takes longer than `deadlineMs`. */
  stop (deadlineMs = 30_000): Promise<StopReport> {
    this.#stopped ??= this.#stop(deadlineMs)
    return this.#stopped
  }

  /** Where every event is, now. */
  balance (): BalanceSheet {
    const { sources, channels, sinks } = this.#parts
    return balanceSheet({
      sources: sources.map(({ name, ledger }) => ({ ...ledger, name })),
      channels: channels.map(({ port }) => ({ ...port.ledger, name: port.name, held: port.channel.size, skipped: port.channel.skipped?.() ?? {} })),
      sinks: sinks.map(({ port }) => ({ ...port.ledger, name: port.name }))
    }, this.#parts.links)
  }

  /** Every component's counters by Flume's names. */
  counters (): CounterGroup[] {
    const { sources, channels, sinks } = this.#parts
    return [
      ...channels.map(({ port, supervised }): CounterGroup => {
        const { size, capacity } = port.channel
        const fill = capacity === 0 ? Number.MAX_VALUE : size / capacity * 100
        const values = { ...port.counters, ...port.channel.gauges?.(), ChannelSize: size, ChannelCapacity: capacity, ChannelFillPercentage: fill }
        return { type: 'CHANNEL', name: port.name, values, ...times(supervised) }
      }),
      ...sources.map(({ name, counters, supervised }): CounterGroup =>
        ({ type: 'SOURCE', name, values: { ...counters }, ...times(supervised) })),
      ...sinks.map(({ port, supervised }): CounterGroup =>
        ({ type: 'SINK', name: port.name, values: { ...port.counters }, ...times(supervised) }))
    ]
  }

  components (): ComponentState[] {
    const plans = [...this.#plan.channels, ...this.#plan.sources, ...this.#plan.sinks]
    return this.#supervised().map(({ subject, state, error }) => {
      const type = plans.find(plan => plan.kind === subject.kind && plan.name === subject.name)?.type ?? ''
      const part: Lifecycle & { describe? (): string } = subject.part
      return { kind: subject.kind, name: subject.name, type, state, description: part.describe?.(), error }
    })
  }

  async #stop (deadlineMs: number): Promise<StopReport> {
    const { clock } = this.#services
    const { sources, drains, sinks, channels, ingestAbort } = this.#parts
    const startedAt = clock.now()
    const deadline = new AbortController()
    const cancel = clock.after(deadlineMs, () => deadline.abort())
    const unfinished: string[] = []
    const all = async (phase: [string, Promise<unknown>][]): Promise<void> => {
      await Promise.all(phase.map(async ([name, done]) => {
        if (!await within(done, deadline.signal)) unfinished.push(name)
      }))
    }

    ingestAbort.abort()
    await all(sources.map(source => [`source ${source.name}`, source.supervised.stop()]))
    await all(drains.map(drain => [`drain of ${drain.name}`, drain.end(deadline.signal)]))
    await all(sinks.map(({ port, supervised }) => [`sink ${port.name}`, supervised.stop()]))
    const abandoned = channels.filter(({ port }) => !port.channel.durable && port.channel.size > 0)
      .map(({ port }) => ({ channel: port.name, events: port.channel.size }))
    await all(channels.map(({ port, supervised }) => [`channel ${port.name}`, supervised.stop()]))
    for (const { channel, events } of abandoned) {
      const ledger = channels.find(({ port }) => port.name === channel)?.port.ledger
      if (ledger !== undefined) ledger.abandoned += events
    }
    cancel()
    return { abandoned, unfinished, elapsedMs: clock.now() - startedAt }
  }

  #supervised (): Supervised[] {
    const { channels, sources, sinks } = this.#parts
    return [...channels, ...sources, ...sinks].map(({ supervised }) => supervised)
  }
}

function times ({ startTime, stopTime }: Supervised): { startTime: number, stopTime: number } {
  return { startTime, stopTime }
}

/** Whether `work` ended before `signal` aborted. */
async function within (work: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const abort = (): void => late.resolve(false)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work.then(() => true), late.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
