import { BatchBuilder } from '../../src/core/batch-builder.ts'
import type { EventBatch } from '../../src/core/batch.ts'

/** Where an event is, as far as those outside the log can know. */
export const STORED = 0
export const ON_LOAN = 1
/** Its commit was not on the disk for sure when the end came, or it was refused: it may come again. */
export const UNCERTAIN = 2
export const COMMITTED = 3
/** Its commit resolved without being on the disk: it may come again in a later life. */
export const LAZY = 4
/** Being given back: it may be given out again at any moment, and need not. */
export const RETURNING = 5

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
  /** The life in which a commit of each event was last refused, so that it may be on the disk; -1 before. */
  readonly doubtedIn: Int16Array
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
    this.doubtedIn = new Int16Array(shape.events).fill(-1)
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

function lengthOf(id: number, index: number, most: number): number {
  return (id * 7919 + index * 104_729) % (most + 1)
}
