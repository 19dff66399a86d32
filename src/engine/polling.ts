import type { Clock, Log } from '../core/contracts.ts'
import type { PolledSource } from '../core/contracts/source.ts'
import { AgentError, messageOf } from '../core/errors.ts'

/** Flume tries again at once, which is a busy loop where the channel does not wait itself. */
const FULL_PAUSE_MS = 100

/** Asks one source for events, with Flume's pauses between polls that find nothing. */
export class Polling {
  readonly #source: PolledSource
  readonly #clock: Clock
  readonly #log: Log
  #ending = new AbortController()
  #done: Promise<void> | undefined

  constructor(source: PolledSource, clock: Clock, log: Log) {
    this.#source = source
    this.#clock = clock
    this.#log = log
  }

  /** Begins, again after end(). */
  start(): void {
    if (this.#done !== undefined) return
    this.#ending = new AbortController()
    this.#done = this.#run(this.#ending.signal)
  }

  /** Ends after the poll in hand. */
  async end(): Promise<void> {
    this.#ending.abort()
    await this.#done
    this.#done = undefined
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { incrementMs, maxMs } = this.#source.backoff
    let idle = 0
    while (!signal.aborted) {
      let pauseMs = 0
      try {
        idle = (await this.#source.poll(signal)) ? 0 : idle + 1
        pauseMs = Math.min(idle * incrementMs, maxMs)
      } catch (error) {
        if (signal.aborted) return
        const full = error instanceof AgentError && error.code === 'ERR_CHANNEL_FULL'
        pauseMs = full ? FULL_PAUSE_MS : maxMs
        this.#log.error('The channels refused what was polled; it is tried again.', {
          reason: messageOf(error),
          pauseMs
        })
      }
      // A source that always finds something must not keep timers and sockets from their turn.
      if (pauseMs > 0) await this.#clock.sleep(pauseMs, signal)
      else await nextTurn()
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
