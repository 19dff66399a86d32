import type { Kind } from '../core/plan.ts'
import type { ComponentText } from './agent-text.ts'
import { checkPart, type CheckContext, type CheckedPart, type Part } from './check-part.ts'
import type { Position, Property } from './finding.ts'
import { isMisread } from './misread.ts'
import { KNOWN_TYPES } from './known-types.ts'
import { builtInFor } from './known/third-party.ts'
import { nearestName } from './nearest-name.ts'
import { componentText } from './part-text.ts'

type TopKind = 'source' | 'channel' | 'sink'

/** A source, channel or sink that was listed. */
export interface Checked extends CheckedPart {
  readonly kind: TopKind
  readonly name: string
  readonly text: ComponentText | undefined
  readonly at: Position
}

const LIST_OF = { source: 'sources', channel: 'channels', sink: 'sinks' } as const

/** What a listed name comes to by itself: whether it is defined, has a type, and settings that can be used. */
export async function checkComponent(
  kind: TopKind,
  name: string,
  context: CheckContext,
  list: Property
): Promise<Checked> {
  const text = context.agent.components[LIST_OF[kind]].get(name)
  const key = `${context.agent.name}.${LIST_OF[kind]}.${name}`
  if (text === undefined) {
    reportUndefined(kind, name, context, list)
    return { ...dropped(''), kind, name, text, at: list }
  }
  const { type, own } = componentText(kind, text)
  if (type === undefined) {
    const [first = list] = text.properties.values()
    const blank = kind === 'channel' ? '' : ' '
    context.findings.add('NO_TYPE', {
      at: first,
      key: `${key}.type`,
      message: `Could not configure ${kind} ${blank}${name} due to: Component has no type. Cannot configure. ${name}`,
      hint: `Add ${key}.type = …`
    })
    return { ...dropped(''), kind, name, text, at: first }
  }
  const part = {
    kind,
    name,
    type: type.value,
    at: type,
    prefix: `${key}.`,
    properties: own
  }
  const checked = await checkPart(part, context)
  reportType(part, checked, context)
  if (checked.status === 'dropped') reportRemoved(kind, name, context, type)
  return { ...checked, kind, name, text, at: type }
}

/** Says that a component goes because of its settings, in Flume's words. */
export function reportRemoved(
  kind: TopKind,
  name: string,
  { agent, findings }: Pick<CheckContext, 'agent' | 'findings'>,
  at: Position
): void {
  const key = `${agent.name}.${LIST_OF[kind]}.${name}`
  findings.follow('DROPPED', { at, key, message: removed(kind, name), hint: CORRECT }, { causes: [key] })
}

const CORRECT = 'Correct the errors that are reported for it.'

/** Flume's sentence. */
function removed(kind: TopKind, name: string): string {
  return `${capitalized(kind)} ${name} has been removed due to an error during configuration.`
}

/** What follows for a source or sink from a channel that is not there any more, in Flume's words. */
export function unconnected(kind: 'source' | 'sink', name: string): string {
  return `${capitalized(kind)} ${name} is not connected to a channel.`
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function dropped(type: string): CheckedPart {
  return {
    status: 'dropped',
    type,
    properties: {},
    batchSize: undefined,
    transactionCapacity: undefined,
    known: undefined,
    definition: undefined,
    headers: { always: [], more: true },
    resolution: { status: 'third-party', type, instead: undefined }
  }
}

function reportUndefined(
  kind: TopKind,
  name: string,
  { agent, findings }: CheckContext,
  list: Property
): void {
  const key = isMisread(list, name) ? list.key : `${agent.name}.${LIST_OF[kind]}.${name}`
  const message = {
    source: `Configuration empty for: ${name}.Removed.`,
    sink: `no context for sink${name}`,
    channel: `There is no channel ${name}.`
  }[kind]
  const close = nearestName(name, agent.components[LIST_OF[kind]].keys())
  findings.add('LISTED_NOT_DEFINED', {
    at: list,
    key,
    message: `${list.key} lists ${name}, but nothing begins with ${key}. ${message}`,
    hint: listedHint(name, key, close)
  })
}

function listedHint(name: string, key: string, close: string | undefined): string {
  if (name.includes(',')) return 'Separate names by blanks, not commas.'
  return close === undefined
    ? `Define ${key}.type, or take ${name} out of the list.`
    : `Did you mean ${close}?`
}

/** Says what is special about the type: strange, unknown, gone, or in unusual case. */
export function reportType(part: Part, { resolution, known }: CheckedPart, context: CheckContext): void {
  const key = `${part.prefix}type`
  const { at } = part
  if (resolution.status === 'third-party') return reportThirdParty(part, resolution.instead, context)
  if (resolution.status === 'not-installed') {
    context.findings.add('NEEDS_PACKAGE', {
      at,
      key,
      message: `${part.name} needs the package ${resolution.what}, which is not installed, and does not run. Install it: ${resolution.command}`
    })
  }
  if (known?.removed === true) {
    context.findings.add('NOT_IN_1_11', {
      at,
      key,
      message: `The ${part.kind} type ${part.type} was taken out of Flume before 1.11 and is not in this version.`,
      hint: 'Write to it through another sink, such as http or kafka.'
    })
  } else if (resolution.status === 'not-in-this-version') {
    context.findings.add('NOT_IN_THIS_VERSION', {
      at,
      key,
      message: `${part.type} is ${/^[aeiou]/.test(part.kind) ? 'an' : 'a'} ${part.kind} of Flume that this version does not have; ${part.name} does not run.`,
      hint: 'The manual lists what there is: flume-ng help.'
    })
  }
  if (known?.extraJars === true) {
    context.findings.add('EXTRA_JARS', {
      at,
      key,
      message: `Flume would need extra libraries for ${part.type}.`,
      hint: ''
    })
  }
  reportCase(part, context)
}

/** Spellings that Flume’s guide uses itself. */
const AS_IN_GUIDE = ['TAILDIR', 'SPILLABLEMEMORY', 'TEXT', 'DEFAULT']

function reportCase({ type, at, prefix }: Part, context: CheckContext): void {
  if (type.includes('.') || type === type.toLowerCase() || AS_IN_GUIDE.includes(type)) return
  context.findings.add('TYPE_CASE', {
    at,
    key: `${prefix}type`,
    message: `The type ${type} is usually written ${type.toLowerCase()}; it works.`,
    hint: `Write ${type.toLowerCase()}.`
  })
}

/** The type that was meant: a class of somebody else resembles one of Flume's only by all of its own name. */
function nearestType(type: string, types: readonly string[]): string | undefined {
  if (!type.includes('.') || type.startsWith('org.apache.flume.')) return nearestName(type, types)
  const own = (name: string): string => name.slice(name.lastIndexOf('.') + 1)
  return types.find(other => other.includes('.') && own(other) === own(type))
}

const FATAL: readonly Kind[] = ['source', 'channel', 'sink']

/** Flume's sentence. */
function unableToLoad(kind: Kind, type: string): string {
  switch (kind) {
    case 'processor':
      return `Unable to load sink processor type: ${type}, class: null.`
    case 'interceptor':
      return `Interceptor.Builder not found. Unable to load ${type}.`
    default:
      return `Unable to load ${kind} type: ${type}, class: ${type}.`
  }
}

function reportThirdParty(
  part: Part,
  replacement: string | undefined,
  { findings, catalog }: CheckContext
): void {
  const { kind, type, at, prefix, name } = part
  const instead = replacement ?? builtInFor(kind, type)
  const known = KNOWN_TYPES.filter(other => other.kind === kind && other.removed !== true).flatMap(other => [
    other.type,
    ...other.classes
  ])
  const close = nearestType(type, [...(catalog.names?.(kind) ?? []), ...known])
  const javaClass = /[.$]/.test(type)
  const remark = {
    at,
    key: `${prefix}type`,
    message: `${unableToLoad(kind, type)} ${javaClass ? 'Java classes cannot be loaded' : 'There is no such type'}; ${name} cannot run.`,
    hint:
      close !== undefined
        ? `Did you mean ${close}?`
        : instead !== undefined
          ? `The built-in ${instead} may do the job.`
          : `Name a built-in ${kind}, or take ${name} out.`
  }
  if (FATAL.includes(kind)) findings.fatal('CUSTOM_CLASS', remark)
  else findings.add('CUSTOM_CLASS', remark)
}
