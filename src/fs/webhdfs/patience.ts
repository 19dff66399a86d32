import type { Clock } from '../../core/contracts.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 4_000

/** Growing pauses between attempts, for a limited time. */
export class Patience {
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>
  readonly #signal: AbortSignal
  readonly #end: number
  #pauseMs = FIRST_PAUSE_MS

  /** Lasts `limitMs` from now on; `signal` ends it, and the pause under way. */
  constructor(clock: Pick<Clock, 'monotonic' | 'sleep'>, limitMs: number, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
    this.#end = clock.monotonic() + limitMs
  }

  /** Resolves to true after the next pause, or to false at once where it would last too long. */
  async pause(): Promise<boolean> {
    if (this.#ended || this.#clock.monotonic() + this.#pauseMs > this.#end) return false
    await this.#clock.sleep(this.#pauseMs, this.#signal)
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
    return !this.#ended
  }

  get #ended(): boolean {
    return this.#signal.aborted
  }
}
