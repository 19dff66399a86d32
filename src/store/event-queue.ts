import { joinBatches, type EventBatch } from '../core/batch.ts'

const JOIN_BYTES = 64 * 1024
const FIRST_PLACES = 64

/** Some consecutive events of one push; `first` numbers its first event among all ever pushed. */
export interface Run<A> {
  readonly first: number
  readonly batch: EventBatch
  readonly account: A
  /** When its events came; monotonic. */
  readonly arrivedAt: number
}

/** Runs that were taken together, as one batch. */
export interface Taken<A> {
  readonly runs: readonly Run<A>[]
  readonly batch: EventBatch
  /** When the oldest of its events came. */
  readonly arrivedAt: number
}

/** First-in first-out queue of runs, in a ring; what was taken can come back to its place, until it is let go of. */
export class EventQueue<A> {
  #ring: (Run<A> | undefined)[] = new Array<undefined>(FIRST_PLACES).fill(undefined)
  #head = 0
  #runs = 0
  #pushed = 0
  #length = 0
  readonly #lent = new Set<readonly Run<A>[]>()
  readonly #joinBytes: number

  /** Puts are joined by copying until a take holds `joinBytes`; what is larger goes out by reference. */
  constructor(joinBytes = JOIN_BYTES) {
    this.#joinBytes = joinBytes
  }

  /** When the oldest event came, those that were taken and not let go of included. */
  get oldestArrival(): number | undefined {
    let oldest = this.#first()?.arrivedAt
    for (const [run] of this.#lent)
      if (run !== undefined && !(run.arrivedAt >= (oldest ?? Infinity))) oldest = run.arrivedAt
    return oldest
  }

  /** Events in the queue. */
  get length(): number {
    return this.#length
  }

  /** Events ever pushed: the number that the next one gets. */
  get pushed(): number {
    return this.#pushed
  }

  /** Adds a batch at the end; `account` goes along with its events, which came at `arrivedAt`. */
  push(batch: EventBatch, account: A, arrivedAt: number): void {
    this.#addLast({ first: this.#pushed, batch, account, arrivedAt })
    this.#pushed += batch.length
    this.#length += batch.length
  }

  /** Removes at least one and up to `max` events from the front; undefined when there are none. */
  take(max: number): Taken<A> | undefined {
    const runs: Run<A>[] = []
    let events = 0
    let bytes = 0
    while (events < max && (runs.length === 0 || bytes < this.#joinBytes)) {
      const run = this.#takeFirst(max - events)
      if (run === undefined) break
      runs.push(run)
      events += run.batch.length
      bytes += run.batch.bodyBytes
    }
    this.#length -= events
    const [first] = runs
    if (first === undefined) return undefined
    this.#lent.add(runs)
    const batch = runs.length === 1 ? first.batch : joinBatches(runs.map(run => run.batch))
    return { runs, batch, arrivedAt: first.arrivedAt }
  }

  /** Lets go of runs that were taken: they do not come back. */
  forget(runs: readonly Run<A>[]): void {
    this.#lent.delete(runs)
  }

  /** Puts runs that were taken back where they were, before everything younger. */
  giveBack(runs: readonly Run<A>[]): void {
    this.#lent.delete(runs)
    const newest = runs.at(-1)?.first ?? 0
    const passed: Run<A>[] = []
    // Runs given back by other takers may be older, or lie between these.
    for (let run = this.#first(); run !== undefined && run.first < newest; run = this.#first())
      passed.push(this.#removeFirst(run))
    const ordered = [...passed, ...runs].sort((one, other) => other.first - one.first)
    for (const run of ordered) this.#addFirst(run)
    for (const run of runs) this.#length += run.batch.length
  }

  #first(): Run<A> | undefined {
    return this.#ring[this.#head]
  }

  /** The first run, cut to `max` events; what is left of it stays first. */
  #takeFirst(max: number): Run<A> | undefined {
    const run = this.#first()
    if (run === undefined) return undefined
    const { first, batch, account, arrivedAt } = run
    if (batch.length <= max) return this.#removeFirst(run)
    this.#ring[this.#head] = { first: first + max, batch: batch.slice(max), account, arrivedAt }
    return { first, batch: batch.slice(0, max), account, arrivedAt }
  }

  #removeFirst(run: Run<A>): Run<A> {
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#ring.length
    this.#runs--
    return run
  }

  #addFirst(run: Run<A>): void {
    this.#reserve()
    this.#head = (this.#head + this.#ring.length - 1) % this.#ring.length
    this.#ring[this.#head] = run
    this.#runs++
  }

  #addLast(run: Run<A>): void {
    this.#reserve()
    this.#ring[(this.#head + this.#runs) % this.#ring.length] = run
    this.#runs++
  }

  #reserve(): void {
    const places = this.#ring.length
    if (this.#runs < places) return
    const ordered = [...this.#ring.slice(this.#head), ...this.#ring.slice(0, this.#head)]
    this.#ring = [...ordered, ...new Array<undefined>(places).fill(undefined)]
    this.#head = 0
  }
}
