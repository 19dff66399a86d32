import { nearest } from '../core/nearest.ts'
import { trimJava } from '../core/numbers.ts'
import { wordsOf } from '../core/words.ts'
import type { Position, Property } from './finding.ts'
import type { Findings } from './findings.ts'
import type { Properties } from './merge.ts'

export const LISTS = ['sources', 'channels', 'sinks', 'sinkgroups', 'configfilters'] as const
export type ListKind = (typeof LISTS)[number]

/** One component as written: its name and its properties by their key below the component. */
export interface ComponentText {
  readonly kind: ListKind
  readonly name: string
  readonly properties: Map<string, Property>
}

/** What a configuration says about one agent. */
export interface AgentText {
  readonly name: string
  /** The lists of names: `<agent>.sources = …`. */
  readonly lists: Map<ListKind, Property>
  readonly components: Readonly<Record<ListKind, Map<string, ComponentText>>>
  /** The first property of the agent. */
  readonly at: Position
  /** How many properties there are. */
  size: number
}

/** A line that belongs to no agent or fits no form; judged once it is known which agent is asked for. */
export interface StrayProperty {
  readonly property: Property
  readonly agent: string | undefined
  readonly reason: StrayReason
}

export type StrayReason = 'no-agent' | 'empty-value' | 'invalid'

export interface AgentTexts {
  readonly agents: ReadonlyMap<string, AgentText>
  readonly stray: readonly StrayProperty[]
}

/** Splits properties by agent, kind of component and component. Values come out trimmed. */
export function splitByAgent(properties: Properties): AgentTexts {
  const agents = new Map<string, AgentText>()
  const stray: StrayProperty[] = []
  for (const untrimmed of properties.values()) {
    const property = { ...untrimmed, value: trimJava(untrimmed.value) }
    const dot = property.key.indexOf('.')
    const name = dot > 0 && dot < property.key.length - 1 ? property.key.slice(0, dot) : undefined
    if (name === undefined) stray.push({ property, agent: undefined, reason: 'no-agent' })
    else if (property.value === '') stray.push({ property, agent: name, reason: 'empty-value' })
    else if (!place(agents, name, property, property.key.slice(dot + 1)))
      stray.push({ property, agent: name, reason: 'invalid' })
  }
  return { agents, stray }
}

function place(agents: Map<string, AgentText>, name: string, property: Property, rest: string): boolean {
  const agent = agents.get(name) ?? emptyAgent(name, property)
  agents.set(name, agent)
  agent.size++
  const list = LISTS.find(kind => kind === rest)
  if (list !== undefined) {
    agent.lists.set(list, property)
    return true
  }
  const kind = LISTS.find(word => rest.startsWith(`${word}.`))
  if (kind === undefined) return false
  const behind = rest.slice(kind.length + 1)
  const dot = behind.indexOf('.')
  if (dot <= 0 || dot === behind.length - 1) return false
  componentOf(agent, kind, behind.slice(0, dot)).properties.set(behind.slice(dot + 1), property)
  return true
}

function emptyAgent(name: string, at: Position): AgentText {
  return {
    name,
    at,
    size: 0,
    lists: new Map(),
    components: {
      sources: new Map(),
      channels: new Map(),
      sinks: new Map(),
      sinkgroups: new Map(),
      configfilters: new Map()
    }
  }
}

function componentOf(agent: AgentText, kind: ListKind, name: string): ComponentText {
  const found = agent.components[kind].get(name) ?? { kind, name, properties: new Map<string, Property>() }
  agent.components[kind].set(name, found)
  return found
}

/** Names of agents: those that list something; without any such, all that have properties. */
export function agentNames({ agents }: AgentTexts): string[] {
  const listing = [...agents.values()].filter(({ lists }) => lists.size > 0)
  const found =
    listing.length > 0
      ? listing
      : [...agents.values()].filter(({ components }) => LISTS.some(kind => components[kind].size > 0))
  return found.map(({ name }) => name)
}

/** Names of a list property, in order and once each. */
export function namesOf(list: Property | undefined): string[] {
  return list === undefined ? [] : [...new Set(wordsOf(list.value))]
}

/** Keys whose values are not shown, though nothing declares them. */
const SECRET = /password|passwd|secret|token|credential/i

/** Says which lines are ignored, with Flume's words. `agent` is the one asked for, `names` all of them. */
export function reportStray(
  texts: AgentTexts,
  agent: string,
  referenced: (key: string) => boolean,
  findings: Findings
): void {
  for (const { property, agent: owner, reason } of texts.stray) {
    const { key, value } = property
    if (owner !== undefined && owner !== agent) continue
    const ignored = `Configuration property ignored: ${key} = ${SECRET.test(key) ? '***' : value}`
    if (reason === 'empty-value') {
      findings.add('EMPTY_VALUE', {
        at: property,
        key,
        message: `${ignored}. It has no value.`,
        hint: 'Write a value, or remove the line.'
      })
    } else if (reason === 'invalid') {
      const rest = key.slice(agent.length + 1)
      findings.add('INVALID_PROPERTY', {
        at: property,
        key,
        message: `Invalid property specified: ${rest}. ${ignored}`,
        hint: formHint(agent, rest)
      })
    } else if (key.startsWith('//')) {
      findings.add('SLASH_COMMENT', {
        at: property,
        key,
        message: `${ignored}. Two slashes do not begin a comment.`,
        hint: 'Begin the line with #.'
      })
      findings.add('KEY_WITHOUT_AGENT', {
        at: property,
        key,
        message: `${ignored}. The key names no agent.`,
        hint: 'Begin the line with #.'
      })
    } else if (!referenced(key)) {
      findings.add('KEY_WITHOUT_AGENT', {
        at: property,
        key,
        message: `${ignored}. The key names no agent.`,
        hint: `Write ${agent}.sources.NAME.KEY and the like; a key without dot is only of use as \${${key}}.`
      })
    }
  }
}

function formHint(agent: string, rest: string): string {
  const word = rest.split('.', 1)[0] ?? ''
  const kind = LISTS.find(known => known === word) ?? nearest(word, LISTS)
  if (kind === undefined || (kind === word && rest === word))
    return `The second word is one of ${LISTS.join(', ')}.`
  const whole = /^[^.]+\.([^.\s]+\.\S+)$/.exec(rest)?.[1]
  return `Write ${agent}.${kind}.${whole ?? 'NAME.KEY'} = VALUE.`
}
