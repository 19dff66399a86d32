import { joinBatches, type EventBatch } from '../../../core/batch.ts'
import type { Account } from './space.ts'

/** Puts are joined by copying until a take holds this many body bytes; larger ones go out by reference. */
const JOIN_BYTES = 256 * 1024

/** Some consecutive events of one put; `first` numbers its first event among all ever pushed. */
export interface Run { readonly first: number, readonly batch: EventBatch, readonly account: Account }

/** First-in first-out queue of runs; what was taken can come back to its place. */
export class EventQueue {
  #runs: (Run | undefined)[] = []
  #head = 0
  #pushed = 0
  #length = 0

  /** Events in the queue. */
  get length (): number {
    return this.#length
  }

  /** Adds a batch at the end. */
  push (batch: EventBatch, account: Account): void {
    this.#runs.push({ first: this.#pushed, batch, account })
    this.#pushed += batch.length
    this.#length += batch.length
  }

  /** Removes at least one and up to `max` events from the front; undefined when there are none. */
  take (max: number): { readonly runs: readonly Run[], readonly batch: EventBatch } | undefined {
    const runs: Run[] = []
    let events = 0
    let bytes = 0
    while (events < max && (runs.length === 0 || bytes < JOIN_BYTES)) {
      const run = this.#shift(max - events)
      if (run === undefined) break
      runs.push(run)
      events += run.batch.length
      bytes += run.batch.bodyBytes
    }
    const first = runs[0]
    if (first === undefined) return undefined
    return { runs, batch: runs.length === 1 ? first.batch : joinBatches(runs.map(run => run.batch)) }
  }

  /** Puts runs that were taken back where they were, before everything younger. */
  giveBack (runs: readonly Run[]): void {
    const waiting = this.#runs.slice(this.#head).filter(run => run !== undefined)
    const oldest = runs[0]?.first ?? 0
    let at = 0
    while (at < waiting.length && isBefore(waiting[at], oldest)) at++
    this.#runs = [...waiting.slice(0, at), ...runs, ...waiting.slice(at)]
    this.#head = 0
    for (const run of runs) this.#length += run.batch.length
  }

  /** The first run, cut to `max` events; what is left of it stays first. */
  #shift (max: number): Run | undefined {
    const run = this.#runs[this.#head]
    if (run === undefined) return undefined
    const { first, batch, account } = run
    if (batch.length > max) {
      this.#runs[this.#head] = { first: first + max, batch: batch.slice(max), account }
      this.#length -= max
      return { first, batch: batch.slice(0, max), account }
    }
    this.#runs[this.#head++] = undefined
    this.#length -= batch.length
    if (this.#head > 1024 && this.#head * 2 > this.#runs.length) {
      this.#runs = this.#runs.slice(this.#head)
      this.#head = 0
    }
    return run
  }
}

function isBefore (run: Run | undefined, event: number): boolean {
  return run !== undefined && run.first < event
}
