/** One of those that share something: how far what it used has come on the clock of the line. */
export interface Sharer {
  usedUpTo: number
}

interface Place<Member> {
  readonly member: Member
  readonly from: number
  readonly number: number
}

/**
 * Those that wait, in the order of what they used: who had least comes first, and nobody saves up a claim while it is
 * away (start-time fair queueing). Joining and taking cost O(log n).
 */
export class FairLine<Member extends Sharer> {
  /** A heap; places that were given up stay until they come to its top. */
  readonly #heap: Place<Member>[] = []
  readonly #places = new Map<Member, Place<Member>>()
  #clock = 0
  #joined = 0

  /** How many wait. */
  get length(): number {
    return this.#places.size
  }

  /** Counts what a member used. */
  used(member: Member, amount: number): void {
    const from = Math.max(member.usedUpTo, this.#clock)
    member.usedUpTo = from + amount
    if (this.#places.size === 0) this.#clock = from
  }

  /** Gets in line; one that stands there keeps its place. */
  join(member: Member): void {
    if (this.#places.has(member)) return
    const place = { member, from: Math.max(member.usedUpTo, this.#clock), number: this.#joined++ }
    this.#places.set(member, place)
    this.#rise(place)
  }

  /** Gives up its place. */
  leave(member: Member): void {
    this.#places.delete(member)
  }

  /** Takes the next one out of the line. */
  next(): Member | undefined {
    for (;;) {
      const place = this.#top()
      if (place === undefined) return undefined
      if (this.#places.get(place.member) !== place) continue
      this.#places.delete(place.member)
      this.#clock = Math.max(this.#clock, place.from)
      return place.member
    }
  }

  #rise(place: Place<Member>): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(place)
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = heap[above]
      if (other === undefined || isBefore(other, place)) break
      heap[at] = other
      at = above
    }
    heap[at] = place
  }

  #top(): Place<Member> | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) this.#sink(last)
    return top
  }

  #sink(place: Place<Member>): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const isRight = left !== undefined && right !== undefined && isBefore(right, left)
      const below = isRight ? right : left
      if (below === undefined || isBefore(place, below)) break
      heap[at] = below
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = place
  }
}

function isBefore(one: Place<unknown>, other: Place<unknown>): boolean {
  return one.from < other.from || (one.from === other.from && one.number < other.number)
}
