/** A set of code points: ranges `[from, to]`, both included, ascending, neither touching nor overlapping. */
export type CharSet = readonly (readonly [from: number, to: number])[]

export const LARGEST = 0x10ffff
export const NO_CHAR: CharSet = []
export const EVERY_CHAR: CharSet = [[0, LARGEST]]

export function charSet(...ranges: readonly (readonly [number, number])[]): CharSet {
  const sorted = ranges.toSorted((a, b) => a[0] - b[0])
  const joined: [number, number][] = []
  for (const [from, to] of sorted) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

/** The set of the characters of a text. */
export function charsOf(text: string): CharSet {
  return charSet(...Array.from(text, char => [char.codePointAt(0) ?? 0, char.codePointAt(0) ?? 0] as const))
}

export function union(...sets: readonly CharSet[]): CharSet {
  return sets.length === 1 && sets[0] !== undefined ? sets[0] : charSet(...sets.flat())
}

export function complement(set: CharSet): CharSet {
  const left: [number, number][] = []
  let next = 0
  for (const [from, to] of set) {
    if (from > next) left.push([next, from - 1])
    next = to + 1
  }
  if (next <= LARGEST) left.push([next, LARGEST])
  return left
}

export function intersection(a: CharSet, b: CharSet): CharSet {
  const both: [number, number][] = []
  let [i, j] = [0, 0]
  for (;;) {
    const [left, right] = [a[i], b[j]]
    if (left === undefined || right === undefined) return both
    const from = Math.max(left[0], right[0])
    const to = Math.min(left[1], right[1])
    if (from <= to) both.push([from, to])
    if (left[1] < right[1]) i++
    else j++
  }
}

export function without(a: CharSet, b: CharSet): CharSet {
  return intersection(a, complement(b))
}

export function overlap(a: CharSet, b: CharSet): boolean {
  return intersection(a, b).length > 0
}

export function sizeOf(set: CharSet): number {
  return set.reduce((sum, [from, to]) => sum + to - from + 1, 0)
}

/** The only code point of a set that has one. */
export function single(set: CharSet): number | undefined {
  const [range] = set
  return set.length === 1 && range !== undefined && range[0] === range[1] ? range[0] : undefined
}

/** Whether the set has characters that take two units of a JavaScript string, or half of such a pair. */
export function isWide(set: CharSet): boolean {
  return set.some(([from, to]) => to >= 0xd800 && (from <= 0xdfff || to > 0xffff))
}

/** The part of a set whose characters take one unit, without halves of pairs. */
export function narrow(set: CharSet): CharSet {
  return intersection(set, [
    [0, 0xd7ff],
    [0xe000, 0xffff]
  ])
}

/** Answers quickly whether a code point is in the set. */
export class CharTest {
  readonly #low = new Uint8Array(256)
  readonly #bounds: Int32Array

  constructor(set: CharSet) {
    for (const [from, to] of set) if (from < 256) this.#low.fill(1, from, Math.min(to, 255) + 1)
    this.#bounds = Int32Array.from(set.flatMap(([from, to]) => [from, to + 1]))
  }

  has(code: number): boolean {
    if (code < 256) return this.#low[code] === 1
    let [low, high] = [0, this.#bounds.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#bounds[middle] ?? 0) <= code) low = middle + 1
      else high = middle
    }
    return (low & 1) === 1
  }
}
