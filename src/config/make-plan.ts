import type { AgentPlan, ComponentPlan, SinkGroupPlan, SourcePlan } from '../core/plan.ts'
import { wordsOf } from '../core/words.ts'
import type { CheckedAgent } from './checked-agent.ts'
import type { Checked } from './check-component.ts'
import type { CheckedSource } from './check-sources.ts'

/**
 * The plan of what can run in this version: parts that are dropped, third-party or not in this version are left out, and
 * with them what hangs on them alone.
 */
export function makePlan(agent: string, { channels, sources, sinks, groups }: CheckedAgent): AgentPlan {
  const usable = new Map([...channels].filter(([, channel]) => channel.status === 'ok'))
  const running = [...sources.values()].filter(
    source => source.status === 'ok' && source.channels.some(name => usable.has(name))
  )
  const idle = new Set(groups.filter(group => group.status !== 'ok').flatMap(group => group.sinks))
  const draining = [...sinks.values()].filter(
    sink => sink.status === 'ok' && usable.has(sink.channel) && !idle.has(sink.name)
  )
  const names = new Set(draining.map(({ name }) => name))
  const groupPlans = groups
    .filter(group => group.status === 'ok')
    .map((group): SinkGroupPlan => ({
      name: group.name,
      processor: group.processor,
      sinks: group.sinks.filter(name => names.has(name))
    }))
    .filter(group => group.sinks.length > 0)
  const connected = new Set([
    ...running.flatMap(source => source.channels),
    ...draining.map(sink => sink.channel)
  ])
  return {
    agent,
    channels: [...usable.values()].filter(({ name }) => connected.has(name)).map(planOf),
    sources: running.map(source => sourcePlan(source, usable)),
    sinks: draining.map(sink => ({ ...planOf(sink), channel: sink.channel })),
    groups: groupPlans
  }
}

function planOf({ kind, name, type, properties }: Checked): ComponentPlan {
  return { kind, name, type, properties }
}

function sourcePlan(source: CheckedSource, usable: ReadonlyMap<string, unknown>): SourcePlan {
  const { interceptors } = source
  const channels = source.channels.filter(name => usable.has(name))
  return { ...planOf(source), channels, selector: withoutLost(source.selector, channels), interceptors }
}

/** A selector's optional channels, less those that do not run. */
function withoutLost(selector: ComponentPlan, channels: readonly string[]): ComponentPlan {
  const { optional, ...others } = selector.properties
  if (optional === undefined) return selector
  const left = wordsOf(optional)
    .filter(name => channels.includes(name))
    .join(' ')
  return { ...selector, properties: left === '' ? others : { ...others, optional: left } }
}
