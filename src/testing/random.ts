/** Random numbers that come out the same again for the same seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number of at least 0, less than `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** A whole number from 1 to `most`; half of the time an even half of it. */
  within(most: number): number {
    return this.chance(0.5) ? Math.ceil(most / 2) : 1 + this.below(most)
  }

  /** True so often, 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One of them; there must be one. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  /** A new list with the same members in another order. */
  shuffled<T>(members: readonly T[]): T[] {
    const order = [...members]
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const held = order[i] as T
      order[i] = order[j] as T
      order[j] = held
    }
    return order
  }

  /** Noise. */
  bytes(length: number): Buffer {
    const noise = Buffer.allocUnsafe(length)
    for (let i = 0; i < length; i++) noise[i] = this.below(256)
    return noise
  }

  /** A seed for another one. */
  seed(): number {
    return this.below(2 ** 32)
  }
}
