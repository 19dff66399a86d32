import { write } from 'node:fs'
import { systemCode } from '../core/errors.ts'

const LONGEST_BACKLOG = 1024 * 1024
const RETRY_MS = 20

/**
 * Lines to a terminal, pipe or file that may be slow, stopped or gone: never blocks, keeps at most 1 MiB, and says
 * afterwards how many lines it had to leave out. A closed reader ends the output, not the agent.
 */
export class TextOutput {
  readonly #descriptor: number
  #waiting: string[] = []
  #backlog = 0
  #left = 0
  #closed = false
  #idle: PromiseWithResolvers<void> | undefined

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  line(text: string): void {
    if (this.#closed) return
    if (this.#backlog > LONGEST_BACKLOG) {
      this.#left++
      return
    }
    this.#waiting.push(text)
    this.#backlog += text.length + 1
    if (this.#idle === undefined) {
      this.#idle = Promise.withResolvers()
      queueMicrotask(() => {
        this.#next()
      })
    }
  }

  /** Resolves once every line is written, or to false after `ms`. */
  flush(ms: number): Promise<boolean> {
    if (this.#idle === undefined) return Promise.resolve(true)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(resolve, ms, false)
    void this.#idle.promise.then(() => {
      clearTimeout(timer)
      resolve(true)
    })
    return promise
  }

  #next(): void {
    if (this.#left > 0) this.#waiting.push(`${this.#left} lines were left out, their reader is too slow.`)
    this.#left = 0
    const lines = this.#waiting
    this.#waiting = []
    if (lines.length === 0 || this.#closed) {
      this.#backlog = 0
      this.#idle?.resolve()
      this.#idle = undefined
      return
    }
    this.#write(Buffer.from(lines.join('\n') + '\n'))
  }

  #write(bytes: Buffer): void {
    write(this.#descriptor, bytes, (error, written) => {
      if (systemCode(error) === 'EAGAIN') {
        setTimeout(() => {
          this.#write(bytes)
        }, RETRY_MS)
        return
      }
      if (error !== null) this.#closed = true
      if (error === null && written < bytes.length) return this.#write(bytes.subarray(written))
      this.#backlog = this.#waiting.reduce((sum, line) => sum + line.length + 1, 0)
      this.#next()
    })
  }
}
