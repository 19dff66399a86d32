import type { Headers } from '../core/component.ts'
import type { ComponentPlan } from '../core/plan.ts'
import { namesOf, type ComponentText } from './agent-text.ts'
import { namesBehindSign } from './comment-behind.ts'
import { checkComponent, reportRemoved, unconnected, type Checked } from './check-component.ts'
import { checkInterceptors } from './check-interceptors.ts'
import { worse, type CheckContext } from './check-part.ts'
import { checkSelector } from './check-selector.ts'
import type { Property } from './finding.ts'
import { nearestName } from './nearest-name.ts'

export interface CheckedSource extends Checked {
  /** Channels that exist, in the order of the file. */
  readonly channels: readonly string[]
  readonly selector: ComponentPlan
  readonly interceptors: readonly ComponentPlan[]
  /** Of the events behind its interceptors. */
  readonly headers: Headers
}

const REPLICATING: ComponentPlan = { kind: 'selector', name: 'selector', type: 'replicating', properties: {} }

/** Checks a listed source, its channels, selector and interceptors. */
export async function checkSource(
  name: string,
  channels: ReadonlyMap<string, Checked>,
  context: CheckContext,
  list: Property
): Promise<CheckedSource> {
  const checked = await checkComponent('source', name, context, list)
  const { text } = checked
  if (text === undefined) return { ...checked, channels: [], selector: REPLICATING, interceptors: [] }
  const attached = attachedChannels(name, text, channels, context)
  const interceptors = await checkInterceptors(name, text, context)
  const selector = await checkSelector(name, text, attached, context)
  const parts = [selector, ...interceptors]
  const status =
    attached.length === 0 ? 'dropped' : parts.reduce((sum, part) => worse(sum, part.status), checked.status)
  const removed =
    status !== checked.status && (status === 'dropped' || status === 'third-party') && attached.length > 0
  if (removed) reportRemoved('source', name, context, checked.at)
  return {
    ...checked,
    status,
    channels: attached,
    selector: selector.plan,
    interceptors: interceptors.map(({ plan }) => plan),
    headers: together([checked, ...interceptors].map(({ headers }) => headers))
  }
}

function together(all: readonly Headers[]): Headers {
  return { always: all.flatMap(({ always }) => always), more: all.some(({ more }) => more) }
}

function attachedChannels(
  name: string,
  text: ComponentText,
  channels: ReadonlyMap<string, Checked>,
  context: CheckContext
): string[] {
  const { agent, findings } = context
  const property = text.properties.get('channels')
  const key = `${agent.name}.sources.${name}.channels`
  const failed = `Could not configure source  ${name} due to: `
  if (property === undefined) {
    const [first = agent.at] = text.properties.values()
    const singular = text.properties.get('channel')
    findings.add('SRC_NO_CHANNEL', {
      at: singular ?? first,
      key,
      message: `${failed}Failed to configure component! No channels set for ${name}.`,
      hint: `${singular === undefined ? 'Add' : 'A source has channels, not channel: write'} ${key} = ${[...channels.keys()].join(' ')}.`
    })
    return []
  }
  const wanted = namesOf(property)
  const attached = wanted.filter(channel => isUsable(channels.get(channel)))
  const isAlone = attached.length === 0
  const wasActive = wanted.some(channel => (channels.get(channel)?.type ?? '') !== '')
  const last = `${failed}No Channels configured for ${name}.`
  const had = new Set(attached)
  const behindSign = namesBehindSign(property)
  const isNothing = (channel: string): boolean => behindSign.has(channel) && channels.has(channel)
  for (const channel of wanted.filter(other => !had.has(other) && !isNothing(other))) {
    if (channels.has(channel)) {
      const cause = `${agent.name}.channels.${channel}`
      const lost = `The channel ${channel} of source ${name} was dropped.`
      const message = isAlone ? (wasActive ? unconnected('source', name) : last) : lost
      const remark = { at: property, key, level: 'warning', message, hint: `Correct ${cause}.` } as const
      findings.follow('UNDECLARED_CHANNEL', remark, { causes: [cause] })
    } else {
      const ignored = `The channel ${channel} of source ${name} does not exist; it is ignored.`
      findings.add('UNDECLARED_CHANNEL', {
        at: property,
        key,
        message: isAlone ? `${ignored} ${last}` : ignored,
        hint: undeclaredHint(channel, [...channels.keys()], agent.name)
      })
    }
  }
  return attached
}

function undeclaredHint(channel: string, channels: readonly string[], agent: string): string {
  const close = nearestName(channel, channels)
  if (channel.includes(',')) return 'Separate names by blanks, not commas.'
  return close === undefined ? `Add ${channel} to ${agent}.channels and define it.` : `Did you mean ${close}?`
}

/** Whether a channel is there, be it only in another version. */
export function isUsable(channel: Checked | undefined): boolean {
  return channel !== undefined && channel.status !== 'dropped'
}
