import type { ComponentPlan } from '../core/plan.ts'
import { namesOf, type ComponentText } from './agent-text.ts'
import { reportType } from './check-component.ts'
import { checkPart, type CheckContext, type Status } from './check-part.ts'
import type { CheckedSink } from './check-sinks.ts'
import type { Property } from './finding.ts'
import { isMisread } from './misread.ts'
import { nearestName } from './nearest-name.ts'

export interface CheckedGroup {
  readonly name: string
  readonly status: Status
  readonly processor: ComponentPlan
  /** Members that exist and are in no earlier group. */
  readonly sinks: readonly string[]
}

/** Checks the listed sink groups. Sinks of a dropped group run alone. */
export async function checkGroups(
  sinks: ReadonlyMap<string, CheckedSink>,
  context: CheckContext
): Promise<CheckedGroup[]> {
  const list = context.agent.lists.get('sinkgroups')
  const taken = new Map<string, string>()
  const groups: CheckedGroup[] = []
  for (const name of list === undefined ? [] : namesOf(list)) {
    const group = await checkGroup(name, { sinks, taken, list: list as Property }, context)
    if (group === undefined) continue
    for (const sink of group.sinks) taken.set(sink, name)
    if (sinks.has(name)) reportClash(name, context)
    groups.push(group)
  }
  return groups
}

interface Members {
  readonly sinks: ReadonlyMap<string, CheckedSink>
  /** Sinks of earlier groups, and which. */
  readonly taken: ReadonlyMap<string, string>
  readonly list: Property
}

async function checkGroup(
  name: string,
  members: Members,
  context: CheckContext
): Promise<CheckedGroup | undefined> {
  const { agent, findings } = context
  const key = `${agent.name}.sinkgroups.${name}`
  const text = agent.components.sinkgroups.get(name)
  if (text === undefined) {
    const close = nearestName(name, agent.components.sinkgroups.keys())
    findings.add('LISTED_NOT_DEFINED', {
      at: members.list,
      key: isMisread(members.list, name) ? members.list.key : key,
      message: `Configuration error for: ${name}.Removed. ${members.list.key} lists ${name}, but nothing begins with ${key}.`,
      hint:
        close === undefined
          ? `Define ${key}.sinks and ${key}.processor.type; until then its sinks run alone.`
          : `Did you mean ${close}?`
    })
    return undefined
  }
  const sinks = membersOf(name, text, members, context)
  if (sinks.length === 0) {
    dropGroup(
      text,
      `Could not configure sink group ${name} due to: No available sinks for sinkgroup: ${name}. Sinkgroup will be removed.`,
      `Write ${key}.sinks = … with the names of sinks.`,
      { context, causes: namesOf(text.properties.get('sinks')).map(sink => `${key}.sinks ${sink}`) }
    )
    return undefined
  }
  return checkProcessor(text, sinks, members, context)
}

function dropGroup(
  text: ComponentText,
  message: string,
  hint: string,
  { context: { agent, findings }, causes = [] }: { context: CheckContext; causes?: readonly string[] }
): void {
  const [first = agent.at] = text.properties.values()
  const key = `${agent.name}.sinkgroups.${text.name}`
  findings.follow('GROUP_DROPPED', { at: first, key, message, hint }, { causes })
}

function membersOf(
  name: string,
  text: ComponentText,
  { sinks, taken }: Members,
  { agent, findings }: CheckContext
): string[] {
  const property = text.properties.get('sinks')
  const key = `${agent.name}.sinkgroups.${name}.sinks`
  return namesOf(property).filter(sink => {
    const at = property ?? agent.at
    const other = taken.get(sink)
    const checked = sinks.get(sink)
    if (checked === undefined || checked.status === 'dropped') {
      const close = checked === undefined ? nearestName(sink, sinks.keys()) : undefined
      const whole = `${agent.name}.sinks.${sink}`
      const remark = {
        at,
        key: isMisread(property, sink) ? key : `${key} ${sink}`,
        message: `Agent configuration for '${agent.name}' sinkgroup '${name}' sink not found: '${sink}',  sink not added.`,
        hint: close === undefined ? `Correct ${whole}, or take it out.` : `Did you mean ${close}?`
      }
      if (checked === undefined || isMisread(property, sink)) findings.add('GROUP_UNKNOWN_SINK', remark)
      else findings.follow('GROUP_UNKNOWN_SINK', remark, { causes: [whole] })
      return false
    }
    if (other === undefined) return true
    findings.add('GROUP_SHARED_SINK', {
      at,
      key: `${key} ${sink}`,
      message: `Agent configuration for '${agent.name}' sinkgroup '${name}' sink '${sink}' in use by another group: '${other}', sink not added`,
      hint: 'Name each sink in one group.'
    })
    return false
  })
}

async function checkProcessor(
  text: ComponentText,
  sinks: readonly string[],
  { sinks: all }: Members,
  context: CheckContext
): Promise<CheckedGroup | undefined> {
  const { agent } = context
  const key = `${agent.name}.sinkgroups.${text.name}`
  const type = text.properties.get('processor.type')
  const [first = agent.at] = text.properties.values()
  if (type === undefined && sinks.length > 1) {
    dropGroup(
      text,
      `The group ${text.name} has no processor.type, so its sinks run alone. Unable to load sink processor type: null, class: null.`,
      `Add ${key}.processor.type = failover, or load_balance.`,
      { context }
    )
    return undefined
  }
  const own = new Map(
    [...text.properties]
      .filter(([name]) => name.startsWith('processor.') && name !== 'processor.type')
      .map(([name, property]) => [name.slice(10), property])
  )
  const part = {
    kind: 'processor',
    name: text.name,
    type: type?.value ?? 'default',
    at: type ?? first,
    prefix: `${key}.processor.`,
    properties: own
  } as const
  const checked = await checkPart(part, context)
  if (type !== undefined) reportType(part, checked, context)
  const wrong =
    checked.status === 'dropped' || checked.status === 'third-party'
      ? `SinkGroup ${text.name} has been removed due to an error during configuration.`
      : miscounted(checked.type, sinks.length)
  if (wrong !== undefined) {
    const causes = checked.status === 'ok' ? [] : [`${key}.processor`]
    dropGroup(text, `${wrong} Its sinks run alone.`, `Correct ${key}.processor.type and its settings.`, {
      context,
      causes
    })
    return undefined
  }
  reportChannels(text.name, sinks, all, context)
  return {
    name: text.name,
    status: checked.status,
    sinks,
    processor: { kind: 'processor', name: text.name, type: checked.type, properties: checked.properties }
  }
}

function miscounted(type: string, sinks: number): string | undefined {
  if (type === 'default' && sinks > 1) {
    return 'DefaultSinkPolicy can only handle one sink, try using a policy that supports multiple sinks.'
  }
  return type === 'load_balance' && sinks < 2
    ? 'The LoadBalancingSinkProcessor cannot be used for a single sink. Please configure more than one sinks and try again.'
    : undefined
}

function reportChannels(
  name: string,
  sinks: readonly string[],
  all: ReadonlyMap<string, CheckedSink>,
  { agent, findings }: CheckContext
): void {
  const channels = [...new Set(sinks.map(sink => all.get(sink)?.channel ?? ''))]
  if (channels.length < 2) return
  const property = agent.components.sinkgroups.get(name)?.properties.get('sinks')
  findings.add('GROUP_CHANNELS', {
    at: property ?? agent.at,
    key: `${agent.name}.sinkgroups.${name}.sinks`,
    message: `The sinks of group ${name} drain different channels: ${channels.join(', ')}. Each call drains only one of them.`,
    hint: 'Give all sinks of a group the same channel.'
  })
}

function reportClash(name: string, { agent, findings }: CheckContext): void {
  findings.add('NAME_CLASH', {
    at: agent.lists.get('sinkgroups') ?? agent.at,
    key: `${agent.name}.sinkgroups.${name}`,
    message: `A sink and a sink group are both called ${name}; Flume would leave the sink out when it runs alone.`,
    hint: 'Give the group another name.'
  })
}
