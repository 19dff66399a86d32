import { dot, LINE_ENDS } from './char-names.ts'
import { isWide, NO_CHAR, overlap, sizeOf, union, type CharSet } from './char-set.ts'
import { childrenOf, lengthsOf, type Node } from './syntax.ts'

/** So many different characters are looked for in a text to see how often a loop can be left. */
const MOST_WANTED = 8

/**
 * At most `factor` times the length of the text to the power of `degree`, times how often each of these characters (or
 * another one of the same key) stands in the text, to its power.
 */
interface Cost {
  readonly degree: number
  readonly factor: number
  readonly exits: ReadonlyMap<string, number>
}

const NO_EXITS: ReadonlyMap<string, number> = new Map()
const ONE: Cost = { degree: 0, factor: 1, exits: NO_EXITS }

/**
 * At most how many characters an engine reads that tries every way of matching, wherever in a text the search begins:
 * Infinity when that has no such bound. It counts the ways a character can be read: where what can follow a loop cannot
 * begin another turn of it there is one; where it can, there are as many as there are such characters.
 */
export interface TryBound {
  forLength(length: number): number
  /** Lower, as it looks how often the characters before which loops can end are in the text. */
  forText(text: string): number
}

/** The bound of a pattern. */
export function tryBound(root: Node): TryBound {
  const { degree, factor, exits } = costOf(root)
  const powers = degree + [...exits.values()].reduce((sum, power) => sum + power, 0)
  return {
    forLength: length => factor * (length + 1) ** powers,
    forText: text => {
      let tries = factor * (text.length + 1) ** degree
      for (const [chars, power] of exits) tries *= (countOf(chars, text) + 1) ** power
      return tries
    }
  }
}

function costOf(root: Node): Cost {
  try {
    const once = new CostOf().of(root, NO_CHAR, ONE)
    return isAnchored(root) ? once : { ...once, degree: once.degree + 1 }
  } catch (error) {
    if (error instanceof Unbounded) return { ...ONE, factor: Infinity }
    throw error
  }
}

function countOf(chars: string, text: string): number {
  let count = 0
  for (const char of chars)
    for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) count++
  return count
}

/** Whether it can only match where the text begins. */
export function isAnchored(node: Node): boolean {
  switch (node.kind) {
    case 'place':
      return node.place === 'begin'
    case 'sequence': {
      const first = node.items.find(item => lengthsOf(item).max > 0 || isAnchored(item))
      return first !== undefined && isAnchored(first)
    }
    case 'choice':
      return node.options.every(isAnchored)
    case 'group':
    case 'atomic':
      return isAnchored(node.body)
    case 'repeat':
      return node.min > 0 && isAnchored(node.body)
    case 'set':
    case 'look':
    case 'again':
      return false
  }
}

/** What a match can begin with; undefined where it can be empty, or that is not known. */
export function firstChars(root: Node): CharSet | undefined {
  if (lengthsOf(root).min === 0) return undefined
  const { set, empty } = new CostOf().first(root)
  return empty ? undefined : set
}

class Unbounded extends Error {}

interface First {
  readonly set: CharSet
  /** Whether what follows counts too. */
  readonly empty: boolean
}

class CostOf {
  readonly #firsts = new Map<Node, First>()

  first(node: Node): First {
    const known = this.#firsts.get(node)
    if (known !== undefined) return known
    const found = this.#findFirst(node)
    this.#firsts.set(node, found)
    return found
  }

  #findFirst(node: Node): First {
    switch (node.kind) {
      case 'set':
        return { set: node.set, empty: false }
      case 'sequence': {
        const sets: CharSet[] = []
        for (const item of node.items) {
          const { set, empty } = this.first(item)
          sets.push(set)
          if (!empty) return { set: union(...sets), empty: false }
        }
        return { set: union(...sets), empty: true }
      }
      case 'choice': {
        const all = node.options.map(option => this.first(option))
        return { set: union(...all.map(({ set }) => set)), empty: all.some(({ empty }) => empty) }
      }
      case 'group':
      case 'atomic':
        return this.first(node.body)
      case 'repeat': {
        const { set, empty } = this.first(node.body)
        return { set, empty: empty || node.min === 0 }
      }
      case 'place':
        if (node.place === 'end') return { set: NO_CHAR, empty: false }
        // Only a line end, or nothing, stands behind such a place.
        return /ineEnd/.test(node.place) ? { set: LINE_ENDS, empty: false } : { set: NO_CHAR, empty: true }
      case 'look':
        return { set: NO_CHAR, empty: true }
      case 'again':
        return { set: dot('none'), empty: true }
    }
  }

  #with(node: Node, follow: CharSet): CharSet {
    const { set, empty } = this.first(node)
    return empty ? union(set, follow) : set
  }

  /** What it costs to match the node and then what costs `rest` and begins with `follow`. */
  of(node: Node, follow: CharSet, rest: Cost): Cost {
    switch (node.kind) {
      case 'set':
      case 'place':
        return sum(rest, ONE)
      case 'sequence': {
        let [cost, next] = [rest, follow]
        for (const item of node.items.toReversed()) {
          cost = this.of(item, next, cost)
          next = this.#with(item, next)
        }
        return cost
      }
      case 'group':
        return this.of(node.body, follow, rest)
      case 'choice':
        return this.#ofChoice(node.options, follow, rest)
      case 'repeat':
        return this.#ofRepeat(node, follow, rest)
      case 'look': {
        const inside = this.of(node.body, NO_CHAR, ONE)
        if (inside.degree > 0) throw new Unbounded()
        return sum(rest, inside)
      }
      case 'atomic':
      case 'again':
        throw new Unbounded()
    }
  }

  #ofChoice(options: readonly Node[], follow: CharSet, rest: Cost): Cost {
    const costs = options.map(option => this.of(option, follow, rest))
    const all = this.#isOneOf(options, follow) ? largest(costs) : costs.reduce(sum)
    return sum(all, { ...ONE, factor: options.length })
  }

  /** Whether the next character always tells which option it is. */
  #isOneOf(options: readonly Node[], follow: CharSet): boolean {
    const firsts = options.map(option => this.#with(option, follow))
    const sizes = firsts.map(sizeOf).reduce((sum, size) => sum + size, 0)
    return sizeOf(union(...firsts)) === sizes
  }

  #ofRepeat({ body, min, max }: Node & { kind: 'repeat' }, follow: CharSet, rest: Cost): Cost {
    const { set } = this.first(body)
    const leaves = overlap(set, follow)
    if (max === Infinity) {
      const inside = union(set, follow)
      if (this.#hasWays(body, inside)) throw new Unbounded()
      if (lengthsOf(body).min === 0) throw new Unbounded()
      const turns = { degree: 1, factor: this.of(body, inside, ONE).factor, exits: NO_EXITS }
      const after = leaves ? withExits(rest, follow) : rest
      return sum(turns, this.#turns(body, { times: Math.max(0, min - 1), follow: inside }, after))
    }
    let cost = rest
    for (let i = min; i < max; i++) {
      const turn = this.of(body, union(set, follow), cost)
      cost = leaves ? sum(turn, rest) : sum(largest([turn, rest]), ONE)
    }
    return this.#turns(body, { times: min, follow: union(set, follow) }, cost)
  }

  #turns(body: Node, { times, follow }: { times: number; follow: CharSet }, rest: Cost): Cost {
    let cost = rest
    for (let i = 0; i < times; i++) cost = this.of(body, follow, cost)
    return cost
  }

  /** Whether there are several ways to read what the node matches. */
  #hasWays(node: Node, follow: CharSet): boolean {
    switch (node.kind) {
      case 'sequence': {
        let next = follow
        for (const item of node.items.toReversed()) {
          if (this.#hasWays(item, next)) return true
          next = this.#with(item, next)
        }
        return false
      }
      case 'choice':
        return (
          !this.#isOneOf(node.options, follow) || node.options.some(option => this.#hasWays(option, follow))
        )
      case 'repeat': {
        const { set } = this.first(node.body)
        if (node.min !== node.max && overlap(set, follow)) return true
        return this.#hasWays(node.body, union(set, follow))
      }
      case 'group':
      case 'set':
      case 'place':
      case 'look':
      case 'atomic':
      case 'again':
        return childrenOf(node).some(part => this.#hasWays(part, follow))
    }
  }
}

/** The same for every place where a loop can be left, which is before one of these characters. */
function withExits(rest: Cost, follow: CharSet): Cost {
  if (isWide(follow) || sizeOf(follow) > MOST_WANTED) return { ...rest, degree: rest.degree + 1 }
  const chars = follow.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, index) => String.fromCharCode(from + index))
  )
  const key = chars.join('')
  return { ...rest, exits: new Map([...rest.exits, [key, (rest.exits.get(key) ?? 0) + 1]]) }
}

function sum(a: Cost, b: Cost): Cost {
  return { ...largest([a, b]), factor: a.factor + b.factor }
}

function largest(costs: readonly Cost[]): Cost {
  const exits = new Map<string, number>()
  for (const cost of costs) {
    for (const [chars, power] of cost.exits) exits.set(chars, Math.max(power, exits.get(chars) ?? 0))
  }
  return {
    degree: Math.max(...costs.map(({ degree }) => degree)),
    factor: Math.max(...costs.map(({ factor }) => factor)),
    exits
  }
}
