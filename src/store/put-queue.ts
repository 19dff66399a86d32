import type { Clock } from '../core/contracts.ts'
import type { AgentError } from '../core/errors.ts'
import { limitWait, stopping } from './put-wait.ts'

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
  /** And what ends the wait of each. */
  readonly #waiting = new Map<WaitingPut, (error: AgentError) => void>()
  #admitting = false

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
    const cancel = limitWait(this.#clock, keepAliveMs, signal, stopped =>
      end(() => reject(stopped ? stopping() : put.full()))
    )
    this.#waiting.set(waiting, error => end(() => reject(error)))
    return promise
  }

  /** Refuses all that wait. */
  refuse(error: AgentError): void {
    for (const end of this.#waiting.values()) end(error)
  }

  /** Lets those in that waited longest, as long as they fit. Call it whenever room came free. */
  admit(): void {
    // Each that is admitted calls this again; where thousands wait, calls within calls would go too deep.
    if (this.#admitting) return
    this.#admitting = true
    try {
      for (const first of this.#waiting.keys()) {
        if (!first.fits()) return
        first.admit()
      }
    } finally {
      this.#admitting = false
    }
  }
}
