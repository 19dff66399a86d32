import { AgentError } from '../core/errors.ts'
import { simpleDateFormat } from './simple-date-format.ts'
import type { TimeZone } from './time-zone.ts'

/** Names of this host, for `%[localhost]`, `%[IP]` and `%[FQDN]`. */
export interface HostNames {
  readonly localhost: string
  readonly ip: string
  readonly fqdn: string
}

/** One part of a template: fixed text, a header's value, the timestamp's own text, or a formatted time. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'time'; readonly letter: string }

const TAG = /%(?:([A-Za-z0-9_%])|\{([A-Za-z0-9_.-]+)\}|\[([A-Za-z0-9_]+)\])/g

/** `strftime` letters as SimpleDateFormat patterns. */
const PATTERNS: Readonly<Record<string, string>> = {
  a: 'EEE',
  A: 'EEEE',
  b: 'MMM',
  B: 'MMMM',
  c: 'EEE MMM d HH:mm:ss yyyy',
  d: 'dd',
  e: 'd',
  D: 'MM/dd/yy',
  H: 'HH',
  I: 'hh',
  j: 'DDD',
  k: 'H',
  l: 'h',
  m: 'MM',
  n: 'M',
  M: 'mm',
  p: 'a',
  S: 'ss',
  y: 'yy',
  Y: 'yyyy',
  z: 'ZZZ'
}

/** Whether the template names this host, so that its names have to be looked up. */
export function needsHostNames(template: string): boolean {
  return [...template.matchAll(TAG)].some(match => match[3] !== undefined)
}

/**
 * Splits a template into parts; texts are never adjacent. Throws ERR_CONFIG for an unknown `%[name]` and ERR_START when
 * the host's names are needed and missing.
 */
export function parseTemplate(template: string, host: HostNames | undefined): TemplatePart[] {
  const parts: TemplatePart[] = []
  let text = ''
  let at = 0
  for (const match of template.matchAll(TAG)) {
    text += template.slice(at, match.index)
    at = match.index + match[0].length
    const part = partOf(match, host)
    if (part.kind === 'text') {
      text += part.text
      continue
    }
    if (text !== '') parts.push({ kind: 'text', text })
    parts.push(part)
    text = ''
  }
  text += template.slice(at)
  if (text !== '') parts.push({ kind: 'text', text })
  return parts
}

function partOf(match: RegExpExecArray, host: HostNames | undefined): TemplatePart {
  const [, letter, header, hostName] = match
  if (header !== undefined) return { kind: 'header', name: header }
  if (hostName !== undefined) return { kind: 'text', text: hostText(hostName, host) }
  if (letter === undefined || letter === '%') return { kind: 'text', text: '%' }
  if (letter === 't') return { kind: 'timestamp' }
  if (letter === 's' || Object.hasOwn(PATTERNS, letter)) return { kind: 'time', letter }
  return { kind: 'text', text: '' }
}

function hostText(name: string, host: HostNames | undefined): string {
  const key = name.toLowerCase()
  if (key !== 'localhost' && key !== 'ip' && key !== 'fqdn') {
    const reason = `The static escape string '${name}' was provided but does not match any of (localhost,IP,FQDN)`
    throw new AgentError('ERR_CONFIG', reason, { name })
  }
  if (host === undefined) throw new AgentError('ERR_START', 'Unable to get localhost', { name })
  return host[key]
}

/** The function that writes one time letter, `s` excepted. */
export function timeFormat(letter: string, zone: TimeZone): (epochMs: number) => string {
  return simpleDateFormat(PATTERNS[letter] ?? '', { zone })
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** How long what a letter writes stays the same, where it is less than a day. */
const STEADY_MS: Readonly<Record<string, number>> = {
  c: 1000,
  S: 1000,
  M: 60_000,
  H: HOUR_MS,
  I: HOUR_MS,
  k: HOUR_MS,
  l: HOUR_MS,
  p: HOUR_MS
}

/** How long a text of these letters stays the same, in local time; undefined when it depends on the offset too. */
export function steadyMs(letters: readonly string[]): number | undefined {
  if (letters.includes('s') || letters.includes('z')) return undefined
  return Math.min(DAY_MS, ...letters.map(letter => STEADY_MS[letter] ?? DAY_MS))
}
