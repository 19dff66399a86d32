const DAY_MS = 24 * 3_600_000

/**
 * The order of the records of one log of version 2, in which they have the time: many have the same, and some an earlier
 * one than those in front of them. Flume 1.11 goes through all logs at once and takes the earliest of the next records,
 * of equal ones that of the earlier transaction, so that the order within a log stays. The same comes out where each
 * record counts as no earlier than those in front of it.
 */
export class OldOrders {
  readonly #key = { order: -Infinity, tie: 0 }
  #previous = -Infinity

  /** The place of the next record among those of all logs; valid until the next one. */
  add(order: number, transaction: number): { readonly order: number; readonly tie: number } {
    const key = this.#key
    // One time that is far off is damage, and must not move all that follows; the channel may have been idle, though.
    const isNear = order < Math.max(key.order, this.#previous) + DAY_MS || key.order === -Infinity
    this.#previous = order
    if (isNear && order > key.order) {
      key.order = order
      key.tie = transaction
    } else if (order === key.order) key.tie = Math.max(key.tie, transaction)
    return key
  }
}
