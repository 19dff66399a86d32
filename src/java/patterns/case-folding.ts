import { charSet, type CharSet } from './char-set.ts'

/** Letters in two cases lie below; what is above has one. */
const LAST_WITH_CASE = 0x1ffff

const A_UPPER = 0x41
const A_LOWER = 0x61

/** The characters of a range, and the other case of the ASCII letters in it. */
export function foldAscii(from: number, to: number): CharSet {
  const found: [number, number][] = [[from, to]]
  for (const [first, other] of [
    [A_UPPER, A_LOWER],
    [A_LOWER, A_UPPER]
  ] as const) {
    const [low, high] = [Math.max(from, first), Math.min(to, first + 25)]
    if (low <= high) found.push([low - first + other, high - first + other])
  }
  return charSet(...found)
}

/**
 * The characters that Java takes for one of these in another case. A single character without another case stands for
 * itself alone; in a range it stands for those whose case it is, too.
 */
export function foldUnicode(from: number, to: number): CharSet {
  const { lower, upper, same } = folds()
  const found: [number, number][] = [[from, to]]
  if (from === to) {
    const others = lower[from] === upper[from] ? [] : (same.get(lower[from] ?? from) ?? [])
    return charSet(...found, ...others.map(code => [code, code] as const))
  }
  for (let code = 0; code <= LAST_WITH_CASE; code++) {
    const [low = code, up = code] = [lower[code], upper[code]]
    if ((low >= from && low <= to) || (up >= from && up <= to)) found.push([code, code])
  }
  return charSet(...found)
}

/** Whether two texts of the same length are the same but for case. */
export function sameFolded(a: string, b: string): boolean {
  const { lower } = folds()
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (left !== right && lower[left] !== lower[right]) return false
  }
  return true
}

/** Upper case, and lower case of upper case, by code point. */
interface Folds {
  readonly upper: Int32Array
  readonly lower: Int32Array
  /** The code points of each lower case. */
  readonly same: ReadonlyMap<number, readonly number[]>
}

let known: Folds | undefined

function folds(): Folds {
  known ??= computeFolds()
  return known
}

function computeFolds(): Folds {
  const upper = new Int32Array(LAST_WITH_CASE + 1).map((_, code) => upperOf(code))
  const lower = upper.map(lowerOf)
  const same = Map.groupBy(lower.keys(), code => lower[code] ?? code)
  return { upper, lower, same }
}

/** One code point for one, as Java does it: where upper case takes several, there is none. */
function upperOf(code: number): number {
  return oneFor(String.fromCodePoint(code).toUpperCase(), code)
}

const I_WITH_DOT = 0x130

function lowerOf(code: number): number {
  return code === I_WITH_DOT ? 0x69 : oneFor(String.fromCodePoint(code).toLowerCase(), code)
}

function oneFor(text: string, otherwise: number): number {
  const code = text.codePointAt(0) ?? otherwise
  return text.length === (code > 0xffff ? 2 : 1) ? code : otherwise
}
