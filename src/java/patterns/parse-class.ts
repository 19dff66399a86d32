import { complement, intersection, union, type CharSet } from './char-set.ts'
import { charAs, parseEscape, rangeAs, type Flags } from './parse-escape.ts'
import { charCode, END, plain, type PatternReader } from './pattern-reader.ts'

const [OPEN, CLOSE, AMPERSAND, MINUS, BACKSLASH] = ['[', ']', '&', '-', '\\'].map(charCode)

/** Classes nest in each other at most so deep. */
const DEEPEST = 100

/** Reads a class behind its `[`, the closing `]` included. */
export function parseClass(reader: PatternReader, flags: Flags): CharSet {
  return new ClassParser(reader, flags).parse(0)
}

class ClassParser {
  readonly #reader: PatternReader
  readonly #flags: Flags

  constructor(reader: PatternReader, flags: Flags) {
    this.#reader = reader
    this.#flags = flags
  }

  parse(depth: number): CharSet {
    if (depth > DEEPEST) throw this.#reader.refused(`classes are nested more than ${DEEPEST} deep`)
    // A ^ that a comment parts from its bracket is an ordinary one.
    const negated = this.#reader.peek() === charCode('^') && this.#reader.peekRaw(-1) === OPEN
    if (negated) this.#reader.next()
    const set = this.#parseItems(depth)
    this.#reader.next()
    return negated ? complement(set) : set
  }

  /** Up to the closing bracket, which stays. What stands right of `&&` is read as a whole class of its own. */
  #parseItems(depth: number): CharSet {
    const reader = this.#reader
    let found: CharSet[] = []
    for (;;) {
      const code = reader.peek()
      if (code === CLOSE && found.length > 0) return union(...found)
      if (code === END) throw reader.error('Unclosed character class')
      if (code === OPEN) {
        reader.next()
        found.push(this.parse(depth + 1))
      } else if (code === AMPERSAND && this.#isAnd()) {
        found = [this.#parseRight(found.length === 0 ? undefined : union(...found), depth)]
      } else found.push(this.#parseItem())
    }
  }

  /** Passes `&&`; a single one is an ordinary character. */
  #isAnd(): boolean {
    const reader = this.#reader
    const start = reader.at
    reader.next()
    if (reader.skip('&')) return true
    reader.at = start
    return false
  }

  #parseRight(left: CharSet | undefined, depth: number): CharSet {
    const reader = this.#reader
    let right: CharSet | undefined
    for (let code = reader.peek(); code !== CLOSE && code !== AMPERSAND; code = reader.peek()) {
      if (code === OPEN) {
        reader.next()
        const inner = this.parse(depth + 1)
        right = right === undefined ? inner : union(right, inner)
      } else {
        if (depth > DEEPEST) throw reader.refused(`&& is used more than ${DEEPEST} times in a class`)
        const inner = this.#parseItems(depth + 1)
        right = right === undefined ? inner : union(right, inner)
      }
    }
    const set = right ?? left
    if (set === undefined) throw reader.error('Bad class syntax', reader.at - 1)
    return left === undefined ? set : intersection(left, set)
  }

  /** A character, a range, or an escape that stands for several. */
  #parseItem(): CharSet {
    const from = this.#parseChar()
    if (typeof from !== 'number') return from
    const reader = this.#reader
    const afterMinus = reader.peekRaw(1)
    if (reader.peek() !== MINUS || afterMinus === OPEN || afterMinus === CLOSE)
      return charAs(from, this.#flags)
    reader.next()
    if (reader.peek() === END) throw reader.error('Illegal character range', reader.at)
    const to = this.#parseChar()
    if (typeof to !== 'number' || to < from) throw reader.error('Illegal character range')
    return rangeAs(from, to, this.#flags)
  }

  #parseChar(): number | CharSet {
    const reader = this.#reader
    const code = reader.next()
    if (code !== BACKSLASH) return plain(code)
    const escaped = parseEscape(reader, this.#flags, reader.peekRaw(1) === MINUS)
    if (escaped === undefined) throw reader.error('Illegal/unsupported escape sequence', reader.at)
    return 'code' in escaped ? escaped.code : escaped.set
  }
}
