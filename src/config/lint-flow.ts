import type { AgentText } from './agent-text.ts'
import type { CheckedAgent } from './checked-agent.ts'
import type { Findings } from './finding.ts'
import { lintHdfs } from './lint-hdfs.ts'
import { lintSources } from './lint-sources.ts'

/** Says what works, but hardly as it was meant: traps that only the whole agent shows. */
export function lintFlow(agent: AgentText, checked: CheckedAgent, findings: Findings): void {
  lintShared(agent, checked, findings)
  lintSources(agent, checked, findings)
  lintHdfs(agent, checked, findings)
  lintFileChannels(agent, checked, findings)
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

function lintFileChannels(agent: AgentText, { channels }: CheckedAgent, findings: Findings): void {
  for (const { name, type, text, at } of channels.values()) {
    if (
      type !== 'file' ||
      text === undefined ||
      (text.properties.has('checkpointDir') && text.properties.has('dataDirs'))
    )
      continue
    findings.add('FILE_CH_DEFAULT_DIRS', {
      at,
      key: `${agent.name}.channels.${name}`,
      message: `The file channel ${name} keeps its data under the home directory, as any other without directories would.`,
      hint: `Set ${agent.name}.channels.${name}.checkpointDir and dataDirs.`
    })
  }
}
