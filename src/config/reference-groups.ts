/** A key, and how far its group is known. */
interface Visit {
  readonly key: string
  readonly index: number
  /** The lowest index that can be reached. */
  low: number
  readonly targets: Iterator<string>
}

/**
 * Groups of keys that can all reach one another, in an order in which a group comes after those it refers to (Tarjan).
 * Targets that are no keys do not count. Linear, and without recursion.
 */
export function referenceGroups(
  keys: Iterable<string>,
  targetsOf: (key: string) => Iterable<string>
): string[][] {
  return new Grouping(keys, targetsOf).groups()
}

class Grouping {
  readonly #keys: ReadonlySet<string>
  readonly #targetsOf: (key: string) => Iterable<string>
  readonly #indexes = new Map<string, number>()
  /** Keys whose group is not complete, in the order in which they were met. */
  readonly #pending: string[] = []
  readonly #isPending = new Set<string>()
  readonly #groups: string[][] = []

  constructor(keys: Iterable<string>, targetsOf: (key: string) => Iterable<string>) {
    this.#keys = new Set(keys)
    this.#targetsOf = targetsOf
  }

  groups(): string[][] {
    for (const key of this.#keys) if (!this.#indexes.has(key)) this.#walk(key)
    return this.#groups
  }

  #walk(start: string): void {
    const path = [this.#visit(start)]
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { done, value: target = '' } = top.targets.next()
      if (done === true) {
        path.pop()
        this.#leave(top, path.at(-1))
      } else if (this.#keys.has(target)) {
        const index = this.#indexes.get(target)
        if (index === undefined) path.push(this.#visit(target))
        else if (this.#isPending.has(target)) top.low = Math.min(top.low, index)
      }
    }
  }

  #visit(key: string): Visit {
    const index = this.#indexes.size
    this.#indexes.set(key, index)
    this.#pending.push(key)
    this.#isPending.add(key)
    return { key, index, low: index, targets: this.#targetsOf(key)[Symbol.iterator]() }
  }

  #leave({ key, index, low }: Visit, above: Visit | undefined): void {
    if (above !== undefined) above.low = Math.min(above.low, low)
    if (low < index) return
    const group = this.#pending.splice(this.#pending.lastIndexOf(key))
    for (const member of group) this.#isPending.delete(member)
    this.#groups.push(group)
  }
}
