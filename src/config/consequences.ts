import type { Consequence, Finding } from './finding.ts'

/** A finding that follows from another one, and keys of what it may follow from. */
export interface Follower {
  readonly finding: Finding
  readonly causes: readonly string[]
  readonly codes: readonly string[] | undefined
}

/** Signs that people take for the beginning of a comment, behind a value. */
const COMMENTS = ['INLINE_COMMENT', 'SLASH_COMMENT']
/** What a comment behind a value does to the value; other findings about the same key have causes of their own. */
const DONE_BY_COMMENT = ['BAD_NUMBER', 'BAD_VALUE', 'GROUP_UNKNOWN_SINK', 'COMMA_LIST']
const MILD_CAUSES = [
  ...COMMENTS,
  'CHANNEL_NO_SOURCE',
  'CHANNEL_NO_SINK',
  'GROUP_UNKNOWN_SINK',
  'GROUP_SHARED_SINK'
]

/**
 * The findings that stand for themselves, each with what follows from it. A comment behind a value takes the place of what
 * it does to the value. What follows from nothing that was found is a finding of its own.
 */
export function withConsequences(all: readonly Finding[], followers: readonly Follower[]): Finding[] {
  const found = withoutCommented(all)
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

function withoutCommented(all: readonly Finding[]): Finding[] {
  const commented = new Set(
    all.filter(({ code, key }) => COMMENTS.includes(code) && !key.startsWith('//')).map(({ key }) => key)
  )
  if (commented.size === 0) return [...all]
  const isDone = ({ code, key, level }: Finding): boolean =>
    commented.has(key) &&
    !COMMENTS.includes(code) &&
    (DONE_BY_COMMENT.includes(code) || (level === 'error' && code !== 'NOT_IN_THIS_VERSION'))
  const done = Map.groupBy(all.filter(isDone), ({ key }) => key)
  return all
    .filter(finding => !isDone(finding))
    .map(finding =>
      COMMENTS.includes(finding.code)
        ? { ...finding, level: gravest([finding, ...(done.get(finding.key) ?? [])]) }
        : finding
    )
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
