import { trimJava } from '../core/numbers.ts'
import { wordsOf } from '../core/words.ts'
import { readBlocks, type FileContent, type Link } from './block-dialect.ts'
import { nearest } from '../core/nearest.ts'
import type { Property } from './finding.ts'
import type { Findings } from './findings.ts'

/** One configuration text and the name it is known by. */
export interface Source {
  readonly file: string
  readonly text: string
}

/** All properties of all files; a later one with the same key has replaced an earlier one. */
export type Properties = ReadonlyMap<string, Property>

/** Reads every file and lays the later ones over the earlier ones, key by key. */
export function mergeSources(sources: readonly Source[], findings: Findings): Properties {
  const merged = new Map<string, Property>()
  const contents = sources.map(({ file, text }) => ({ file, content: readBlocks(text) }))
  for (const { file, content } of contents) {
    for (const { code, line, message, hint } of content.errors)
      findings.fatal(code, { at: { file, line }, message, hint })
    layOver(merged, file, content, findings)
  }
  addNames(merged, contents)
  const known = listedNames(merged)
  const linked = new Map<string, Property>()
  for (const { file, content } of contents)
    for (const link of content.links) addLink(merged, { file, link, known, linked }, findings)
  return merged
}

function layOver(
  merged: Map<string, Property>,
  file: string,
  content: FileContent,
  findings: Findings
): void {
  for (const { key, value, line } of content.entries) {
    const earlier = merged.get(key)
    if (earlier !== undefined && earlier.file === file && earlier.line !== line)
      duplicate(earlier, { key, value, file, line }, findings)
    merged.set(key, { key, value, file, line })
  }
}

function duplicate(earlier: Property, later: Property, findings: Findings): void {
  const same = trimJava(earlier.value) === trimJava(later.value)
  findings.add(same ? 'DUP_KEY_SAME' : 'DUP_KEY_DIFF', {
    at: later,
    key: later.key,
    message: same
      ? `${later.key} is set again, as on line ${earlier.line}.`
      : `${later.key} is set again with another value; that of line ${earlier.line} is lost.`,
    hint: `Keep one of the two lines, ${earlier.line} and ${later.line}.`
  })
}

/** Names that blocks use are in the lists of their agents, behind what the files list. */
function addNames(
  merged: Map<string, Property>,
  contents: readonly { readonly file: string; readonly content: FileContent }[]
): void {
  const lists = new Map<string, { readonly list: Property; readonly names: Set<string> }>()
  for (const { file, content } of contents) {
    for (const { agent, kind, name, line } of content.names) {
      const key = `${agent}.${kind}`
      const list = merged.get(key) ?? { key, value: '', file, line }
      const known = lists.get(key) ?? { list, names: new Set(wordsOf(list.value)) }
      known.names.add(name)
      lists.set(key, known)
    }
  }
  for (const [key, { list, names }] of lists) merged.set(key, { ...list, value: [...names].join(' ') })
}

function listedNames(merged: Properties): (key: string) => ReadonlySet<string> {
  const sets = new Map<string, ReadonlySet<string>>()
  return key => {
    const found = sets.get(key) ?? new Set(wordsOf(merged.get(key)?.value ?? ''))
    sets.set(key, found)
    return found
  }
}

interface LinkPlace {
  readonly file: string
  readonly link: Link
  readonly known: (key: string) => ReadonlySet<string>
  /** Keys that links wrote so far. */
  readonly linked: Map<string, Property>
}

/** The same name with the agent that was meant, where this one has nothing at all. */
function otherAgent(merged: Properties, agent: string, name: string): string | undefined {
  const agents = new Set([...merged.keys()].map(key => key.split('.', 1)[0] ?? ''))
  const meant = agents.has(agent) ? undefined : nearest(agent, [...agents])
  return meant === undefined ? undefined : meant + name.slice(agent.length)
}

function addLink(merged: Map<string, Property>, place: LinkPlace, findings: Findings): void {
  const { file, link, known, linked } = place
  const at = { file, line: link.line }
  const { agent, kind, names, channels } = link
  for (const [listKey, wanted] of [
    [`${agent}.${kind}`, names],
    [`${agent}.channels`, channels]
  ] as const) {
    for (const name of wanted) {
      if (known(listKey).has(name)) continue
      const close = nearest(name, [...known(listKey)]) ?? otherAgent(merged, agent, `${listKey}.${name}`)
      findings.add('BLOCK_UNKNOWN_NAME', {
        at,
        key: `${listKey}.${name}`,
        message: `There is no ${listKey}.${name}.`,
        hint:
          close === undefined
            ? `Define it in a block ${listKey} {, or correct the name.`
            : `Did you mean ${close}?`
      })
    }
  }
  for (const name of names.filter(other => known(`${agent}.${kind}`).has(other))) {
    const key = `${agent}.${kind}.${name}.${kind === 'sinks' ? 'channel' : 'channels'}`
    const before = linked.get(key)?.value.split(' ') ?? []
    const all = [...new Set([...before, ...channels])]
    if (kind === 'sinks' && all.length > 1) {
      findings.add('SINK_CHANNELS', {
        at,
        key,
        message: `The sink ${name} is linked to ${all.join(' and ')}; a sink has one channel.`,
        hint: `Keep one: ${agent}.sinks(${name}).channels(${all[0] ?? ''}).`
      })
    }
    const property = { key, value: (kind === 'sinks' ? all.slice(0, 1) : all).join(' '), ...at }
    linked.set(key, property)
    merged.set(key, property)
  }
}
