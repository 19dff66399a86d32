import type { Kind } from '../core/plan.ts'
import { plural } from '../core/plural.ts'
import type { Assembly } from './assemble.ts'
import type { Drain, DrainWait } from './drain.ts'
import type { RunState, Supervised } from './supervisor.ts'

/** What one component is at, for somebody who asks why nothing moves. */
export interface ComponentWait {
  readonly kind: Kind
  readonly name: string
  readonly state: RunState
  /** In words: `events`, `the channel c1, which is failing`. */
  readonly waitsFor: string
  /** How long already, in milliseconds; undefined where nobody counts. */
  readonly sinceMs?: number
  /** Why its last start failed. */
  readonly error?: string
}

/** Every component of an agent, in the order in which events pass them. `drainOf` names the drain of a sink. */
export function componentWaits(
  { sources, channels, sinks, drains }: Assembly,
  drainOf: (sink: string) => string,
  now: number
): ComponentWait[] {
  return [
    ...sources.map(({ supervised, needs, ledger }) => {
      const into = needs.map(({ subject }) => subject.name).join(', ')
      const events = ledger.entering
      return waitOf(supervised, needs, () => ({
        waitsFor: events > 0 ? `room in ${into} for ${plural(events, 'event')}` : 'events'
      }))
    }),
    ...channels.map(({ supervised, port: { channel, ledger } }) => {
      const taken = channel.size > 0 ? `its sinks to take ${plural(channel.size, 'event')}` : 'events'
      const stored = ledger.storing > 0 ? `room or its disk for ${plural(ledger.storing, 'event')}, and ` : ''
      return waitOf(supervised, [], () => ({ waitsFor: stored + taken }))
    }),
    ...sinks.map(({ supervised, channel, port }) => {
      const drain = drains.find(({ name }) => name === drainOf(port.name))
      return waitOf(supervised, [channel], () =>
        drain === undefined ? { waitsFor: 'events' } : drainWait(drain, now)
      )
    })
  ]
}

/** What a drain waits for, in words. */
export function waitText({ what, events }: DrainWait): string {
  return events === undefined ? what : `${what} of ${plural(events, 'event')}`
}

function drainWait({ wait }: Drain, now: number): Pick<ComponentWait, 'waitsFor' | 'sinceMs'> {
  return { waitsFor: waitText(wait), sinceMs: now - wait.since }
}

function waitOf(
  { subject, state, error }: Supervised,
  needs: readonly Supervised[],
  running: () => Pick<ComponentWait, 'waitsFor' | 'sinceMs'>
): ComponentWait {
  const { kind, name } = subject
  const common = { kind, name, state, ...(error === undefined ? {} : { error }) }
  switch (state) {
    case 'waiting':
      return { ...common, waitsFor: neededBy(needs) }
    case 'starting':
      return { ...common, waitsFor: 'its own start to end' }
    case 'failing':
      return { ...common, waitsFor: 'the next attempt to start' }
    case 'running':
      return { ...common, ...running() }
    case 'stopped':
      return { ...common, waitsFor: 'nothing any more' }
    default:
      return state satisfies never
  }
}

function neededBy(needs: readonly Supervised[]): string {
  const missing = needs.filter(({ state }) => state !== 'running')
  if (missing.length === 0) return 'its start'
  return missing
    .map(({ subject, state }) => `the ${subject.kind} ${subject.name}, which is ${state}`)
    .join(', ')
}
