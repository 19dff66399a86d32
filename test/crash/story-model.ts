import { BatchBuilder } from '../../src/core/batch-builder.ts'
import type { EventBatch } from '../../src/core/batch.ts'

/** Where an event is, as far as those outside the log can know. */
const STORED = 0
const ON_LOAN = 1
/** Its commit was not on the disk for sure when the end came, or it was refused: it may come again. */
const UNCERTAIN = 2
const COMMITTED = 3
/** Its commit resolved without being on the disk: it may come again in a later life. */
const LAZY = 4
/** Being given back: it may be given out again at any moment, and need not. */
const RETURNING = 5

/** One put and what is known of it. */
export class StoryPut {
  readonly id: number
  readonly texts: readonly string[]
  readonly header: string | undefined
  readonly calledAt: number
  readonly life: number
  /** Its events must be there from now on: it was acknowledged, or one of them was given out. */
  certain = false
  rejected = false
  /** When it was acknowledged; Infinity until then. */
  ackedAt = Infinity
  /** Its place among the puts seen so far; -1 before. */
  rank = -1
  /** Its place is a guess, for this life only. */
  loose = false
  readonly states: Uint8Array
  /** The life in which each event was last given out; -1 before. */
  readonly givenIn: Int16Array
  /** Who has each event, or had it last. */
  readonly holders: (Loan | undefined)[] = []
  /** Events that are stored. */
  stored: number
  /** None below this one is stored. */
  lowest = 0

  constructor(id: number, shape: PutShape, calledAt: number, life: number) {
    this.id = id
    this.life = life
    this.calledAt = calledAt
    this.header = shape.headers ? `p${id}` : undefined
    this.texts = Array.from(
      { length: shape.events },
      (_, index) => `${id}:${index}:${'x'.repeat(lengthOf(id, index, shape.bytes))}`
    )
    this.states = new Uint8Array(shape.events)
    this.givenIn = new Int16Array(shape.events).fill(-1)
    this.stored = shape.events
  }

  get batch(): EventBatch {
    const builder = new BatchBuilder()
    for (const text of this.texts) builder.add(text)
    const batch = builder.build()
    return this.header === undefined ? batch : batch.withHeader('put', this.header)
  }

  move(index: number, to: number): void {
    if (this.states[index] === STORED) this.stored--
    if (to === STORED) {
      this.stored++
      this.lowest = Math.min(this.lowest, index)
    }
    this.states[index] = to
  }

  /** Whether an event below `index` is stored. */
  storedBelow(index: number): boolean {
    while (this.lowest < index && this.states[this.lowest] !== STORED) this.lowest++
    return this.lowest < index
  }
}

/** How large a put is. */
export interface PutShape {
  readonly events: number
  /** Bodies have up to so many bytes. */
  readonly bytes: number
  readonly headers: boolean
}

/** Events given out together. */
export interface Loan {
  readonly members: readonly (readonly [StoryPut, number])[]
  committing: boolean
}

/**
 * What a durable log may and must do, as plain arrays. It is told of every put, take, commit and end, and notes in
 * `violations` what no log that keeps its promises can have done.
 */
export class StoryModel {
  readonly violations: string[] = []
  readonly puts: StoryPut[] = []
  #life = 0
  #time = 0
  #loans = new Set<Loan>()
  #order: StoryPut[] = []
  /** The furthest event given out in this life. */
  #furthest: readonly [StoryPut, number] | undefined

  called(shape: PutShape): StoryPut {
    const put = new StoryPut(this.puts.length, shape, this.#time++, this.#life)
    this.puts.push(put)
    return put
  }

  acked(put: StoryPut): void {
    put.certain = true
    put.ackedAt = this.#time++
  }

  rejected(put: StoryPut): void {
    put.rejected = true
  }

  /** Events that must be in the log, and those that may be there too. */
  bounds(): { readonly least: number; readonly most: number } {
    let least = 0
    let most = 0
    for (const { certain, states } of this.puts) {
      for (const state of states) {
        if (state === COMMITTED) continue
        most++
        if (certain && (state === STORED || state === ON_LOAN || state === RETURNING)) least++
      }
    }
    return { least, most }
  }

  /** The log gave these events out. */
  given(batch: EventBatch): Loan {
    const members: [StoryPut, number][] = []
    let last: [StoryPut, number] | undefined
    for (let i = 0; i < batch.length; i++) {
      const member = this.#identify(batch, i)
      if (member === undefined) continue
      const [put, index] = member
      this.#checkGiven(put, index)
      if (put.rank < 0) this.#sight(put)
      if (last !== undefined && !isBefore(last, member))
        this.#violate(put, index, 'stands behind a later event in one take')
      const first = put.givenIn[index] !== this.#life
      if (first && this.#furthest !== undefined && !isBefore(this.#furthest, member)) {
        this.#violate(put, index, 'comes after a later event')
      }
      if (first) this.#furthest = member
      put.givenIn[index] = this.#life
      put.certain = true
      put.move(index, ON_LOAN)
      members.push(member)
      last = member
    }
    if (last !== undefined) this.#checkNothingPassedOver(last)
    const loan: Loan = { members, committing: false }
    for (const [put, index] of members) put.holders[index] = loan
    this.#loans.add(loan)
    return loan
  }

  committing(loan: Loan): void {
    loan.committing = true
  }

  /** The commit resolved; `safe` when that means that it is on the disk. */
  committed(loan: Loan, safe: boolean): void {
    for (const [put, index] of loan.members) put.move(index, safe ? COMMITTED : LAZY)
    this.#loans.delete(loan)
  }

  /** About to be given back. */
  returning(loan: Loan): void {
    for (const [put, index] of loan.members) put.move(index, RETURNING)
  }

  /** Given back. After a commit that was refused it is on the disk or not. */
  returned(loan: Loan): void {
    for (const [put, index] of loan.members) {
      if (put.holders[index] === loan) put.move(index, loan.committing ? UNCERTAIN : STORED)
    }
    this.#loans.delete(loan)
  }

  /** The process is gone; what was on loan is back, or its commit was just being written. */
  lifeOver(): void {
    for (const loan of [...this.#loans]) this.returned(loan)
    this.#settleLazy(UNCERTAIN)
    this.#order = this.#order.filter(put => !put.loose)
    for (const put of this.puts) {
      if (put.loose) put.rank = -1
      put.loose = false
    }
    this.#renumber()
    this.#furthest = undefined
    this.#life++
  }

  /** The log closed in peace: what was committed is on the disk. */
  closedInPeace(): void {
    this.#settleLazy(COMMITTED)
  }

  /** Everything that the log had was taken and committed. */
  drained(): void {
    for (const put of this.puts) {
      if (!put.certain || put.stored === 0) continue
      const missing = [...put.states.keys()].filter(index => put.states[index] === STORED)
      this.violations.push(
        `lost: ${missing.length} of ${put.texts.length} events of put ${put.id}, first ${missing[0]}`
      )
    }
  }

  #identify(batch: EventBatch, at: number): [StoryPut, number] | undefined {
    const text = batch.text(at)
    const [id, index] = text.split(':', 2).map(Number)
    const put = this.puts[id ?? -1]
    if (put === undefined || index === undefined || put.texts[index] !== text) {
      this.violations.push(`gave out what was never put: ${text.slice(0, 80)}`)
      return undefined
    }
    if (batch.header(at, 'put') !== put.header) this.#violate(put, index, 'has other headers')
    return [put, index]
  }

  #checkGiven(put: StoryPut, index: number): void {
    if (put.rejected && put.life === this.#life)
      this.#violate(put, index, 'was refused and is given out in the same life')
    if (put.states[index] === ON_LOAN) this.#violate(put, index, 'is given out twice at a time')
    if (put.states[index] === COMMITTED)
      this.#violate(put, index, 'comes again after its commit was on the disk')
    if (put.states[index] === LAZY) this.#violate(put, index, 'comes again after its commit in the same life')
  }

  // A put's place is learned when it is first given out.
  #sight(put: StoryPut): void {
    let place = (this.#furthest?.[0].rank ?? -1) + 1
    for (const earlier of this.#order)
      if (earlier.ackedAt < put.calledAt) place = Math.max(place, earlier.rank + 1)
    for (const other of this.puts) {
      if (other.rank >= 0 || other === put || other.stored === 0 || other.ackedAt >= put.calledAt) continue
      this.violations.push(
        `put ${put.id} is given out before put ${other.id}, acknowledged before it was called`
      )
    }
    put.loose = this.#order.slice(place).some(({ states }) => states.includes(UNCERTAIN))
    this.#order.splice(place, 0, put)
    this.#renumber()
  }

  #checkNothingPassedOver(last: readonly [StoryPut, number]): void {
    const [lastPut, lastIndex] = last
    const passed = this.#order.slice(0, lastPut.rank).find(put => put.certain && put.stored > 0)
    if (passed !== undefined)
      this.violations.push(`events of put ${passed.id} are passed over by put ${lastPut.id}`)
    if (lastPut.storedBelow(lastIndex))
      this.#violate(lastPut, lastIndex, 'is given out before an earlier one of its put')
  }

  #settleLazy(to: number): void {
    for (const put of this.puts) {
      put.states.forEach((state, index) => {
        if (state === LAZY) put.move(index, to)
      })
    }
  }

  #renumber(): void {
    this.#order.forEach((put, rank) => {
      put.rank = rank
    })
  }

  #violate(put: StoryPut, index: number, what: string): void {
    if (this.violations.length < 20) this.violations.push(`event ${index} of put ${put.id} ${what}`)
  }
}

function isBefore(one: readonly [StoryPut, number], other: readonly [StoryPut, number]): boolean {
  return one[0].rank < other[0].rank || (one[0].rank === other[0].rank && one[1] < other[1])
}

function lengthOf(id: number, index: number, most: number): number {
  return (id * 7919 + index * 104_729) % (most + 1)
}
