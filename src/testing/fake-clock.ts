import type { Clock } from '../core/contracts.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** More timers than any part sets for one moment. */
const MOST_AT_ONCE = 10_000

/** A clock that stands still until a test moves it, both readings together or the time of day alone. Timers run in the order in which they are due. */
export class FakeClock implements Clock {
  #now: number
  #monotonic = 0
  readonly #timers = new Set<Timer>()

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  /** Sets the time of day, as an operator or NTP does; nothing falls due by it. */
  set(now: number): void {
    this.#now = now
  }

  /** Timers that are set and not due yet. */
  get pending(): number {
    return this.#timers.size
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = this.after(ms, resolve)
      signal?.addEventListener(
        'abort',
        () => {
          cancel()
          resolve()
        },
        { once: true }
      )
    })
  }

  after(ms: number, task: () => void): () => void {
    const timer = { at: this.#monotonic + ms, run: task }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves time on, running what falls due, and lets everything that follows from it happen. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    let atOnce = 0
    await settled()
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      atOnce = next.at > this.#monotonic ? 0 : atOnce + 1
      if (atOnce > MOST_AT_ONCE) throw new Error('A timer is set again and again for the same moment.')
      this.#pass(next.at)
      next.run()
      await settled()
    }
    this.#pass(end)
  }

  #pass(until: number): void {
    const ms = Math.max(until - this.#monotonic, 0)
    this.#monotonic += ms
    this.#now += ms
  }
}

/** Resolves once everything that can go on without time or I/O has gone on. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
}
