import type { Clock } from '../../../core/contracts.ts'
import { AgentError } from '../../../core/errors.ts'

/** Puts `hdfs.callTimeout` around every call to the file system. */
export class TimedCalls {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #failed: () => void
  readonly #took: (ms: number) => void

  /**
   * `timeoutMs` of 0 and below waits for ever. `failed` is told of each call that fails or takes too long, `took` how long
   * one took that did not.
   */
  constructor(clock: Clock, timeoutMs: number, failed: () => void, took: (ms: number) => void = () => {}) {
    this.#clock = clock
    this.#failed = failed
    this.#took = took
    this.#timeoutMs = timeoutMs
  }

  /**
   * Resolves as `operation` does, or rejects with ERR_TIMEOUT when it takes too long; `late` is then given what it
   * comes up with in the end.
   */
  run<T>(path: string, operation: () => Promise<T>, late?: (value: T) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let waiting = true
      const startedAt = this.#clock.monotonic()
      const cancel = this.#timer(() => {
        waiting = false
        this.#failed()
        reject(timeout(path, this.#timeoutMs))
      })
      operation().then(
        value => {
          cancel()
          if (waiting) this.#took(this.#clock.monotonic() - startedAt)
          if (waiting) resolve(value)
          else late?.(value)
        },
        (error: unknown) => {
          cancel()
          if (waiting) this.#failed()
          reject(error)
        }
      )
    })
  }

  #timer(task: () => void): () => void {
    return this.#timeoutMs > 0 ? this.#clock.after(this.#timeoutMs, task) : () => {}
  }
}

function timeout(path: string, timeoutMs: number): AgentError {
  const message = `Callable timed out after ${timeoutMs} ms on file: ${path}`
  return new AgentError('ERR_TIMEOUT', message, { path, timeoutMs })
}
