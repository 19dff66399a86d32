import type { Clock } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'

/** A put that found no room. */
export interface WaitingPut {
  fits(): boolean
  /** Stores it; called once, and only when it fits. */
  admit(): void
  /** Why it is refused when its time is over. */
  full(): AgentError
}

/** Puts that wait for room, first come first served. */
export class PutQueue {
  readonly #clock: Clock
  readonly #waiting = new Set<WaitingPut>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether somebody waits already, whom nobody may overtake. */
  get busy(): boolean {
    return this.#waiting.size > 0
  }

  /** Resolves once the put was admitted; rejects after `keepAliveMs` or when `signal` aborts. */
  wait(put: WaitingPut, keepAliveMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(stopping())
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const end = (settle: () => void): void => {
      cancel()
      signal.removeEventListener('abort', abort)
      this.#waiting.delete(waiting)
      settle()
      this.admit()
    }
    const waiting: WaitingPut = {
      ...put,
      admit: () => {
        put.admit()
        end(resolve)
      }
    }
    const abort = (): void => end(() => reject(stopping()))
    const cancel = this.#clock.after(keepAliveMs, () => end(() => reject(put.full())))
    signal.addEventListener('abort', abort, { once: true })
    this.#waiting.add(waiting)
    return promise
  }

  /** Lets those in that waited longest, as long as they fit. Call it whenever room came free. */
  admit(): void {
    const [first] = this.#waiting
    if (first?.fits() === true) first.admit()
  }
}

function stopping(): AgentError {
  return new AgentError('ERR_STOPPED', 'The agent is stopping.')
}
