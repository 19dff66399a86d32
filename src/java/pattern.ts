import { firstChars, isAnchored, tryBound } from './patterns/cost.ts'
import { CharTest, isWide, single } from './patterns/char-set.ts'
import { Machine } from './patterns/machine.ts'
import type { Match } from './patterns/match.ts'
import type { Flags } from './patterns/parse-escape.ts'
import { parsePattern } from './patterns/parse.ts'
import { makeProgram, type Program } from './patterns/program.ts'
import { checkRepeated } from './patterns/repeated-text.ts'
import { contains, type Node } from './patterns/syntax.ts'
import { toJavaScript, type Domain } from './patterns/to-javascript.ts'
import type { Replacement } from './replacement.ts'

/**
 * A regular expression of `java.util.regex`, which finds what Java finds. However pattern and text are made, the
 * steps of a call are bounded by the length of the text times that of the pattern. Throws ERR_BAD_EVENT for a text so
 * long that these are too many: hundreds of thousands of characters, for a pattern of ordinary size.
 */
export interface Pattern {
  readonly source: string
  readonly groupCount: number
  readonly groupNames: ReadonlyMap<string, number>
  /** The first match at or behind `from`. */
  find(text: string, from?: number): Match | undefined
  /** All matches, one behind the other. */
  findAll(text: string): readonly Match[]
  /** The match that is the whole text. */
  matches(text: string): Match | undefined
  /** The match that begins where the text does. */
  lookingAt(text: string): Match | undefined
  replaceAll(text: string, replacement: Replacement): string
  replaceFirst(text: string, replacement: Replacement): string
  /** What stands between the matches, as `Pattern.split`: without empty texts at the end. */
  split(text: string): string[]
}

/**
 * Reads a pattern. Throws ERR_CONFIG for what is none in Java, with Java's sentence in `reason`, and ERR_UNSUPPORTED for
 * what cannot run within bounds, with the part of it in `reason`.
 */
export function compilePattern(source: string, flags: Partial<Flags> = {}): Pattern {
  const syntax = parsePattern(source, flags)
  checkRepeated(source, syntax.root)
  const program = makeProgram(source, syntax)
  return new CompiledPattern(program, syntax.root, syntax.groupNames)
}

/** One of the ways to search one text, from a place on. */
interface Search {
  next(from: number): Match | undefined
}

class CompiledPattern implements Pattern {
  readonly source: string
  readonly groupCount: number
  readonly groupNames: ReadonlyMap<string, number>
  readonly #program: Program
  readonly #native: Native | undefined
  readonly #literal: string | undefined
  readonly #anchored: boolean
  readonly #skipsHalves: boolean
  readonly #first: CharTest | undefined

  constructor(program: Program, root: Node, names: ReadonlyMap<string, number>) {
    this.source = program.pattern
    this.groupCount = program.groupCount
    this.groupNames = names
    this.#program = program
    this.#literal = literalOf(root)
    this.#native = program.op.length <= LARGEST_TRIED ? nativeOf(root) : undefined
    this.#anchored = isAnchored(root)
    this.#skipsHalves = contains(root, part => part.kind === 'set' && isWide(part.set))
    const first = firstChars(root)
    this.#first = first === undefined ? undefined : new CharTest(first)
  }

  find(text: string, from = 0): Match | undefined {
    return this.#search(text).next(from)
  }

  findAll(text: string): readonly Match[] {
    const found: Match[] = []
    const search = this.#search(text)
    for (let from = 0; from <= text.length;) {
      const match = search.next(from)
      if (match === undefined) break
      found.push(match)
      from = match.end === match.start ? match.end + 1 : match.end
    }
    return found
  }

  matches(text: string): Match | undefined {
    if (this.#literal !== undefined) return text === this.#literal ? literalMatch(text, 0) : undefined
    const native = this.#native
    if (native?.takes(text) === true) return native.run(native.whole, text, 0)
    return spansMatch(text, new Machine(this.#program, text, true).matchAt(0))
  }

  lookingAt(text: string): Match | undefined {
    if (this.#literal !== undefined)
      return text.startsWith(this.#literal) ? literalMatch(this.#literal, 0) : undefined
    const native = this.#native
    if (native?.takes(text) === true) return native.run(native.start, text, 0)
    return spansMatch(text, new Machine(this.#program, text, false).matchAt(0))
  }

  replaceAll(text: string, replacement: Replacement): string {
    return replaced(text, this.findAll(text), replacement)
  }

  replaceFirst(text: string, replacement: Replacement): string {
    const match = this.find(text)
    return match === undefined ? text : replaced(text, [match], replacement)
  }

  split(text: string): string[] {
    const parts: string[] = []
    let at = 0
    for (const { start, end } of this.findAll(text)) {
      if (end === 0) continue
      parts.push(text.slice(at, start))
      at = end
    }
    if (at === 0) return [text]
    parts.push(text.slice(at))
    while (parts.at(-1) === '') parts.pop()
    return parts
  }

  #search(text: string): Search {
    const literal = this.#literal
    if (literal !== undefined) {
      return {
        next: from => {
          const at = text.indexOf(literal, from)
          return at < 0 || from > text.length ? undefined : literalMatch(literal, at)
        }
      }
    }
    const native = this.#native
    if (native?.takes(text) === true) return { next: from => native.run(native.anywhere, text, from) }
    const machine = new Machine(this.#program, text, false)
    return {
      next: from => {
        const match = spansMatch(text, this.#firstFrom(machine, text, from))
        if (match !== undefined) machine.lastEnd = match.end
        return match
      }
    }
  }

  #firstFrom(machine: Machine, text: string, from: number): Int32Array | undefined {
    if (this.#anchored) return from === 0 ? machine.matchAt(0) : undefined
    for (let start = from; start <= text.length; start++) {
      if (this.#skipsHalves && start > from && isInPair(text, start)) continue
      if (this.#first?.has(text.codePointAt(start) ?? -1) === false) continue
      const spans = machine.matchAt(start)
      if (spans !== undefined) return spans
    }
    return undefined
  }
}

/** Whether a place is between the halves of a pair. */
function isInPair(text: string, at: number): boolean {
  const [before, behind] = [text.charCodeAt(at - 1), text.charCodeAt(at)]
  return before >= 0xd800 && before <= 0xdbff && behind >= 0xdc00 && behind <= 0xdfff
}

/** JavaScript's own engine, for the texts that it is sure to be done with. */
interface Native {
  readonly anywhere: RegExp
  readonly start: RegExp
  readonly whole: RegExp
  takes(text: string): boolean
  run(expression: RegExp, text: string, from: number): Match | undefined
}

const NOT_IN: Readonly<Record<Domain, RegExp | undefined>> = {
  every: undefined,
  pairless: /[\ud800-\udfff]/,
  ascii: /[^\x00-\x7f]/
}

/** So many characters it may read, and so long a text it may be given: what it keeps of the ways back is bounded, too. */
const MOST_TRIES = 50_000_000
const LONGEST_TRIED = 1 << 20
/** Instructions of a pattern that is given to it; it refuses, or is slow to translate, much larger ones. */
const LARGEST_TRIED = 1000

function nativeOf(root: Node): Native | undefined {
  const bound = tryBound(root)
  const translation = bound.forLength(0) > MOST_TRIES ? undefined : toJavaScript(root)
  if (translation === undefined) return undefined
  const { source, domain } = translation
  const foreign = NOT_IN[domain]
  return {
    anywhere: new RegExp(source, 'g'),
    start: new RegExp(source, 'y'),
    whole: new RegExp(`(?:${source})$`, 'y'),
    takes: text =>
      text.length <= LONGEST_TRIED &&
      (bound.forLength(text.length) <= MOST_TRIES || bound.forText(text) <= MOST_TRIES) &&
      foreign?.test(text) !== true,
    run: (expression, text, from) => {
      expression.lastIndex = from
      const found = expression.exec(text)
      if (found === null) return undefined
      return { start: found.index, end: found.index + found[0].length, group: index => found[index] }
    }
  }
}

/** The text, when the pattern is nothing else. */
function literalOf(root: Node): string | undefined {
  const items = root.kind === 'sequence' ? root.items : [root]
  const codes = items.map(item => (item.kind === 'set' && !isWide(item.set) ? single(item.set) : undefined))
  return codes.every(code => code !== undefined) ? String.fromCharCode(...codes) : undefined
}

function literalMatch(literal: string, start: number): Match {
  return { start, end: start + literal.length, group: index => (index === 0 ? literal : undefined) }
}

function spansMatch(text: string, spans: Int32Array | undefined): Match | undefined {
  if (spans === undefined) return undefined
  const [start = 0, end = 0] = spans
  return {
    start,
    end,
    group: index => {
      const from = spans[2 * index] ?? -1
      return from < 0 ? undefined : text.slice(from, spans[2 * index + 1])
    }
  }
}

function replaced(text: string, matches: readonly Match[], replacement: Replacement): string {
  let out = ''
  let at = 0
  for (const match of matches) {
    out += text.slice(at, match.start) + replacement(match)
    at = match.end
  }
  return at === 0 && out === '' ? text : out + text.slice(at)
}
