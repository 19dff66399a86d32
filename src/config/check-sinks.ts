import { namesOf, type ComponentText } from './agent-text.ts'
import { checkComponent, unconnected, type Checked } from './check-component.ts'
import type { CheckContext } from './check-part.ts'
import { isUsable } from './check-sources.ts'
import type { Property } from './finding.ts'
import { nearestName } from './nearest-name.ts'

export interface CheckedSink extends Checked {
  readonly channel: string
}

/** Checks a listed sink and its channel. */
export async function checkSink(
  name: string,
  channels: ReadonlyMap<string, Checked>,
  context: CheckContext,
  list: Property
): Promise<CheckedSink> {
  const text = context.agent.components.sinks.get(name)
  const channel = text === undefined ? undefined : attachedChannel(name, text, channels, context)
  const own = channel === undefined ? ({ ...context, isGone: true } as const) : context
  const checked = await checkComponent('sink', name, own, list)
  return channel === undefined ? { ...checked, status: 'dropped', channel: '' } : { ...checked, channel }
}

function attachedChannel(
  name: string,
  text: ComponentText,
  channels: ReadonlyMap<string, Checked>,
  context: CheckContext
): string | undefined {
  const { agent, findings } = context
  const property = text.properties.get('channel')
  const key = `${agent.name}.sinks.${name}.channel`
  const failed = `Could not configure sink  ${name} due to: `
  if (property === undefined) return noChannel(name, text, [...channels.keys()], context)
  if (isUsable(channels.get(property.value))) return property.value
  const wanted = namesOf(property)
  if (wanted.length > 1) {
    findings.add('SINK_CHANNELS', {
      at: property,
      key,
      message: `${failed}Channel ${property.value} not in active set. A sink has exactly one channel.`,
      hint: `Write ${key} = ${wanted[0] ?? ''}, and add one sink for each further channel.`
    })
    return undefined
  }
  const notActive = `${failed}Channel ${property.value} not in active set.`
  const channel = channels.get(property.value)
  if (channel !== undefined) {
    const message = channel.type === '' ? notActive : unconnected('sink', name)
    const cause = `${agent.name}.channels.${property.value}`
    const hint = `Correct ${cause}.`
    findings.follow(
      'UNDECLARED_CHANNEL',
      { at: property, key, level: 'warning', message, hint },
      { causes: [cause] }
    )
    return undefined
  }
  const close = nearestName(property.value, channels.keys())
  findings.add('UNDECLARED_CHANNEL', {
    at: property,
    key,
    message: notActive,
    hint:
      close === undefined
        ? `Add ${property.value} to ${agent.name}.channels and define it.`
        : `Did you mean ${close}?`
  })
  return undefined
}

function noChannel(
  name: string,
  text: ComponentText,
  channels: readonly string[],
  { agent, findings }: CheckContext
): undefined {
  const [first = agent.at] = text.properties.values()
  const plural = text.properties.get('channels')
  const key = `${agent.name}.sinks.${name}.channel`
  findings.add(plural === undefined ? 'SINK_NO_CHANNEL' : 'SINK_CHANNELS', {
    at: plural ?? first,
    key,
    message: `Could not configure sink  ${name} due to: No channel configured for sink: ${name}.`,
    hint:
      plural === undefined
        ? `Add ${key} = ${channels[0] ?? 'CHANNEL'}.`
        : `A sink has channel, not channels: write ${key} = ${namesOf(plural)[0] ?? ''}.`
  })
}
