import { AgentError } from '../../core/errors.ts'
import { sameFolded } from './case-folding.ts'
import { isAtPlace, unitsBefore } from './places.ts'
import { OPS, type Program } from './program.ts'

/** So many steps one text may take, and so many states of it be remembered. */
const MOST_STEPS = 10_000_000
const MOST_CELLS = 64 << 20

/** What is known of a state at a place: nothing, that it fails, or where it ends, and 2 more. */
const UNKNOWN = 0
const FAILS = 1
const ENDS = 2

type Known = Uint8Array | Int32Array

/**
 * Looks for a program's matches in one text. It tries the ways of matching in Java's order, one after the other, and
 * remembers of each state at each place that it failed. So none is tried twice, and the steps are bounded by the length of
 * the text times that of the pattern. Throws ERR_BAD_EVENT for texts so long that this is too much.
 */
export class Machine {
  #lastEnd = 0
  readonly #program: Program
  readonly #text: string
  readonly #whole: boolean
  /** Start and end of each group, then where each group began, then where the turns of loops did. */
  readonly #registers: Int32Array
  /** Pairs: a place and the instruction to go on at; or a value, and ~ of what it is put back into. */
  #stack = new Int32Array(128)
  #height = 0
  /** Pairs: a part with groups, and a place where it matched on the way taken. */
  readonly #passed: number[] = []
  readonly #tables: Known[] = []
  readonly #tableOf = new Map<string, number>()
  readonly #tableOfPart: number[] = []
  #cells = 0
  #steps = 0

  /** With `whole`, only matches count that end where the text ends. */
  constructor(program: Program, text: string, whole: boolean) {
    this.#program = program
    this.#text = text
    this.#whole = whole
    this.#registers = new Int32Array(program.registers)
  }

  /** The end of the last match. What is known of places stays, unless it depends on this one. */
  set lastEnd(place: number) {
    this.#lastEnd = place
    if (this.#program.places.includes('lastMatch')) for (const known of this.#tables) known.fill(UNKNOWN)
  }

  /** How many steps were taken so far. */
  get steps(): number {
    return this.#steps
  }

  /** The match that begins at `start`: from and to of the whole and of each group, -1 for none. */
  matchAt(start: number): Int32Array | undefined {
    this.#registers.fill(-1)
    this.#height = 0
    this.#passed.length = 0
    const end = this.#run(0, start, true)
    if (end < 0) return undefined
    this.#registers[0] = start
    this.#registers[1] = end
    return this.#registers.slice(0, 2 * (this.#program.groupCount + 1))
  }

  /** Runs a part from a place; gives where it ends, or -1. Only with `captures` it sets the groups in it. */
  #run(index: number, from: number, captures: boolean): number {
    const { op, b, state, parts } = this.#program
    const { entry = 0, backward = false } = parts[index] ?? {}
    const bottom = this.#height
    const passed = this.#passed.length
    let at = entry
    let place = from
    for (;;) {
      if (++this.#steps > MOST_STEPS) throw this.#tooMuch()
      const known = (state[at] ?? -1) < 0 ? UNKNOWN : this.#enter(index, at, place)
      if (known >= ENDS && !captures) return this.#end(bottom, known - ENDS)
      const does = op[at] ?? 0
      let next = -1
      if (known !== FAILS) {
        if (does === OPS.accept) {
          if (index > 0 || !this.#whole || place === this.#text.length)
            return captures ? this.#keep(bottom, passed, place) : this.#end(bottom, place)
        } else if (does === OPS.split) {
          this.#push(place, b[at] ?? 0)
          next = place
        } else if (does <= OPS.wide) next = this.#readChar(at, place, backward)
        else next = does === OPS.jump ? place : this.#doRare(at, place, captures)
      }
      if (next >= 0) {
        at = does === OPS.split || does === OPS.jump || does === OPS.turned ? this.#target(at, next) : at + 1
        place = next
      } else {
        const back = this.#backtrack(bottom)
        if (back < 0) return -1
        at = back
        place = this.#stack[this.#height] ?? 0
      }
    }
  }

  #target(at: number, place: number): number {
    const { op, a, b } = this.#program
    if (op[at] !== OPS.turned) return a[at] ?? 0
    return this.#registers[a[at] ?? 0] === place ? (b[at] ?? 0) : at + 1
  }

  /** The place behind the next character, or before the last one, when it is as wanted; else -1. */
  #readChar(at: number, place: number, backward: boolean): number {
    const { op, a, sets } = this.#program
    const wanted = a[at] ?? 0
    if (op[at] === OPS.wide) {
      if (backward ? place <= 0 : place >= this.#text.length) return -1
      const first = backward ? place - unitsBefore(this.#text, place) : place
      const code = this.#text.codePointAt(first) ?? 0
      if (sets[wanted]?.has(code) !== true) return -1
      const behind = code > 0xffff ? first + 2 : first + 1
      if (!backward) return behind
      return behind === place ? first : -1
    }
    const unit = this.#text.charCodeAt(backward ? place - 1 : place)
    const matches = op[at] === OPS.unit ? unit === wanted : sets[wanted]?.has(unit) === true
    if (!matches) return -1
    return backward ? place - 1 : place + 1
  }

  /** All that is not done for each character; the place to go on from, or -1. */
  #doRare(at: number, place: number, captures: boolean): number {
    const { op, a, b, places, groupCount } = this.#program
    const [first = 0, second = 0] = [a[at], b[at]]
    const began = 2 * (groupCount + 1) + first
    switch (op[at]) {
      case OPS.place: {
        const wanted = places[first]
        return wanted !== undefined && isAtPlace(wanted, this.#text, place, this.#lastEnd) ? place : -1
      }
      case OPS.open:
        if (captures) this.#set(began, place)
        return place
      case OPS.close:
        if (captures) {
          const start = this.#registers[began] ?? 0
          this.#set(2 * first, Math.min(start, place))
          this.#set(2 * first + 1, Math.max(start, place))
          this.#set(began, -1)
        }
        return place
      case OPS.turn:
        this.#set(first, place)
        return place
      case OPS.turned:
        return place
      case OPS.look: {
        const negative = second === 1
        return this.#runPart(first, place, captures && !negative) < 0 === negative ? place : -1
      }
      case OPS.atomic:
        return this.#runPart(first, place, captures)
      default:
        return this.#readAgain(first, second, place, this.#isBackward(at))
    }
  }

  #isBackward(at: number): boolean {
    return this.#program.parts.findLast(({ entry }) => entry <= at)?.backward === true
  }

  /**
   * Where a part ends that is matched in one way only. Its groups are set once the whole match is found, by going through
   * it again; at once where their text may be asked for.
   */
  #runPart(index: number, place: number, captures: boolean): number {
    const { parts, repeated, registers } = this.#program
    const sets = captures && parts[index]?.captures === true
    if (!sets || repeated.length > 0) return this.#run(index, place, sets)
    const end = this.#run(index, place, false)
    if (end >= 0) {
      this.#push(this.#passed.length, ~registers)
      this.#passed.push(index, place)
    }
    return end
  }

  #readAgain(group: number, rule: number, place: number, backward: boolean): number {
    if (group > this.#program.groupCount) return -1
    const wanted = this.#textOf(group)
    if (wanted === undefined) return -1
    const start = backward ? place - wanted.length : place
    const found = start < 0 ? '' : this.#text.slice(start, start + wanted.length)
    this.#steps += wanted.length
    if (!isSame(wanted, found, rule)) return -1
    return backward ? start : place + wanted.length
  }

  #textOf(group: number): string | undefined {
    const start = this.#registers[2 * group] ?? -1
    return start < 0 ? undefined : this.#text.slice(start, this.#registers[2 * group + 1])
  }

  #push(value: number, what: number): void {
    if (this.#height + 2 > this.#stack.length) {
      const larger = new Int32Array(2 * this.#stack.length)
      larger.set(this.#stack)
      this.#stack = larger
    }
    this.#stack[this.#height] = value
    this.#stack[this.#height + 1] = what
    this.#height += 2
  }

  #set(register: number, value: number): void {
    this.#push(this.#registers[register] ?? -1, ~register)
    this.#registers[register] = value
  }

  /** Undoes what was done since the last choice; gives the instruction to go on at, or -1. */
  #backtrack(bottom: number): number {
    const { registers } = this.#program
    while (this.#height > bottom) {
      this.#height -= 2
      const value = this.#stack[this.#height] ?? 0
      const what = this.#stack[this.#height + 1] ?? 0
      if (what >= 0) return what
      if (~what < registers) this.#registers[~what] = value
      else if (~what === registers) this.#passed.length = value
      else this.#note(~what - registers - 1, value, FAILS)
    }
    return -1
  }

  #note(table: number, cell: number, value: number): void {
    const known = this.#tables[table]
    if (known !== undefined) known[cell] = value
  }

  /**
   * What is known of a state at a place. When nothing is, it will be known to fail once all its ways have. Whether a turn
   * of a loop is empty so far makes no difference: what a turn leads to that begins here was tried before its empty way.
   */
  #enter(index: number, at: number, place: number): number {
    const { parts, registers, state } = this.#program
    const cell = place * (parts[index]?.states ?? 0) + (state[at] ?? 0)
    const table = this.#tableFor(index, place)
    const known = this.#tables[table]?.[cell] ?? UNKNOWN
    if (known === UNKNOWN) this.#push(cell, ~(registers + 1 + table))
    return known
  }

  /** What is known holds for the texts alone that are asked for again, and what there is of those that are being read. */
  #tableFor(index: number, place: number): number {
    const { repeated, groupCount } = this.#program
    if (repeated.length === 0) return (this.#tableOfPart[index] ??= this.#addTable(index))
    const texts = repeated.map(group => {
      const began = this.#registers[2 * (groupCount + 1) + group] ?? -1
      const [from, to] = began < place ? [began, place] : [place, began]
      return [this.#textOf(group) ?? null, began < 0 ? null : this.#text.slice(from, to)]
    })
    const key = JSON.stringify([index, texts])
    const known = this.#tableOf.get(key) ?? this.#addTable(index)
    this.#tableOf.set(key, known)
    return known
  }

  #addTable(index: number): number {
    const size = (this.#text.length + 1) * (this.#program.parts[index]?.states ?? 0)
    this.#cells += size
    if (this.#cells > MOST_CELLS) throw this.#tooMuch()
    // Where the pattern itself ends is not remembered, as its groups are always wanted.
    return this.#tables.push(index === 0 ? new Uint8Array(size) : new Int32Array(size)) - 1
  }

  /** A part has matched and nobody wants its groups: the states that led here always do. */
  #end(bottom: number, end: number): number {
    const { registers } = this.#program
    for (let at = bottom; at < this.#height; at += 2) {
      const what = ~(this.#stack[at + 1] ?? 0)
      if (what > registers) this.#note(what - registers - 1, this.#stack[at] ?? 0, end + ENDS)
    }
    this.#height = bottom
    return end
  }

  /** A part has matched and its groups are wanted. */
  #keep(bottom: number, passed: number, end: number): number {
    const { registers, repeated } = this.#program
    if (repeated.length > 0) {
      let kept = bottom
      for (let at = bottom; at < this.#height; at += 2) {
        const what = this.#stack[at + 1] ?? 0
        if (what >= 0 || ~what >= registers) continue
        this.#stack[kept] = this.#stack[at] ?? 0
        this.#stack[kept + 1] = what
        kept += 2
      }
      this.#height = kept
      return end
    }
    this.#height = bottom
    const inner = this.#passed.splice(passed)
    for (let i = 0; i < inner.length; i += 2) this.#run(inner[i] ?? 0, inner[i + 1] ?? 0, true)
    return end
  }

  #tooMuch(): AgentError {
    return new AgentError('ERR_BAD_EVENT', 'The text is too long for the regular expression.', {
      characters: this.#text.length,
      pattern: this.#program.pattern,
      mostSteps: MOST_STEPS
    })
  }
}

/** Rules by their number in the program: exact, ASCII, Unicode. */
function isSame(a: string, b: string, rule: number): boolean {
  if (a.length !== b.length) return false
  if (rule === 0) return a === b
  if (rule === 2) return sameFolded(a, b)
  return lowerAscii(a) === lowerAscii(b)
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, letter => letter.toLowerCase())
}
