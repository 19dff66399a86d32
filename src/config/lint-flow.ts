import type { Reach } from '../core/component.ts'
import type { AgentText } from './agent-text.ts'
import { reportProblem, type CheckContext } from './check-part.ts'
import type { CheckedAgent } from './checked-agent.ts'
import type { CheckedSource } from './check-sources.ts'
import type { Findings } from './findings.ts'

/** Says what works, but hardly as it was meant: traps that only the whole agent shows. `home` is the user's folder. */
export function lintFlow(
  checked: CheckedAgent,
  context: Pick<CheckContext, 'agent' | 'findings'>,
  home: string
): void {
  const { agent, findings } = context
  lintShared(agent, checked, findings)
  lintInflow(agent, checked, context)
  lintSharedStores(agent, checked, findings, home)
}

function lintShared(agent: AgentText, { channels, sinks, groups }: CheckedAgent, findings: Findings): void {
  const groupOf = new Map(groups.flatMap(group => group.sinks.map(sink => [sink, group.name])))
  const byChannel = Map.groupBy(
    [...sinks.values()].filter(sink => sink.status !== 'dropped'),
    sink => sink.channel
  )
  for (const channel of channels.values()) {
    const draining = byChannel.get(channel.name) ?? []
    const apart = new Set(draining.map(({ name }) => groupOf.get(name) ?? `sink ${name}`))
    if (apart.size < 2) continue
    findings.add('SHARED_CHANNEL', {
      at: draining[1]?.at ?? channel.at,
      key: `${agent.name}.channels.${channel.name}`,
      message: `${draining.map(({ name }) => name).join(', ')} drain the same channel ${channel.name}; each event goes to only one of them.`,
      hint: 'Give each sink a channel of its own to copy events; leave it so to share the load.'
    })
  }
}

/** Traps in what reaches a sink. */
function lintInflow(
  agent: AgentText,
  { sources, channels, sinks }: CheckedAgent,
  context: Pick<CheckContext, 'agent' | 'findings'>
): void {
  for (const sink of sinks.values()) {
    const { name, text, definition, properties, channel } = sink
    if (text === undefined || definition?.lintInflow === undefined) continue
    const feeding = [...sources.values()].filter(source => source.channels.includes(channel))
    const isShared = channels.get(channel)?.definition?.shared === true
    const prefix = `${agent.name}.sinks.${name}.`
    const part = { properties: text.properties, at: sink.at, prefix }
    const traps = definition.lintInflow({ name, prefix, properties }, reachOf(feeding, isShared))
    for (const trap of traps) reportProblem(part, trap, [], context)
  }
}

/** What is said of events that come from these sources, and perhaps from other programs. */
function reachOf(feeding: readonly CheckedSource[], isShared: boolean): Reach {
  return header => {
    if (feeding.length === 0) return isShared ? 'perhaps' : 'never'
    const answers = feeding.map(({ headers: { always, more } }) =>
      always.includes(header) ? 'always' : more ? 'perhaps' : 'never'
    )
    if (answers.includes('never')) return 'never'
    return answers.includes('perhaps') ? 'perhaps' : 'always'
  }
}

/** Channels that want the same folder or database: only one of them starts. */
function lintSharedStores(
  agent: AgentText,
  { channels }: CheckedAgent,
  findings: Findings,
  home: string
): void {
  const owners = new Map<string, string>()
  for (const { name, definition, properties, at } of channels.values()) {
    const stores = definition?.stores?.(properties, home)
    for (const store of new Set(stores?.places)) {
      const owner = owners.get(store)
      if (owner === undefined) owners.set(store, name)
      else {
        findings.add('SHARED_STORE', {
          at,
          key: `${agent.name}.channels.${name}`,
          message: `The channels ${owner} and ${name} both keep their events in ${store}; only one of them can start.`,
          hint: `Give ${name} another ${stores?.key ?? ''}.`
        })
      }
    }
  }
}
