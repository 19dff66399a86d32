import type { EventBatch } from '../../src/core/batch.ts'
import { StoryCommits } from './story-commits.ts'
import {
  COMMITTED,
  LAZY,
  type Loan,
  ON_LOAN,
  type PutShape,
  RETURNING,
  STORED,
  StoryPut,
  UNCERTAIN
} from './story-put.ts'

/** How many events there are, at least and at most. */
export interface EventBounds {
  readonly least: number
  readonly most: number
}

/**
 * What a durable log may and must do, as plain arrays. It is told of every put, take, commit and end, and notes in
 * `violations` what no log that keeps its promises can have done.
 */
export class StoryModel {
  readonly violations: string[] = []
  /** Events that the log said it lost; Infinity once it said that it does not know how many. */
  reported = 0
  /** Whether the disk loses what it had: then events may be missing that are reported, and records of takes. */
  readonly #damaged: boolean
  readonly puts: StoryPut[] = []
  readonly #commits = new StoryCommits()
  #held: EventBounds | undefined
  #life = 0
  #time = 0
  #loans = new Set<Loan>()
  #order: StoryPut[] = []
  /** The furthest event given out in this life. */
  #furthest: readonly [StoryPut, number] | undefined

  constructor(damaged = false) {
    this.#damaged = damaged
  }

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
  bounds(): EventBounds {
    if (this.#damaged) return { least: 0, most: Infinity }
    if (this.#held !== undefined) return this.#held
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

  /** The log opened: what it holds changes from now on. */
  opened(): void {
    this.#held = undefined
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
      this.#commits.given(put, index, this.#life)
      put.move(index, ON_LOAN)
      members.push(member)
      last = member
    }
    if (last !== undefined && !this.#damaged) this.#checkNothingPassedOver(last)
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
    if (!safe) this.#commits.doubted(loan, this.#life)
    this.#loans.delete(loan)
  }

  /** About to be given back. */
  returning(loan: Loan): void {
    for (const [put, index] of loan.members) put.move(index, RETURNING)
    if (loan.committing) this.#commits.doubted(loan, this.#life)
  }

  /** Given back. After a commit that was refused it is on the disk or not. */
  returned(loan: Loan): void {
    for (const [put, index] of loan.members) {
      if (loan.committing) put.doubtedIn[index] = this.#life
      if (put.holders[index] !== loan) continue
      put.move(index, put.doubtedIn[index] === this.#life ? UNCERTAIN : STORED)
    }
    if (loan.committing) this.#commits.doubted(loan, this.#life)
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

  /** The log closed in peace: what was committed is on the disk, and it holds so many events until it opens again. */
  closedInPeace(held: EventBounds): void {
    this.#settleLazy(COMMITTED)
    this.#held = held
  }

  /** Everything that the log had was taken and committed. */
  drained(): void {
    if (this.#damaged) return this.#checkMissing()
    this.violations.push(...this.#commits.torn())
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
    if (put.states[index] === COMMITTED && !this.#damaged)
      this.#violate(put, index, 'comes again after its commit was on the disk')
    if (put.states[index] === LAZY) this.#violate(put, index, 'comes again after its commit in the same life')
  }

  // A put's place is learned when it is first given out.
  #sight(put: StoryPut): void {
    let place = (this.#furthest?.[0].rank ?? -1) + 1
    for (const earlier of this.#order)
      if (earlier.ackedAt < put.calledAt) place = Math.max(place, earlier.rank + 1)
    for (const other of this.#damaged ? [] : this.puts) {
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

  #checkMissing(): void {
    const missing = this.puts.reduce((sum, { certain, stored }) => sum + (certain ? stored : 0), 0)
    if (missing > this.reported)
      this.violations.push(`lost: ${missing} events, and said so of ${this.reported}`)
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
