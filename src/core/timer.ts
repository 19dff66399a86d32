const LATEST = 1024

/** What a timer shows: how often and how long in all, and what half and 99 of 100 of the latest 1,024 stayed below. */
export interface TimerReading {
  readonly count: number
  readonly sum: number
  readonly p50: number
  readonly p99: number
}

/** How long something took, each time, in milliseconds. One call costs as much as a counter. */
export class Timer {
  #count = 0
  #sum = 0
  readonly #latest = new Float64Array(LATEST)

  add(ms: number): void {
    this.#latest[this.#count % LATEST] = ms
    this.#count++
    this.#sum += ms
  }

  /** Everything 0 before the first time. Fractions have three digits. */
  read(): TimerReading {
    const sorted = this.#latest.slice(0, Math.min(this.#count, LATEST)).sort()
    const quantile = (share: number): number =>
      rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
    return { count: this.#count, sum: rounded(this.#sum), p50: quantile(0.5), p99: quantile(0.99) }
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
