import type { Clock } from './contracts.ts'

/** When a batch is due: at so many, or so long after the first of them came. */
export interface BatchLimits {
  readonly count: number
  readonly ms: number
}

/**
 * Says when what is gathered is due: `due` is called once the count is reached, from within `add`, or when the time is
 * over. Whoever takes the batch calls `taken`. One timer for each batch, none while nothing is gathered.
 */
export class BatchWindow {
  readonly #clock: Clock
  readonly #limits: BatchLimits
  readonly #due: () => void
  #count = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, limits: BatchLimits, due: () => void) {
    this.#clock = clock
    this.#limits = limits
    this.#due = due
  }

  /** So many more are gathered. */
  add(count: number): void {
    if (count === 0) return
    this.#count += count
    this.#cancel ??= this.#clock.after(this.#limits.ms, () => this.#due())
    if (this.#count >= this.#limits.count) this.#due()
  }

  /** Everything that was gathered is taken, or given up; the next one begins a new window. */
  taken(): void {
    this.#count = 0
    this.#cancel?.()
    this.#cancel = undefined
  }
}
