import { Circles } from './circles.ts'
import { Evaluation, type InterpolationOptions } from './evaluation.ts'
import type { Property } from './finding.ts'
import { someOf } from './finding-text.ts'
import type { Findings } from './findings.ts'
import type { Properties } from './merge.ts'
import { referenceGroups } from './reference-groups.ts'
import type { Outcome } from './value-scan.ts'

/** So often a group of keys that seem to refer to each other is looked at again, with what became known. */
const MOST_LOOKS = 20
/** So many unresolved names of one value are told. */
const MOST_NAMES = 10

/**
 * Replaces `${…}` in all values, never in keys. References between properties do not depend on their order. What names
 * nothing stays as it is, with a finding; an endless loop or a name that can never be looked up is fatal. In a circle of
 * properties the defaults count, with a finding. Linear in the length of the text and of what it becomes.
 */
export function interpolate(
  properties: Properties,
  options: InterpolationOptions,
  findings: Findings
): Properties {
  const evaluation = new Evaluation(properties, options)
  settle([...properties.keys()], { properties, evaluation, look: 0 })
  const resolved = new Map<string, Property>()
  for (const property of properties.values()) {
    const outcome = evaluation.outcome(property.key)
    const value = { ...property, value: outcome.value }
    if (outcome.isFromOutside && value.value !== property.value) findings.conceal(value)
    report(property, outcome, findings)
    resolved.set(property.key, value)
  }
  return resolved
}

interface Run {
  readonly properties: Properties
  readonly evaluation: Evaluation
  /** How often these keys were looked at. */
  readonly look: number
}

/** Evaluates the keys: what others refer to first, circles at once. */
function settle(keys: readonly string[], run: Run): void {
  const { properties, evaluation, look } = run
  const all = new Set(keys)
  const targetsOf = (key: string): ReadonlySet<string> =>
    look === 0 ? namedBy(properties.get(key)?.value ?? '') : evaluation.asked(key, all)
  const targets = new Map(keys.map(key => [key, targetsOf(key)]))
  for (const group of referenceGroups(all, key => targets.get(key) ?? [])) {
    const [first = ''] = group
    const isCircle = group.length > 1 || targets.get(first)?.has(first) === true
    if (!isCircle) evaluation.outcome(first)
    else if (look === 0 || (group.length < keys.length && look < MOST_LOOKS))
      settle(inOrder(group, keys), { ...run, look: look + 1 })
    else {
      const members = new Set(group)
      const circles = new Circles(inOrder(group, keys), targets)
      for (const key of group) evaluation.settleInCircle(key, members, () => circles.through(key))
    }
  }
}

function inOrder(group: readonly string[], keys: readonly string[]): readonly string[] {
  if (group.length === keys.length) return keys
  const members = new Set(group)
  return keys.filter(key => members.has(key))
}

/** What a value names in plain sight. */
function namedBy(value: string): ReadonlySet<string> {
  const names = value.includes('${')
    ? value.matchAll(/(?<!\$)\$\{([^${}]*?)(?=\}|:-)/g).map(match => match[1] ?? '')
    : []
  return new Set([...names].flatMap(name => [name, name.slice(name.indexOf(':') + 1)]))
}

function report(
  property: Property,
  { error, unresolved, unresolvedBy, circle, cause }: Outcome,
  findings: Findings
): void {
  const { key } = property
  if (error !== undefined) return reportError(property, error, cause, findings)
  if (circle !== undefined) {
    findings.add('INTERPOLATION_CYCLE', {
      at: property,
      key,
      message: `${key} refers to itself: ${circle}; what has no default there stays in the text.`,
      hint: 'Give one of the properties a value of its own.'
    })
  } else if (cause !== undefined) {
    findings.follow(
      'INTERPOLATION_CYCLE',
      { at: property, key, message: `${key} stays as it is.` },
      { causes: [cause] }
    )
  } else if (unresolved.length > 0) reportUnresolved(property, unresolved, findings)
  else if (unresolvedBy !== undefined) {
    findings.follow(
      'UNRESOLVED_VARIABLE',
      { at: property, key, message: `The same stays in ${key}.` },
      { causes: [unresolvedBy], codes: ['UNRESOLVED_VARIABLE'] }
    )
  }
}

function reportError(property: Property, error: string, cause: string | undefined, findings: Findings): void {
  const { key } = property
  if (cause !== undefined)
    return findings.follow(
      'INTERPOLATION',
      { at: property, key, message: `A variable in ${key} cannot be evaluated.` },
      { causes: [cause] }
    )
  findings.fatal('INTERPOLATION', {
    at: property,
    key,
    message: `A variable in ${key} cannot be evaluated: ${error}`,
    hint: 'Correct the ${…}, or write $${…} when the text is meant as it stands.'
  })
}

function reportUnresolved(property: Property, unresolved: readonly string[], findings: Findings): void {
  const names = [...new Set(unresolved)].map(name => `\${${name}}`)
  findings.add('UNRESOLVED_VARIABLE', {
    at: property,
    key: property.key,
    message: `${someOf(names, MOST_NAMES)} in ${property.key} ${names.length > 1 ? 'name' : 'names'} nothing and ${names.length > 1 ? 'stay' : 'stays'} in the value.`,
    hint: 'Use ${env:NAME} for an environment variable, ${sys:name} for -Dname, ${name:-default} for a default, $${…} for the text itself.'
  })
}
