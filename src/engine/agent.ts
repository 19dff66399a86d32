import type { Clock, Lifecycle } from '../core/contracts.ts'
import type { CounterGroup, DetailsTable } from '../core/counters.ts'
import type { AgentPlan } from '../core/plan.ts'
import { assemble, type Assembly } from './assemble.ts'
import { balanceSheet, type BalanceSheet } from './balance.ts'
import { AgentReadings } from './readings.ts'
import type { ComponentState, Services, StopReport } from './services.ts'
import type { Supervised } from './supervisor.ts'
import { componentWaits, waitText, type ComponentWait } from './waits.ts'

/** What sinks and channels may take to close even when the deadline is over. */
const CLOSING_MS = 2000

/** One running agent. Channels start first, then the sinks and sources of those channels; they stop in reverse. */
export class Agent {
  readonly #parts: Assembly
  readonly #services: Services
  readonly #plan: AgentPlan
  readonly #readings: AgentReadings
  readonly #ending = new Set<string>()
  #stopped: Promise<StopReport> | undefined

  constructor(plan: AgentPlan, services: Services) {
    this.#plan = plan
    this.#services = services
    this.#parts = assemble(plan, services)
    this.#readings = new AgentReadings(this.#parts, services)
  }

  /** Resolves once every component has tried to start; what failed goes on trying. */
  async start(): Promise<void> {
    const { channels, sinks, sources, drains } = this.#parts
    for (const channel of channels) channel.supervised.start()
    for (const sink of sinks) sink.supervised.start([sink.channel])
    for (const drain of drains) drain.start()
    for (const source of sources) source.supervised.start(source.needs)
    await Promise.all(this.#supervised().map(part => part.attempted))
  }

  /** Sources stop, sinks empty the channels that keep nothing, then stop. Takes 2 s longer than `deadlineMs` at most. */
  stop(deadlineMs = 25_000): Promise<StopReport> {
    this.#stopped ??= this.#stop(deadlineMs)
    return this.#stopped
  }

  /** What a stop waits for, now, in words; empty when none is under way. */
  stopWaits(): string[] {
    const waits = new Map(this.#parts.drains.map(({ name, wait }) => [drainName(name), wait]))
    const now = this.#services.clock.now()
    return [...this.#ending].map(name => {
      const wait = waits.get(name)
      return wait === undefined
        ? name
        : `${name}: ${waitText(wait)} (${Math.round((now - wait.since) / 1000)} s)`
    })
  }

  /** What every component is at, now. */
  waits(): ComponentWait[] {
    const drainOf = (sink: string): string =>
      this.#plan.groups.find(({ sinks }) => sinks.includes(sink))?.name ?? sink
    return componentWaits(this.#parts, drainOf, this.#services.clock.now())
  }

  /** Where every event is, now. */
  balance(): BalanceSheet {
    const { sources, channels, sinks } = this.#parts
    return balanceSheet(
      {
        sources: sources.map(({ name, ledger }) => ({ ...ledger, name })),
        channels: channels.map(({ port }) => ({
          ...port.ledger,
          name: port.name,
          held: port.channel.size - port.ledger.abandoned,
          skipped: port.channel.skipped?.() ?? {}
        })),
        sinks: sinks.map(({ port }) => ({ ...port.ledger, name: port.name }))
      },
      this.#parts.links
    )
  }

  /** Every component's counters by Flume's names, and what else it measures. */
  counters(): CounterGroup[] {
    return this.#readings.counters()
  }

  /** What components work on now, as tables. */
  details(): DetailsTable[] {
    return this.#readings.details()
  }

  components(): ComponentState[] {
    const plans = [...this.#plan.channels, ...this.#plan.sources, ...this.#plan.sinks]
    return this.#supervised().map(({ subject, state, error }) => {
      const type = plans.find(plan => plan.kind === subject.kind && plan.name === subject.name)?.type ?? ''
      const part: Lifecycle & { describe?(): string } = subject.part
      return { kind: subject.kind, name: subject.name, type, state, description: part.describe?.(), error }
    })
  }

  async #stop(deadlineMs: number): Promise<StopReport> {
    const { clock } = this.#services
    const { sources, drains, sinks, channels, ingestAbort } = this.#parts
    const startedAt = clock.monotonic()
    const deadline = timeLimit(clock, deadlineMs)
    const unfinished: string[] = []
    const end = async (phase: Phase, limit: AbortSignal): Promise<void> => {
      const ended = await Promise.all(phase.map(part => this.#ended(part, limit)))
      unfinished.push(...phase.filter((_, i) => ended[i] === false).map(([name]) => name))
    }

    ingestAbort.abort()
    await end(
      sources.map(source => [`source ${source.name}`, source.supervised.stop()]),
      deadline.signal
    )
    await end(
      drains.map(drain => [drainName(drain.name), drain.end(deadline.signal)]),
      deadline.signal
    )
    // Deliveries that used up all the time must not keep the others from closing their files.
    const last = timeLimit(clock, Math.max(startedAt + deadlineMs - clock.monotonic(), CLOSING_MS))
    await end(
      sinks.map(({ port, supervised }) => [`sink ${port.name}`, supervised.stop()]),
      last.signal
    )
    const abandoned = this.#abandon()
    await end(
      channels.map(({ port, supervised }) => [`channel ${port.name}`, supervised.stop()]),
      last.signal
    )
    deadline.cancel()
    last.cancel()
    return { abandoned, unfinished, elapsedMs: clock.monotonic() - startedAt }
  }

  async #ended([name, done]: Phase[number], limit: AbortSignal): Promise<boolean> {
    this.#ending.add(name)
    const ended = await within(done, limit)
    this.#ending.delete(name)
    return ended
  }

  /** Counts what is left in channels that lose it. */
  #abandon(): StopReport['abandoned'] {
    const left = this.#parts.channels.filter(({ port }) => !port.channel.durable && port.channel.size > 0)
    for (const { port } of left) port.ledger.abandoned += port.channel.size
    return left.map(({ port }) => ({ channel: port.name, events: port.channel.size }))
  }

  #supervised(): Supervised[] {
    const { channels, sources, sinks } = this.#parts
    return [...channels, ...sources, ...sinks].map(({ supervised }) => supervised)
  }
}

function drainName(name: string): string {
  return `drain of ${name}`
}

/** Parts that stop at the same time, by name. */
type Phase = readonly (readonly [name: string, done: Promise<unknown>])[]

function timeLimit(clock: Clock, ms: number): { signal: AbortSignal; cancel: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, cancel: clock.after(ms, () => controller.abort()) }
}

/** Whether `work` ended before `signal` aborted, or because it did: that takes a turn of the loop. */
async function within(work: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const abort = (): void => void setImmediate(() => late.resolve(false))
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work.then(() => true), late.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
