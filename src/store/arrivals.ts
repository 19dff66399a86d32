import type { Clock } from '../core/contracts.ts'

const MOST_MARKS = 1024

/**
 * When events came that are not in memory, by their numbers, in bounded memory: however long the backlog is, a time is
 * too early by a 250th of what it spans at most.
 */
export class Arrivals {
  #firsts: number[] = []
  #times: number[] = []
  /** Marks are so far apart. */
  #stepMs = 0

  /** Events from number `first` on came at `at`, monotonic. Later calls have higher numbers. */
  add(first: number, at: number): void {
    const last = this.#times.at(-1)
    if (last !== undefined && at - last < this.#stepMs) return
    this.#firsts.push(first)
    this.#times.push(at)
    if (this.#firsts.length > MOST_MARKS) this.#thin()
  }

  /** When this event came; undefined where it is older than all that were told. */
  of(event: number): number | undefined {
    let low = 0
    let high = this.#firsts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#firsts[middle] ?? 0) <= event) low = middle + 1
      else high = middle
    }
    return this.#times[low - 1]
  }

  /** No older events are asked for any more. */
  forgetBelow(event: number): void {
    let gone = 0
    while ((this.#firsts[gone + 1] ?? Infinity) <= event) gone++
    this.#firsts.splice(0, gone)
    this.#times.splice(0, gone)
    if (this.#firsts.length <= 1) this.#stepMs = 0
  }

  /** Half of them stay, and behind each pause the first one. */
  #thin(): void {
    const [firsts, times] = [this.#firsts, this.#times]
    this.#stepMs = (2 * ((times.at(-1) ?? 0) - (times[0] ?? 0))) / MOST_MARKS
    this.#firsts = []
    this.#times = []
    for (const [i, at] of times.entries()) this.add(firsts[i] ?? 0, at)
  }
}

/** A time of day as the monotonic reading that it would have been, before this process began, too. */
export function monotonicOf(timeMs: number, clock: Clock): number {
  return clock.monotonic() - Math.max(0, clock.now() - timeMs)
}
