/** So many names of a circle are told from each end. */
const MOST_NAMES = 5

/** Circles within one group of keys that can all reach one another. */
export class Circles {
  readonly #root: string
  /** The next key on the way from each key to the root. */
  readonly #down: ReadonlyMap<string, string>
  /** The next key on the way from each key back along a way that comes from the root. */
  readonly #up: ReadonlyMap<string, string>

  constructor(group: readonly string[], targets: ReadonlyMap<string, ReadonlySet<string>>) {
    const members = new Set(group)
    const sources = new Map<string, string[]>(group.map(key => [key, []]))
    const within = (key: string): string[] =>
      [...(targets.get(key) ?? [])].filter(target => members.has(target))
    for (const key of group) for (const target of within(key)) sources.get(target)?.push(key)
    this.#root = group[0] ?? ''
    this.#down = stepsTo(this.#root, key => sources.get(key) ?? [])
    this.#up = stepsTo(this.#root, within)
  }

  /** A circle that the key is on: `a -> b -> a`. */
  through(key: string): string {
    const down = this.#walk(key, this.#down)
    const reachesRoot = down.length > 1 && down.at(-1) === this.#root
    if (reachesRoot && key === this.#root) return down.join(' -> ')
    const up = this.#walk(key, this.#up).toReversed()
    return (reachesRoot && up[0] === this.#root ? [...down, ...up.slice(1)] : [...down, '…', ...up]).join(
      ' -> '
    )
  }

  /** The first keys of the way to the root. */
  #walk(from: string, steps: ReadonlyMap<string, string>): string[] {
    const path = [from]
    while (path.length < MOST_NAMES) {
      const next = steps.get(path.at(-1) ?? '')
      if (next !== undefined) path.push(next)
      if (next === undefined || next === this.#root) break
    }
    return path
  }
}

/** For each key the next one on a shortest way to the root, the root's own being on a circle. */
function stepsTo(root: string, neighboursOf: (key: string) => readonly string[]): Map<string, string> {
  const steps = new Map<string, string>()
  const queue = [root]
  for (const key of queue) {
    for (const neighbour of neighboursOf(key)) {
      if (steps.has(neighbour)) continue
      steps.set(neighbour, key)
      queue.push(neighbour)
    }
  }
  return steps
}
