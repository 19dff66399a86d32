import type { CounterGroup, DetailsTable } from '../core/counters.ts'
import { reasonOf } from '../core/errors.ts'
import type { Reading } from '../core/metrics.ts'
import type { TimerReading } from '../core/timer.ts'
import type { Assembly } from './assemble.ts'
import type { ChannelPort } from './channel-port.ts'
import type { Services } from './services.ts'
import type { Shown } from './shown.ts'
import type { Supervised } from './supervisor.ts'

/** Rows of one table that are shown; the others are counted. */
export const MOST_ROWS = 100

type Observable = Pick<Assembly, 'channels' | 'sources' | 'sinks'>

/** One component of an agent, by its place in what is shown. */
interface Place {
  readonly type: CounterGroup['type']
  readonly name: string
  readonly shown: Shown
  readonly supervised: Supervised
  /** What the engine itself measures of it. */
  own(): CounterGroup['values']
}

/** Reads what an agent shows. A component whose own part of it fails loses that part only. */
export class AgentReadings {
  readonly #parts: Observable
  readonly #services: Pick<Services, 'log'>
  /** Places whose failure was said. */
  readonly #failing = new Set<string>()

  constructor(parts: Observable, services: Pick<Services, 'log'>) {
    this.#parts = parts
    this.#services = services
  }

  /** Every component's counters, gauges and timers. */
  counters(): CounterGroup[] {
    return this.#places().map(place => {
      const { type, name, shown, supervised } = place
      const metrics = { ...shown.ofAll, ...shown.definition.metrics }
      const given = { ...shown.counters, ...this.#gauges(place), ...timersOf(shown), ...place.own() }
      const values: Record<string, Reading | TimerReading> = {}
      for (const key of Object.keys(metrics)) if (given[key] !== undefined) values[key] = given[key]
      const { startTime, stopTime } = supervised
      return { type, name, startTime, stopTime, values, metrics }
    })
  }

  /** The tables of those that have one. */
  details(): DetailsTable[] {
    return this.#places().flatMap(place => {
      const { type, name, shown } = place
      const { details } = shown.definition
      if (details === undefined) return []
      const rows: Record<string, Reading>[] = []
      let more = 0
      this.#asked(place, 'details', () => {
        const given = shown.part.details?.()
        if (given === undefined) return
        for (const row of given.rows) if (rows.push({ ...row }) >= MOST_ROWS) break
        more = Math.max(0, given.total - rows.length)
      })
      return [{ type, name, title: details.title, columns: details.columns, rows, more }]
    })
  }

  #places(): Place[] {
    const { channels, sources, sinks } = this.#parts
    const none = (): CounterGroup['values'] => ({})
    return [
      ...channels.map(({ port, shown, supervised }): Place => {
        return { type: 'CHANNEL', name: port.name, shown, supervised, own: () => measuresOf(port) }
      }),
      ...sources.map(({ name, shown, supervised }): Place => {
        return { type: 'SOURCE', name, shown, supervised, own: none }
      }),
      ...sinks.map(({ port, shown, supervised }): Place => {
        return { type: 'SINK', name: port.name, shown, supervised, own: none }
      })
    ]
  }

  #gauges(place: Place): CounterGroup['values'] {
    return this.#asked(place, 'gauges', () => place.shown.part.gauges?.()) ?? {}
  }

  /** Components of others may have errors: those are said once, until it works again. */
  #asked<T>({ type, name }: Place, what: 'gauges' | 'details', ask: () => T): T | undefined {
    const component = `${type.toLowerCase()} ${name}`
    try {
      const answer = ask()
      this.#failing.delete(`${what} of ${component}`)
      return answer
    } catch (error) {
      if (!this.#failing.has(`${what} of ${component}`))
        this.#services.log(component).error('The component cannot say what it shows to monitoring.', {
          what,
          reason: reasonOf(error),
          error
        })
      this.#failing.add(`${what} of ${component}`)
      return undefined
    }
  }
}

function measuresOf({ channel, ages, oldestAgeMs }: ChannelPort): CounterGroup['values'] {
  const { size, capacity } = channel
  return {
    ChannelSize: size,
    ChannelCapacity: capacity,
    ChannelFillPercentage: capacity === 0 ? Number.MAX_VALUE : (size / capacity) * 100,
    ...(oldestAgeMs === undefined ? {} : { OldestEventAgeMillis: Math.round(oldestAgeMs) }),
    AgeAtDeliveryMillis: ages.read()
  }
}

function timersOf({ timers }: Shown): CounterGroup['values'] {
  return Object.fromEntries(Object.entries(timers).map(([name, timer]) => [name, timer.read()]))
}
