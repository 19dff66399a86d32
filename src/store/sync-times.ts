import { Timer } from '../core/timer.ts'

/** How long the writes of a log took, and how many transactions shared them. */
export class SyncTimes {
  /** Goes on over the logs that share it. */
  readonly timer: Timer
  syncs = 0
  transactions = 0

  constructor(timer = new Timer()) {
    this.timer = timer
  }

  /** One write of `transactions` puts and commits. */
  add(ms: number, transactions: number): void {
    this.timer.add(ms)
    this.syncs++
    this.transactions += transactions
  }
}
