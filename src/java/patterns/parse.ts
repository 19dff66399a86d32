import { dot } from './char-names.ts'
import { caseRule, charAs, parseEscape, type Flags } from './parse-escape.ts'
import { parseClass } from './parse-class.ts'
import { charCode, END, plain, PatternReader, refusedPattern } from './pattern-reader.ts'
import { EMPTY, contains, LINE_END, type Mode, type Node, type Place, type Syntax } from './syntax.ts'

/** Groups nest in each other at most so deep; the parser and all that walks the tree call themselves so often. */
const DEEPEST = 200

/** Longer patterns could only be read slowly. */
const LONGEST = 10_000

const NO_FLAGS: Flags = {
  ignoreCase: false,
  unicodeCase: false,
  unicodeClasses: false,
  multiline: false,
  dotAll: false,
  unixLines: false
}

/**
 * Reads a pattern of `java.util.regex`. Throws ERR_CONFIG, with Java's sentence, where Java does not take it, and
 * ERR_UNSUPPORTED where this version does not.
 */
export function parsePattern(pattern: string, flags: Partial<Flags> = {}): Syntax {
  if (pattern.length > LONGEST)
    throw refusedPattern(pattern.slice(0, 100), `it has more than ${LONGEST} characters`)
  const parser = new Parser(pattern, flags)
  const root = parser.parseAll()
  return { root, groupCount: parser.groupCount, groupNames: parser.groupNames }
}

const [CARET, DOLLAR, DOT, BACKSLASH] = ['^', '$', '.', '\\'].map(charCode)
const [OPEN, CLOSE, BAR, BRACKET, BRACE] = ['(', ')', '|', '[', '{'].map(charCode)
const DANGLING = ['?', '*', '+'].map(charCode)
const INFINITE = 0x7fffffff

class Parser {
  readonly groupNames = new Map<string, number>()
  groupCount = 0
  readonly #reader: PatternReader
  #flags: Flags
  #depth = 0

  constructor(pattern: string, flags: Partial<Flags>) {
    this.#reader = new PatternReader(pattern)
    this.#flags = { ...NO_FLAGS, ...flags }
  }

  parseAll(): Node {
    const root = this.#parseChoice()
    if (this.#reader.peek() === CLOSE) throw this.#reader.error("Unmatched closing ')'")
    return root
  }

  #parseChoice(): Node {
    if (++this.#depth > DEEPEST) throw this.#reader.refused(`groups are nested more than ${DEEPEST} deep`)
    const options = [this.#parseSequence()]
    while (this.#reader.skip('|')) options.push(this.#parseSequence())
    this.#depth--
    return options.length === 1 ? (options[0] ?? EMPTY) : { kind: 'choice', options }
  }

  #parseSequence(): Node {
    const items: Node[] = []
    for (;;) {
      const code = this.#reader.peek()
      if (code === END || code === BAR || code === CLOSE) break
      const item = this.#parseItem(code)
      if (item !== undefined) items.push(this.#parseRepeat(item))
    }
    const [only = EMPTY] = items
    return items.length <= 1 ? only : { kind: 'sequence', items }
  }

  /** Undefined for flags, which are no item. */
  #parseItem(code: number): Node | undefined {
    const { multiline, unixLines, dotAll } = this.#flags
    const ending = unixLines ? 'Unix' : ''
    if (code === BRACE) return EMPTY
    this.#reader.next()
    switch (code) {
      case OPEN:
        return this.#parseGroup()
      case BRACKET:
        return { kind: 'set', set: parseClass(this.#reader, this.#flags) }
      case BACKSLASH:
        return this.#parseEscape()
      case CARET:
        return place(multiline ? `lineStart${ending}` : 'begin')
      case DOLLAR:
        return place(multiline ? `lineEnd${ending}` : `lastLineEnd${ending}`)
      case DOT:
        return { kind: 'set', set: dot(dotAll ? 'none' : unixLines ? 'unix' : 'every') }
    }
    if (DANGLING.includes(code))
      throw this.#reader.error(`Dangling meta character '${String.fromCodePoint(code)}'`)
    return { kind: 'set', set: charAs(plain(code), this.#flags) }
  }

  #parseEscape(): Node {
    const escaped = parseEscape(this.#reader, this.#flags)
    if (escaped !== undefined) {
      return { kind: 'set', set: 'code' in escaped ? charAs(escaped.code, this.#flags) : escaped.set }
    }
    const letter = String.fromCodePoint(this.#reader.nextRaw())
    const unicode = this.#flags.unicodeClasses ? 'Unicode' : ''
    switch (letter) {
      case 'A':
        return place('begin')
      case 'Z':
        return place(this.#flags.unixLines ? 'lastLineEndUnix' : 'lastLineEnd')
      case 'z':
        return place('end')
      case 'G':
        return place('lastMatch')
      case 'B':
        return place(`noWordEdge${unicode}`)
      case 'b':
        if (this.#reader.peekRaw() === BRACE && this.#reader.peekRaw(1) === charCode('g'))
          throw this.#reader.refused('\\b{g} stands for what readers see as one character')
        return place(`wordEdge${unicode}`)
      case 'X':
        throw this.#reader.refused('\\X stands for what readers see as one character')
      case 'R':
        return LINE_END
      case 'k':
        return this.#parseNamedAgain()
    }
    if (/[1-9]/.test(letter)) return this.#parseAgain(Number(letter))
    throw this.#reader.error('Illegal/unsupported escape sequence')
  }

  /** As many digits as there are groups for. */
  #parseAgain(first: number): Node {
    let group = first
    for (;;) {
      const code = this.#reader.peek()
      const longer = group * 10 + code - 0x30
      if (code < 0x30 || code > 0x39 || longer > this.groupCount) break
      group = longer
      this.#reader.next()
    }
    return { kind: 'again', group, rule: caseRule(this.#flags) }
  }

  #parseNamedAgain(): Node {
    if (this.#reader.next() !== charCode('<'))
      throw this.#reader.error("\\k is not followed by '<' for named capturing group")
    const name = this.#parseName()
    const group = this.groupNames.get(name)
    if (group === undefined) throw this.#reader.error(`named capturing group <${name}> does not exist`)
    return { kind: 'again', group, rule: caseRule(this.#flags) }
  }

  #parseName(): string {
    let name = ''
    const reader = this.#reader
    for (;;) {
      const code = reader.nextRaw()
      const char = code === END ? '' : String.fromCodePoint(plain(code))
      if (name === '' && !/^[A-Za-z]$/.test(char))
        throw reader.error('capturing group name does not start with a Latin letter')
      if (char === '>' && name !== '') return name
      if (!/^[A-Za-z0-9]$/.test(char)) throw reader.error("named capturing group is missing trailing '>'")
      name += char
    }
  }

  #parseGroup(): Node | undefined {
    const flags = this.#flags
    const { comments } = this.#reader
    const open = this.#parseGroupStart()
    if (open === undefined) return undefined
    const body = this.#parseChoice()
    if (!this.#reader.skip(')')) throw this.#reader.error('Unclosed group', this.#reader.at)
    this.#flags = flags
    this.#reader.comments = comments
    return open(body)
  }

  /** What to make of the body; undefined when there is none, only flags. */
  #parseGroupStart(): ((body: Node) => Node) | undefined {
    const reader = this.#reader
    if (!reader.skip('?')) return this.#capture()
    const start = String.fromCodePoint(Math.max(0, reader.nextRaw()))
    switch (start) {
      case ':':
        return body => ({ kind: 'group', index: 0, body })
      case '>':
        return body => ({ kind: 'atomic', body })
      case '=':
      case '!':
        return body => ({ kind: 'look', ahead: true, negative: start === '!', body })
      case '<':
        return this.#parseLookBehindOrName()
    }
    reader.back()
    return this.#parseFlags() ? body => ({ kind: 'group', index: 0, body }) : undefined
  }

  #capture(): (body: Node) => Node {
    const index = ++this.groupCount
    return body => ({ kind: 'group', index, body })
  }

  #parseLookBehindOrName(): (body: Node) => Node {
    const reader = this.#reader
    if (reader.skip('=')) return this.#lookBehind(false)
    if (reader.skip('!')) return this.#lookBehind(true)
    const name = this.#parseName()
    if (this.groupNames.has(name)) throw reader.error(`Named capturing group <${name}> is already defined`)
    this.groupNames.set(name, this.groupCount + 1)
    return this.#capture()
  }

  #lookBehind(negative: boolean): (body: Node) => Node {
    return body => {
      if (contains(body, isOneWay))
        throw this.#reader.refused('an atomic group or possessive repeat stands in a look-behind')
      if (contains(body, part => part.kind === 'again'))
        throw this.#reader.error(
          'Look-behind group does not have an obvious maximum length',
          this.#reader.at - 2
        )
      return { kind: 'look', ahead: false, negative, body }
    }
  }

  /** `(?i-m)` or `(?i-m:`; true for the latter. */
  #parseFlags(): boolean {
    let on = true
    const reader = this.#reader
    for (;;) {
      const code = reader.next()
      const letter = code === END ? '' : String.fromCodePoint(plain(code))
      if (letter === ')') return false
      if (letter === ':') return true
      if (letter === '-' && on) on = false
      else if (!this.#setFlag(letter, on)) throw reader.error('Unknown inline modifier')
    }
  }

  #setFlag(letter: string, on: boolean): boolean {
    switch (letter) {
      case 'i':
        this.#flags = { ...this.#flags, ignoreCase: on }
        return true
      case 'u':
        this.#flags = { ...this.#flags, unicodeCase: on }
        return true
      case 'U':
        this.#flags = { ...this.#flags, unicodeClasses: on, unicodeCase: on || this.#flags.unicodeCase }
        return true
      case 'm':
        this.#flags = { ...this.#flags, multiline: on }
        return true
      case 's':
        this.#flags = { ...this.#flags, dotAll: on }
        return true
      case 'd':
        this.#flags = { ...this.#flags, unixLines: on }
        return true
      case 'x':
        this.#reader.comments = on
        return true
      // Canonical equivalence: Java takes the letter here, and does nothing with it.
      case 'c':
        return true
      default:
        return false
    }
  }

  #parseRepeat(body: Node): Node {
    const counts = this.#parseCounts()
    if (counts === undefined) return body
    const mode: Mode = this.#reader.skip('?') ? 'lazy' : this.#reader.skip('+') ? 'possessive' : 'greedy'
    return { kind: 'repeat', body, ...counts, mode }
  }

  #parseCounts(): { min: number; max: number } | undefined {
    const reader = this.#reader
    if (reader.skip('?')) return { min: 0, max: 1 }
    if (reader.skip('*')) return { min: 0, max: Infinity }
    if (reader.skip('+')) return { min: 1, max: Infinity }
    if (!reader.skip('{')) return undefined
    if (!isDigit(reader.peekRaw())) throw reader.error('Illegal repetition', reader.at)
    const min = this.#parseNumber()
    let max = min
    if (reader.skip(',')) max = isDigit(reader.peek()) ? this.#parseNumber() : Infinity
    if (!reader.skip('}')) throw reader.error('Unclosed counted closure', reader.at)
    if (max < min) throw reader.error('Illegal repetition range')
    return { min, max }
  }

  #parseNumber(): number {
    let value = 0
    while (isDigit(this.#reader.peek())) {
      value = value * 10 + this.#reader.next() - 0x30
      if (value > INFINITE) throw this.#reader.error('Illegal repetition range')
    }
    return value
  }
}

/** Whether it depends on where a match of it begins, which a look-behind does not know: it looks backwards. */
function isOneWay(node: Node): boolean {
  return node.kind === 'atomic' || (node.kind === 'repeat' && node.mode === 'possessive')
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function place(name: Place): Node {
  return { kind: 'place', place: name }
}
