import type { CounterGroup } from '../core/counters.ts'
import type { AgentPlan, Kind } from '../core/plan.ts'
import { printable } from '../core/printable.ts'
import { drawFlows } from './flow-drawing.ts'

/** How one component is doing, as the engine tells it. */
export interface PartState {
  readonly kind: Kind
  readonly name: string
  readonly type: string
  readonly state: string
  readonly description: string | undefined
  readonly error: string | undefined
}

/** Of a channel's counters it shows how full it is. */
type Fill = Pick<CounterGroup, 'type' | 'name' | 'values'>

/** What the start-up summary is made of. */
export interface Running {
  readonly plan: AgentPlan
  readonly files: readonly string[]
  readonly components: readonly PartState[]
  readonly counters: readonly Fill[]
  /** Where counters are served. */
  readonly metrics: string | undefined
}

/** What runs, where it listens and where it writes, for the operator. */
export function summaryText(running: Running): string {
  const { plan, files, components, metrics } = running
  const failing = components.filter(({ error, state }) => state !== 'running' && error !== undefined)
  return [
    printable(`Agent ${plan.agent} of ${files.join(', ')} runs. Ctrl-C stops it.`),
    '',
    ...drawFlows(plan, (kind, name) => labelOf(running, kind, name)).map(line => `  ${line}`),
    '',
    ...failing.map(({ kind, name, error }) =>
      printable(`The ${kind} ${name} does not run yet and is tried again: ${error ?? ''}`)
    ),
    ...(metrics === undefined ? [] : [printable(`Counters: ${metrics}`)])
  ]
    .join('\n')
    .trimEnd()
}

function labelOf(running: Running, kind: Kind, name: string): string {
  const part = running.components.find(one => one.kind === kind && one.name === name)
  const words = [name, part?.type, part?.description ?? fillOf(running.counters, kind, name)]
  const group = running.plan.groups.find(({ sinks }) => kind === 'sink' && sinks.includes(name))
  if (group !== undefined) words.push(`(${group.processor.type} ${group.name})`)
  if (part !== undefined && part.state !== 'running') words.push(`[${part.state}]`)
  return printable(words.filter(word => word !== undefined && word !== '').join(' '))
}

function fillOf(counters: readonly Fill[], kind: Kind, name: string): string | undefined {
  if (kind !== 'channel') return undefined
  const values = counters.find(group => group.type === 'CHANNEL' && group.name === name)?.values
  const [size, capacity] = [values?.['ChannelSize'], values?.['ChannelCapacity']]
  if (typeof size !== 'number' || typeof capacity !== 'number') return undefined
  return Number.isFinite(capacity) && capacity > 0 ? `${size}/${capacity}` : undefined
}
