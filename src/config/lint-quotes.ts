import { trimJava } from '../core/numbers.ts'
import type { AgentText } from './agent-text.ts'
import type { CheckedAgent } from './checked-agent.ts'
import { commentBehind } from './comment-behind.ts'
import type { Property } from './finding.ts'
import type { Findings } from './findings.ts'

/** One pair of quotes around everything; more of them inside belong to the value, as in `"type":"(\\w+)"`. */
const QUOTED = /^(?:"[^"]+"|'[^']+')$/s
const FLUMES = 'org.apache.flume.'
const JAVA_CLASS = /^(?:[a-z_]\w*\.)+[A-Z]\w*(?:\$\w+)?$/
const STRANGE = ['CUSTOM_CLASS', 'CUSTOM_SERIALIZER', 'CUSTOM_DESERIALIZER'] as const

/**
 * Says which quotes become part of a value. Comes after the checks of the agent, as it wants to know which classes are
 * strange: what those do with quotes cannot be known.
 */
export function lintQuotes(
  agent: AgentText,
  properties: readonly Property[],
  checked: CheckedAgent,
  findings: Findings
): void {
  const quoted = properties.filter(isQuoted)
  if (quoted.length === 0) return
  const values = new Map(properties.map(({ key, value }) => [key, trimJava(value)]))
  const strange = new Set(findings.keysOf(STRANGE))
  for (const property of quoted) {
    if (isReadByStranger(property.key, values, strange) || isUnquoted(property, agent, checked)) continue
    findings.add('QUOTED_VALUE', {
      at: property,
      key: property.key,
      message: `The quotes in ${property.key} become part of the value.`,
      hint: 'Write the value without quotes.'
    })
  }
}

/** Whether quotes stand around the value, or around what stands before a comment behind it. */
function isQuoted({ key, value }: Property): boolean {
  const trimmed = trimJava(value)
  return QUOTED.test(trimmed) || QUOTED.test(commentBehind({ key, value: trimmed })?.value ?? '')
}

/** Whether a class above the key, such as `….type` or `….serializer`, is neither Flume's nor ours. */
function isReadByStranger(
  key: string,
  values: ReadonlyMap<string, string>,
  strange: ReadonlySet<string>
): boolean {
  const named = (classKey: string): boolean => {
    const name = values.get(classKey)
    // A name in quotes is strange only because of them.
    if (name === undefined || classKey === key || QUOTED.test(name)) return false
    return strange.has(classKey) || (JAVA_CLASS.test(name) && !name.startsWith(FLUMES))
  }
  for (let dot = key.lastIndexOf('.'); dot > 0; dot = key.lastIndexOf('.', dot - 1)) {
    const above = key.slice(0, dot)
    if (named(above) || named(`${above}.type`)) return true
  }
  return false
}

/** Whether the component takes the quotes away itself. */
function isUnquoted({ key }: Property, { name }: AgentText, checked: CheckedAgent): boolean {
  const [list = '', component = '', ...rest] = key.slice(name.length + 1).split('.')
  if (list !== 'sources' && list !== 'channels' && list !== 'sinks') return false
  const { definition, properties = {} } = checked[list].get(component) ?? {}
  return definition?.unquotes?.(properties).includes(rest.join('.')) === true
}
