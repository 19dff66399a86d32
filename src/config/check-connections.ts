import { namesOf } from './agent-text.ts'
import type { Checked } from './check-component.ts'
import type { CheckContext, Status } from './check-part.ts'
import type { CheckedSink } from './check-sinks.ts'
import type { CheckedSource } from './check-sources.ts'

export type Sources = Map<string, CheckedSource>
export type Sinks = Map<string, CheckedSink>
export type Channels = Map<string, Checked>

/** Drops channels that nothing is connected to, and says which ones nothing fills or drains. */
export function dropUnconnected(
  channels: Channels,
  sources: Sources,
  sinks: Sinks,
  context: CheckContext
): void {
  const filled = new Set([...sources.values()].filter(isConnected).flatMap(source => source.channels))
  const drained = new Set([...sinks.values()].filter(isConnected).map(sink => sink.channel))
  const users = usersOf(sources, sinks)
  for (const [name, channel] of channels) {
    if (channel.status === 'dropped') continue
    const key = `${context.agent.name}.channels.${name}`
    const remark = { at: channel.at, key }
    if (!filled.has(name) && !drained.has(name)) {
      channels.set(name, { ...channel, status: 'dropped' })
      const causes = [...(users.get(name) ?? [])].map(user => `${context.agent.name}.${user}`)
      context.findings.follow(
        'DROPPED',
        {
          ...remark,
          message: `Channel ${name} has no components connected and has been removed.`,
          hint: `Name ${name} in a source and a sink.`
        },
        { causes: [...causes, key] }
      )
    }
    if (channel.definition?.shared !== true)
      reportOpenEnds(name, remark, [...(users.get(name) ?? [])], context)
  }
}

function reportOpenEnds(
  name: string,
  remark: { at: Checked['at']; key: string },
  users: readonly string[],
  { findings }: CheckContext
): void {
  if (!users.some(user => user.startsWith('sources.'))) {
    findings.add('CHANNEL_NO_SOURCE', {
      ...remark,
      message: `No source fills the channel ${name}.`,
      hint: `Name ${name} in the channels of a source.`
    })
  }
  if (!users.some(user => user.startsWith('sinks.'))) {
    findings.add('CHANNEL_NO_SINK', {
      ...remark,
      message: `No sink drains the channel ${name}; it fills up.`,
      hint: `Name ${name} as the channel of a sink.`
    })
  }
}

/** What names each channel, be it dropped: `sources.r1`, `sinks.k1`. */
function usersOf(sources: Sources, sinks: Sinks): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>()
  for (const { kind, name, text } of [...sources.values(), ...sinks.values()]) {
    const named = ['channel', 'channels'].flatMap(key => namesOf(text?.properties.get(key)))
    for (const channel of named) {
      const known = users.get(channel) ?? new Set()
      users.set(channel, known.add(`${kind}s.${name}`))
    }
  }
  return users
}

function isKept({ status }: { readonly status: Status }): boolean {
  return status !== 'dropped'
}

/** What is of another version is judged from outside only; its channel stays, even when its settings look wrong. */
function isConnected(component: Checked): boolean {
  return isKept(component) || component.known !== undefined
}

/** Says which lists are missing, and when nothing is left of the agent. */
export function reportLists(
  channels: Channels,
  sources: Sources,
  sinks: Sinks,
  { agent, findings }: CheckContext
): void {
  const { name, at } = agent
  const subject = `Agent configuration for '${name}'`
  if (sources.size === 0)
    findings.add('NO_LIST_SOURCES', {
      at,
      key: `${name}.sources`,
      message: `${subject} has no sources.`,
      hint: `Write ${name}.sources = …, unless a channel brings the events.`
    })
  if (sinks.size === 0)
    findings.add('NO_LIST_SINKS', {
      at,
      key: `${name}.sinks`,
      message: `${subject} has no sinks.`,
      hint: `Write ${name}.sinks = …, unless a channel takes the events on.`
    })
  if (channels.size === 0)
    findings.add('NO_LIST_CHANNELS', {
      at,
      key: `${name}.channels`,
      message: `${subject} does not contain any channels. Marking it as invalid.`,
      hint: `Write ${name}.channels = … with the names of the channels.`
    })
  if ([...channels.values()].some(isKept)) return
  const parts = [...channels.values(), ...sources.values(), ...sinks.values()]
  const causes = parts.map(({ kind, name: part }) => `${name}.${kind}s.${part}`)
  findings.follow(
    'NOTHING_TO_RUN',
    {
      at,
      key: name,
      message: endOf(name, channels, sources, sinks),
      hint: 'Correct the errors that are reported for its parts.'
    },
    { causes: parts.length > channels.size || channels.size === 0 ? [`${name}.channels`, ...causes] : [] }
  )
}

/** What Flume says when nothing is left of an agent: its reading of the text and its making of parts end differently. */
function endOf(agent: string, channels: Channels, sources: Sources, sinks: Sinks): string {
  const gone = `Agent configuration invalid for agent '${agent}'. It will be removed. No configuration found for this host:${agent}`
  const active = new Set([...channels.values()].filter(({ type }) => type !== '').map(({ name }) => name))
  const users = [...sources.values(), ...sinks.values()].filter(({ type, text }) => {
    const named = namesOf(text?.properties.get('channels')).concat(
      text?.properties.get('channel')?.value ?? []
    )
    return type !== '' && named.some(channel => active.has(channel))
  })
  const subject = `Agent configuration for '${agent}'`
  if (channels.size === 0) return gone
  if (active.size === 0)
    return `${subject} does not contain any valid channels. Marking it as invalid. ${gone}`
  if (users.length === 0) return `${subject} has no sources or sinks. Will be marked invalid. ${gone}`
  return `Nothing of the agent ${agent} can run.`
}
