const LATEST = 1024

/** How long the latest writes took, and how many transactions shared them. */
export class SyncTimes {
  syncs = 0
  transactions = 0
  readonly #times = new Float64Array(LATEST)

  /** One write of `transactions` puts and commits. */
  add(ms: number, transactions: number): void {
    this.#times[this.syncs % LATEST] = ms
    this.syncs++
    this.transactions += transactions
  }

  /** The time that `share` (0 to 1) of the latest writes stayed below; 0 before the first. */
  quantile(share: number): number {
    const sorted = this.#times.slice(0, Math.min(this.syncs, LATEST)).sort()
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  }
}
