import { CharTest, isWide, single, type CharSet } from './char-set.ts'
import { refusedPattern } from './pattern-reader.ts'
import {
  contains,
  EMPTY,
  hasCaptures,
  lengthsOf,
  LINE_END,
  type CaseRule,
  type Mode,
  type Node,
  type Place,
  type Syntax
} from './syntax.ts'

/** So many instructions a pattern may come to: it bounds what one character of text costs. */
const MOST_INSTRUCTIONS = 10_000

/** What the machine does, with the arguments `a` and `b`. */
export const OPS = {
  /** The unit `a`. */
  unit: 0,
  /** A character of the set `a`, none of which takes two units. */
  narrow: 1,
  /** A character of the set `a`. */
  wide: 2,
  /** Goes on at `a`, and at `b` when that fails. */
  split: 3,
  jump: 4,
  /** Only at the place `a`. */
  place: 5,
  /** The group `a` begins; ends. */
  open: 6,
  close: 7,
  /** A turn of a loop begins, whose place is kept in register `a`; it ends, and goes on at `b` when it was empty. */
  turn: 8,
  turned: 9,
  /** The part `a` must match from here, `b`: must not. Takes no text. */
  look: 10,
  /** The part `a`, in the first way it matches, and no other. */
  atomic: 11,
  /** The text of group `a` again, by the case rule `b`. */
  again: 12,
  accept: 13
} as const

/** The whole pattern, or what stands in a look-around or an atomic group. */
export interface Part {
  readonly entry: number
  readonly backward: boolean
  readonly captures: boolean
  /** How many states of it are remembered for each place in the text. */
  readonly states: number
}

export interface Program {
  readonly pattern: string
  readonly op: Uint8Array
  readonly a: Int32Array
  readonly b: Int32Array
  readonly sets: readonly CharTest[]
  readonly places: readonly Place[]
  readonly rules: readonly CaseRule[]
  /** The pattern itself comes first. */
  readonly parts: readonly Part[]
  /** The number of an instruction's state in its part; -1 when it is reached in one way only. */
  readonly state: Int32Array
  readonly groupCount: number
  readonly registers: number
  /** Groups whose text is asked for again. */
  readonly repeated: readonly number[]
}

const RULES: readonly CaseRule[] = ['exact', 'ascii', 'unicode']

/** Translates a pattern for the machine. Throws ERR_UNSUPPORTED when it comes to more than it may. */
export function makeProgram(pattern: string, syntax: Syntax): Program {
  return new ProgramMaker(pattern, syntax).make()
}

interface MutablePart {
  readonly node: Node
  readonly backward: boolean
  entry: number
}

class ProgramMaker {
  readonly #pattern: string
  readonly #syntax: Syntax
  readonly #op: number[] = []
  readonly #a: number[] = []
  readonly #b: number[] = []
  readonly #sets = new Map<CharSet, number>()
  readonly #places: Place[] = []
  readonly #parts: MutablePart[] = []
  readonly #repeated = new Set<number>()
  #backward = false
  #registers: number

  constructor(pattern: string, syntax: Syntax) {
    this.#pattern = pattern
    this.#syntax = syntax
    // Start and end of each group, then where each group began.
    this.#registers = 3 * (syntax.groupCount + 1)
  }

  make(): Program {
    this.#addPart(this.#syntax.root, false)
    for (let i = 0; i < this.#parts.length; i++) {
      const part = this.#parts[i]
      if (part === undefined) continue
      this.#backward = part.backward
      part.entry = this.#op.length
      this.#emit(part.node)
      this.#add(OPS.accept)
    }
    const op = Uint8Array.from(this.#op)
    const a = Int32Array.from(this.#a)
    const b = Int32Array.from(this.#b)
    const { state, parts } = this.#numberStates(op, a, b)
    return {
      pattern: this.#pattern,
      op,
      a,
      b,
      state,
      parts,
      sets: [...this.#sets.keys()].map(set => new CharTest(set)),
      places: this.#places,
      rules: RULES,
      groupCount: this.#syntax.groupCount,
      registers: this.#registers,
      repeated: [...this.#repeated]
    }
  }

  #addPart(node: Node, backward: boolean): number {
    return this.#parts.push({ node, backward, entry: 0 }) - 1
  }

  #add(op: number, a = 0, b = 0): number {
    if (this.#op.length >= MOST_INSTRUCTIONS) {
      const what = `it comes to more than ${MOST_INSTRUCTIONS} steps when its counted repeats are written out`
      throw refusedPattern(this.#pattern, what)
    }
    this.#op.push(op)
    this.#a.push(a)
    this.#b.push(b)
    return this.#op.length - 1
  }

  get #here(): number {
    return this.#op.length
  }

  #emit(node: Node): void {
    switch (node.kind) {
      case 'set':
        return this.#emitSet(node.set)
      case 'sequence':
        for (const item of this.#backward ? node.items.toReversed() : node.items) this.#emit(item)
        return
      case 'choice':
        return this.#emitChoice(node.options)
      case 'group':
        if (node.index > 0) this.#add(OPS.open, node.index)
        this.#emit(node.body)
        if (node.index > 0) this.#add(OPS.close, node.index)
        return
      case 'repeat':
        return this.#emitRepeat(node)
      case 'atomic':
        this.#add(OPS.atomic, this.#addPart(node.body, this.#backward))
        return
      case 'look':
        this.#add(OPS.look, this.#addPart(node.body, !node.ahead), node.negative ? 1 : 0)
        return
      case 'place':
        this.#add(OPS.place, this.#places.push(node.place) - 1)
        return
      case 'again':
        this.#repeated.add(node.group)
        this.#add(OPS.again, node.group, RULES.indexOf(node.rule))
        return
    }
  }

  #emitSet(set: CharSet): void {
    const only = single(set)
    if (isWide(set)) this.#add(OPS.wide, this.#setIndex(set))
    else if (only !== undefined) this.#add(OPS.unit, only)
    else this.#add(OPS.narrow, this.#setIndex(set))
  }

  #setIndex(set: CharSet): number {
    const known = this.#sets.get(set)
    if (known !== undefined) return known
    this.#sets.set(set, this.#sets.size)
    return this.#sets.size - 1
  }

  #emitChoice(options: readonly Node[]): void {
    const jumps: number[] = []
    for (const [index, option] of options.entries()) {
      const last = index === options.length - 1
      const split = last ? undefined : this.#add(OPS.split, this.#here + 1)
      this.#emit(option)
      if (split === undefined) continue
      jumps.push(this.#add(OPS.jump))
      this.#b[split] = this.#here
    }
    for (const jump of jumps) this.#a[jump] = this.#here
  }

  #emitRepeat({ body, min, max, mode }: Node & { kind: 'repeat' }): void {
    const fixed = isFixed(body)
    if (fixed && lengthsOf(body).max === 0 && (body.kind !== 'group' || max > 1)) {
      if (min > 0) this.#emit(body)
      return
    }
    const onlyOne = body === LINE_END || (max > 1 && fixed && contains(body, part => part === LINE_END))
    if (mode === 'possessive') {
      const turn: Node = fixed && !onlyOne ? body : { kind: 'atomic', body }
      const whole: Node = { kind: 'repeat', body: turn, min, max, mode: 'greedy' }
      this.#add(OPS.atomic, this.#addPart(whole, this.#backward))
    } else {
      this.#emitTurns({ body: onlyOne ? { kind: 'atomic', body } : body, min, max }, mode)
    }
  }

  #emitTurns({ body, min, max }: { body: Node; min: number; max: number }, mode: Mode): void {
    const exits: number[] = []
    const register = lengthsOf(body).min === 0 ? this.#registers++ : undefined
    const turn = (): void => {
      if (register === undefined) return this.#emit(body)
      this.#add(OPS.turn, register)
      this.#emit(body)
      exits.push(this.#add(OPS.turned, register))
    }
    const maybe = (again: number): void => {
      const split = this.#add(OPS.split, again, again)
      ;(mode === 'lazy' ? this.#a : this.#b)[split] = -1
      exits.push(split)
    }
    for (let i = 0; i < (max === Infinity ? min - 1 : min); i++) turn()
    if (max !== Infinity) {
      for (let i = min; i < max; i++) {
        maybe(this.#here + 1)
        turn()
      }
    } else if (min > 0) {
      const head = this.#here
      turn()
      maybe(head)
    } else {
      const head = this.#here
      maybe(head + 1)
      turn()
      this.#add(OPS.jump, head)
    }
    for (const exit of exits) {
      if (this.#op[exit] === OPS.split && this.#a[exit] === -1) this.#a[exit] = this.#here
      else this.#b[exit] = this.#here
    }
  }

  /** Numbers the states that can be reached in several ways; the others need not be remembered. */
  #numberStates(op: Uint8Array, a: Int32Array, b: Int32Array): Pick<Program, 'state' | 'parts'> {
    const ways = new Uint8Array(op.length)
    const reach = (at: number): void => {
      ways[at] = Math.min(2, (ways[at] ?? 0) + 1)
    }
    for (const { entry } of this.#parts) reach(entry)
    for (let at = 0; at < op.length; at++) {
      if (op[at] === OPS.split || op[at] === OPS.jump) reach(a[at] ?? 0)
      else if (op[at] !== OPS.accept) reach(at + 1)
      if (op[at] === OPS.split || op[at] === OPS.turned) reach(b[at] ?? 0)
    }
    const state = new Int32Array(op.length).fill(-1)
    const ends = [...this.#parts.slice(1).map(({ entry }) => entry), op.length]
    const parts = this.#parts.map(({ entry, backward, node }, index) => {
      let states = 0
      for (let at = entry; at < (ends[index] ?? 0); at++) {
        if ((ways[at] ?? 0) > 1) state[at] = states++
      }
      return { entry, backward, states, captures: hasCaptures(node) }
    })
    return { state, parts }
  }
}

/** Whether there is one way only to match it from a given place, as Java sees it. */
function isFixed(node: Node): boolean {
  if (node === LINE_END || node === EMPTY) return true
  switch (node.kind) {
    case 'choice':
      return false
    case 'repeat':
      return node.min === node.max && isFixed(node.body)
    case 'sequence':
      return node.items.every(isFixed)
    case 'group':
      return isFixed(node.body)
    case 'set':
    case 'place':
    case 'look':
    case 'again':
    case 'atomic':
      return true
  }
}
