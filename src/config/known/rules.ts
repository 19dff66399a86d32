import type { Problem } from '../../core/component.ts'
import { unknownChannels } from '../../core/unknown-channels.ts'
import { reasonOf } from '../../core/errors.ts'
import { parseJavaBoolean, parseJavaInt } from '../../core/numbers.ts'
import { wordsOf } from '../../core/words.ts'
import { parsePatternText } from '../../java/pattern-setting.ts'
import { compileReplacement } from '../../java/replacement.ts'
import type { KnownAround } from './known-type.ts'

type Given = Readonly<Record<string, string>>

/** A server with TLS needs a key store. */
export function keystoreRules(given: Given): readonly Problem[] {
  if (!parseJavaBoolean(given['ssl'] ?? given['enableSSL'] ?? '')) return []
  const found: Problem[] = []
  if (given['keystore'] === undefined)
    found.push(missing('keystore', 'keystore must be specified when SSL is enabled.'))
  else if ((given['keystore-password'] ?? given['keystorePassword']) === undefined) {
    found.push(missing('keystore-password', 'keystore-password must be specified when SSL is enabled.'))
  }
  return found
}

/** Principal and key table come together. */
export function kerberosRules(given: Given, principal: string, keytab: string): readonly Problem[] {
  const [hasPrincipal, hasKeytab] = [given[principal] !== undefined, given[keytab] !== undefined]
  if (hasPrincipal === hasKeytab) return []
  return [
    hasPrincipal
      ? missing(keytab, 'Keytab can not be null when Principal is provided.')
      : missing(principal, 'Principal can not be null when keytab is provided.')
  ]
}

const RULE = /^(?:allow|deny):(?:ip|name):[^:]+$/

/** `allow:ip:127.*,deny:name:*` */
export function ipFilterRules(given: Given): readonly Problem[] {
  if (!parseJavaBoolean(given['ipFilter'] ?? '')) return []
  const rules = given['ipFilterRules']
  if (rules === undefined)
    return [missing('ipFilterRules', 'ipFilter is configured with true but ipFilterRules is not defined.')]
  const bad = rules.split(',').filter(rule => !RULE.test(rule.trim()))
  return bad.map(rule => ({
    level: 'error',
    code: 'BAD_VALUE',
    key: 'ipFilterRules',
    message: `Invalid ipFilter patternRule '${rule}' should look like <'allow'  or 'deny'>:<'ip' or 'name'>:<pattern>.`,
    hint: 'Write such as allow:ip:127.*,deny:name:*.'
  }))
}

/** One of a few words, in any case. */
export function wordRules(given: Given, key: string, words: readonly string[]): readonly Problem[] {
  const value = given[key]
  if (value === undefined || words.includes(value.toLowerCase())) return []
  return [
    {
      level: 'error',
      code: 'BAD_VALUE',
      key,
      message: `${key} is "${value}".`,
      hint: `Write one of: ${words.join(', ')}.`
    }
  ]
}

/** A list of ports, separated by blanks. */
export function portListRules(given: Given): readonly Problem[] {
  const bad = wordsOf(given['ports'] ?? '').filter(port => parseJavaInt(port) === undefined)
  return bad.map(port => ({
    level: 'error',
    code: 'BAD_NUMBER',
    key: 'ports',
    message: `ports holds "${port}", which is not a whole number.`,
    hint: 'Write ports separated by blanks.'
  }))
}

/** At least one listed file group has a path; a path ends with a regular expression for the names of files. */
export function fileGroupRules(given: Given): readonly Problem[] {
  const groups = wordsOf(given['filegroups'] ?? '')
  const keys = groups.map(group => `filegroups.${group}`)
  if (keys.length > 0 && keys.every(key => given[key] === undefined)) {
    return [missing(keys[0] ?? '', "Mapping for tailing files is empty or invalid: 'filegroups.'")]
  }
  return keys.flatMap(key => patternProblems(key, given[key]?.replace(/^.*\//s, '')))
}

/** A regular expression, where the key is given. */
export function patternRules(given: Given, key: string): readonly Problem[] {
  return patternProblems(key, given[key])
}

function patternProblems(key: string, text: string | undefined): readonly Problem[] {
  const parsed = text === undefined ? undefined : parsePatternText(text)
  if (parsed === undefined || 'value' in parsed) return []
  return [{ level: 'error', code: parsed.code, key, message: `${key} ${parsed.problem}.`, hint: parsed.hint }]
}

/** A replacement names groups of its pattern only; Flume would say otherwise at the first match. */
export function replacementRules(given: Given, patternKey: string, key: string): readonly Problem[] {
  const [pattern, text] = [parsePatternText(given[patternKey] ?? ''), given[key]]
  if (!('value' in pattern) || text === undefined) return []
  try {
    compileReplacement(text, pattern.value)
    return []
  } catch (error) {
    return [
      {
        level: 'error',
        code: 'BAD_VALUE',
        key,
        message: `${key} is "${text}", which cannot replace anything: ${reasonOf(error)}.`,
        hint: `Write $1 or $\{name} for a group of ${patternKey}, and \\\\$ for a dollar sign.`
      }
    ]
  }
}

/** A multiplexing selector names channels of its source only. */
export function channelRules(given: Given, { source = '', channels = [] }: KnownAround): readonly Problem[] {
  return Object.entries(given)
    .filter(([key]) => key === 'default' || /^(?:mapping|optional)\./.test(key))
    .flatMap(([key, value]) => unknownChannels(key, wordsOf(value), { source, channels }))
}

/** Load is balanced between two at least. */
export function twoSinksRules(_: Given, { sinks = [] }: KnownAround): readonly Problem[] {
  if (sinks.length > 1) return []
  return [
    {
      level: 'error',
      code: 'BAD_VALUE',
      key: 'type',
      message:
        'The LoadBalancingSinkProcessor cannot be used for a single sink. Please configure more than one sinks and try again.',
      hint: 'Name another sink in the group, or take the only one out of it.'
    }
  ]
}

/** Keys whose value has this form. */
export function keysLike(given: Given, forms: Readonly<Record<string, RegExp>>): readonly string[] {
  return Object.entries(forms).flatMap(([key, form]) => (form.test(given[key] ?? '') ? [key] : []))
}

function missing(key: string, message: string): Problem {
  return { level: 'error', code: 'MISSING_REQUIRED', key, message, hint: `Add ${key}.` }
}
