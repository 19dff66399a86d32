import type { Consequence, Finding } from './finding.ts'
import { hasStrangeBlank, withoutStrangeBlanks } from './misread.ts'

/** A finding that follows from another one, and keys of what it may follow from. */
export interface Follower {
  readonly finding: Finding
  readonly causes: readonly string[]
  readonly codes: readonly string[] | undefined
}

/** What of a text is taken for something else than it is, and does what findings about the same key say. */
const MISREAD = ['INLINE_COMMENT', 'SLASH_COMMENT', 'NBSP']
/** What it does to a value, besides errors. */
const DONE_TO_VALUES = ['BAD_NUMBER', 'BAD_VALUE', 'GROUP_UNKNOWN_SINK', 'COMMA_LIST']
/** What a strange blank does to a key. */
const DONE_TO_KEYS = [
  'UNK_PROP',
  'UNK_INTERCEPTOR_PROP',
  'KEY_WITHOUT_AGENT',
  'INVALID_PROPERTY',
  'EMPTY_VALUE'
]
const MILD_CAUSES = [
  ...MISREAD,
  'CHANNEL_NO_SOURCE',
  'CHANNEL_NO_SINK',
  'GROUP_UNKNOWN_SINK',
  'GROUP_SHARED_SINK'
]

/**
 * The findings that stand for themselves, each with what follows from it. What of a text is misread takes the
 * place of what it does. What follows from nothing that was found is a finding of its own.
 */
export function withConsequences(all: readonly Finding[], followers: readonly Follower[]): Finding[] {
  const found = withoutMisread(all)
  const causes = new Causes(found, followers)
  const following = new Map<Finding, Finding[]>()
  const alone: Finding[] = []
  for (const follower of followers) {
    const cause = causes.of(follower)
    const others = cause === undefined ? alone : (following.get(cause) ?? [])
    others.push(follower.finding)
    if (cause !== undefined) following.set(cause, others)
  }
  return [...found, ...alone].map(finding => joined(finding, following.get(finding) ?? []))
}

function joined(finding: Finding, following: readonly Finding[]): Finding {
  if (following.length === 0) return finding
  const consequences = following.map(({ code, key, message }): Consequence => ({ code, key, message }))
  return { ...finding, level: gravest([finding, ...following]), consequences }
}

function gravest(findings: readonly Finding[]): Finding['level'] {
  const levels = findings.map(({ level }) => level)
  return levels.includes('error') ? 'error' : levels.includes('warning') ? 'warning' : 'info'
}

function withoutMisread(all: readonly Finding[]): Finding[] {
  const misread = new Map<string, Finding>()
  for (const finding of all)
    if (MISREAD.includes(finding.code) && !finding.key.startsWith('//'))
      misread.set(withoutStrangeBlanks(finding.key), finding)
  if (misread.size === 0) return [...all]
  const done = new Map<Finding, Finding[]>()
  const left = all.filter(finding => {
    const by = isDone(finding) ? misread.get(withoutStrangeBlanks(finding.key)) : undefined
    if (by !== undefined) done.set(by, [...(done.get(by) ?? []), finding])
    return by === undefined
  })
  return left.map(finding => ({ ...finding, level: gravest([finding, ...(done.get(finding) ?? [])]) }))
}

/** Whether a finding tells what a misread text may do. */
function isDone({ code, level, key }: Finding): boolean {
  if (MISREAD.includes(code) || code === 'NOT_IN_THIS_VERSION') return false
  if (DONE_TO_KEYS.includes(code)) return hasStrangeBlank(key)
  return DONE_TO_VALUES.includes(code) || level === 'error'
}

/** Finds what something follows from, by the key of a part or property and all that stands below it. */
class Causes {
  readonly #found: ReadonlyMap<string, readonly Finding[]>
  readonly #followers: ReadonlyMap<string, readonly Follower[]>
  readonly #asked = new Set<Follower>()

  constructor(found: readonly Finding[], followers: readonly Follower[]) {
    this.#found = byPrefix(found, ({ key }) => key)
    this.#followers = byPrefix(followers, ({ finding }) => finding.key)
  }

  of(follower: Follower): Finding | undefined {
    if (this.#asked.has(follower)) return undefined
    this.#asked.add(follower)
    const cause = follower.causes
      .values()
      .map(key => this.#below(key, follower))
      .find(finding => finding !== undefined)
    this.#asked.delete(follower)
    return cause
  }

  #below(key: string, { codes, finding }: Follower): Finding | undefined {
    const candidates = (this.#found.get(key) ?? []).filter(other => rank(other, codes) < 3)
    const [best] = candidates.toSorted((one, other) => rank(one, codes) - rank(other, codes))
    if (best !== undefined) return best
    return (this.#followers.get(key) ?? [])
      .values()
      .filter(other => other.finding !== finding && codes?.includes(other.finding.code) !== false)
      .map(other => this.of(other) ?? standing(other))
      .find(cause => cause !== undefined)
  }
}

/** An error that follows from nothing that was found. */
function standing({ finding }: Follower): Finding | undefined {
  return finding.level === 'error' ? finding : undefined
}

function rank({ code, level }: Finding, codes: readonly string[] | undefined): number {
  if (codes !== undefined) return codes.includes(code) ? 0 : 3
  if (level === 'error') return code === 'NOT_IN_THIS_VERSION' ? 1 : 0
  return MILD_CAUSES.includes(code) ? 2 : 3
}

function byPrefix<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const grouped = new Map<string, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    for (let end = key.length; end > 0; end = key.lastIndexOf('.', end - 1)) {
      const prefix = key.slice(0, end)
      const group = grouped.get(prefix)
      if (group === undefined) grouped.set(prefix, [one])
      else group.push(one)
    }
  }
  return grouped
}
