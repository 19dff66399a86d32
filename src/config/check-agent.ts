import type { AgentPlan } from '../core/plan.ts'
import { namesOf, type AgentText, type ListKind } from './agent-text.ts'
import { namesBehindSign } from './comment-behind.ts'
import type { CheckedAgent } from './checked-agent.ts'
import { batchFits } from './check-batches.ts'
import { checkComponent, type Checked } from './check-component.ts'
import { checkGroups } from './check-groups.ts'
import type { CheckContext, Status } from './check-part.ts'
import { checkSink, type CheckedSink } from './check-sinks.ts'
import { checkSource, type CheckedSource } from './check-sources.ts'
import { dropUnconnected, reportLists, type Channels, type Sinks, type Sources } from './check-connections.ts'
import type { Property } from './finding.ts'
import type { Findings } from './findings.ts'
import { makePlan } from './make-plan.ts'
import { hasStrangeBlank } from './misread.ts'

/** How one listed component came out. */
export interface ComponentStatus {
  readonly kind: 'source' | 'channel' | 'sink' | 'sinkgroup'
  readonly name: string
  /** The definition's type, or what was written. */
  readonly type: string
  readonly status: Status
  /** It is a word of a comment behind a list. */
  readonly isComment?: true
}

export interface AgentCheck {
  readonly plan: AgentPlan
  readonly components: readonly ComponentStatus[]
  readonly checked: CheckedAgent
}

/** Checks one agent whole. What is wrong drops the part it concerns; the rest makes the plan. */
export async function checkAgent(context: CheckContext): Promise<AgentCheck> {
  const channels = await checkAll('channels', context, (name, list) =>
    checkComponent('channel', name, context, list)
  )
  const sources = await checkAll('sources', context, (name, list) =>
    checkSource(name, channels, context, list)
  )
  const sinks = await checkAll('sinks', context, (name, list) => checkSink(name, channels, context, list))
  dropBigBatches(channels, sources, sinks, context)
  const groups = await checkGroups(sinks, context)
  dropUnconnected(channels, sources, sinks, context)
  reportLists(channels, sources, sinks, context)
  reportUnlisted(context)
  const checked = { channels, sources, sinks, groups }
  const plan = makePlan(context.agent.name, checked)
  reportStranded(plan, checked, context)
  return { plan, components: statuses(checked, context.agent), checked }
}

/** What is fine by itself but hangs on a part that this version cannot run. */
function reportStranded(
  plan: AgentPlan,
  { sources, sinks, groups }: CheckedAgent,
  { agent, findings }: CheckContext
): void {
  const running = new Set([...plan.sources, ...plan.sinks].map(({ kind, name }) => `${kind} ${name}`))
  for (const part of [...sources.values(), ...sinks.values()]) {
    const { kind, name, status, at } = part
    if (status !== 'ok' || running.has(`${kind} ${name}`)) continue
    const group =
      kind === 'sink' ? groups.find(other => other.status !== 'ok' && other.sinks.includes(name)) : undefined
    const key = `${agent.name}.${kind}s.${name}`
    const lost = group === undefined ? 'its channel' : `the processor of its group ${group.name}`
    const message = `The ${kind} ${name} does not run: ${lost} is not there.`
    const hint = group === undefined ? 'Give it a memory channel.' : `Take it out of the group ${group.name}.`
    const causes =
      group === undefined
        ? channelsOf(part).map(channel => `${agent.name}.channels.${channel}`)
        : [`${agent.name}.sinkgroups.${group.name}`]
    findings.follow('NOT_IN_THIS_VERSION', { at, key, message, hint }, { causes })
  }
}

function channelsOf(part: CheckedSource | CheckedSink): readonly string[] {
  return 'channels' in part ? part.channels : [part.channel]
}

async function checkAll<T>(
  kind: ListKind,
  { agent }: CheckContext,
  check: (name: string, list: NonNullable<ReturnType<typeof agent.lists.get>>) => Promise<T>
): Promise<Map<string, T>> {
  const found = new Map<string, T>()
  const list = agent.lists.get(kind)
  if (list !== undefined) for (const name of namesOf(list)) found.set(name, await check(name, list))
  return found
}

function dropBigBatches(channels: Channels, sources: Sources, sinks: Sinks, context: CheckContext): void {
  const ofNames = (names: readonly string[]): Checked[] => names.flatMap(name => channels.get(name) ?? [])
  for (const [name, source] of sources) {
    if (source.status !== 'dropped' && !batchFits(source, ofNames(source.channels), context))
      sources.set(name, { ...source, status: 'dropped' })
  }
  for (const [name, sink] of sinks) {
    if (sink.status !== 'dropped' && !batchFits(sink, ofNames([sink.channel]), context))
      sinks.set(name, { ...sink, status: 'dropped' })
  }
}

function reportUnlisted({ agent, findings }: CheckContext): void {
  for (const kind of ['sources', 'channels', 'sinks', 'sinkgroups', 'configfilters'] as const) {
    const list = agent.lists.get(kind)
    const listed = new Set(namesOf(list))
    for (const { name, properties } of agent.components[kind].values()) {
      const [first] = properties.values()
      if (listed.has(name) || first === undefined) continue
      reportStrangeChannel(name, properties.get(kind === 'sinks' ? 'channel' : 'channels'), agent, findings)
      const key = `${agent.name}.${kind}`
      const remark = {
        at: first,
        key: `${key}.${name}`,
        message: `${key}.${name} has properties but is not in the list ${key}; it is not used.`,
        hint: `${listHint(agent, kind, name)}, or remove its lines.`
      }
      const strange = [...listed, name].some(other => hasStrangeBlank(other))
      if (strange)
        findings.follow('DEFINED_NOT_LISTED', remark, { causes: [key, remark.key], codes: ['NBSP'] })
      else findings.add('DEFINED_NOT_LISTED', remark)
    }
  }
}

/** The list as it should be: without names that nothing stands behind. */
function listHint(agent: AgentText, kind: ListKind, name: string): string {
  const key = `${agent.name}.${kind}`
  const listed = namesOf(agent.lists.get(kind))
  if (listed.length > 20) return `Add ${name} to ${key}`
  const defined = listed.flatMap(other => other.split(',')).filter(other => agent.components[kind].has(other))
  return `Write ${key} = ${[...new Set([...defined, name])].join(' ')}`
}

function reportStrangeChannel(
  name: string,
  channel: Property | undefined,
  agent: AgentText,
  findings: Findings
): void {
  const listed = namesOf(agent.lists.get('channels'))
  const unknown = namesOf(channel).find(other => !listed.includes(other))
  if (channel === undefined || unknown === undefined) return
  findings.add('UNDECLARED_CHANNEL', {
    at: channel,
    key: channel.key,
    level: 'warning',
    message: `The channel ${unknown} of ${name} is not in the list ${agent.name}.channels.`,
    hint: `${name} is not used anyway: remove its lines, or list both.`
  })
}

function statuses({ sources, channels, sinks, groups }: CheckedAgent, agent: AgentText): ComponentStatus[] {
  const parts = [...sources.values(), ...channels.values(), ...sinks.values()].map(
    ({ kind, name, type, status }): ComponentStatus => {
      const isComment = type === '' && namesBehindSign(agent.lists.get(`${kind}s`)).has(name)
      return { kind, name, type, status, ...(isComment ? { isComment } : {}) }
    }
  )
  return [
    ...parts,
    ...groups.map(({ name, processor, status }) => ({
      kind: 'sinkgroup' as const,
      name,
      type: processor.type,
      status
    }))
  ]
}

/** Says which properties stand under a name that is no agent. */
export function reportOrphans(
  orphans: readonly {
    readonly name: string
    readonly at: { file: string; line: number }
    readonly size: number
  }[],
  agent: string,
  findings: Findings
): void {
  for (const { name, at, size } of orphans) {
    const remark = {
      at,
      key: name,
      message: `${size === 1 ? 'One property stands' : `${size} properties stand`} under ${name}, which lists nothing; the agent here is ${agent}.`,
      hint: `Write ${agent} instead of ${name}, or remove the lines.`
    }
    if (hasStrangeBlank(name))
      findings.follow('ORPHAN_AGENT_PREFIX', remark, { causes: [name], codes: ['NBSP'] })
    else findings.add('ORPHAN_AGENT_PREFIX', remark)
  }
}
