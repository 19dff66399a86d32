import { write } from 'node:fs'
import { systemCode } from '../core/errors.ts'
import { plainText } from './plain-text.ts'

const LONGEST_BACKLOG = 1024 * 1024
const BUSY_RETRY_MS = 20
const FAILED_RETRY_MS = 1000
/** The reader is gone, or what it read from; nothing will ever be written again. */
const GONE = ['EPIPE', 'EBADF', 'ECONNRESET']

export interface OutputOptions {
  /** Bytes it keeps while they cannot be written; 1 MiB otherwise. */
  readonly longestBacklog?: number
  /** Told about the first of failures in a row. */
  readonly onTrouble?: (error: unknown) => void
  /** What to write in the place of lines that were left out; a sentence otherwise. */
  readonly leftOut?: (lines: number) => string
  /** Lines of our own are in ASCII. */
  readonly plain?: boolean
}

/**
 * Text to a terminal, pipe or file that may be slow, stopped, full or gone: never blocks, keeps a bounded backlog, and
 * says afterwards how many lines it had to leave out. A closed reader ends the output, not the agent; any other failure
 * is tried again every second.
 */
export class TextOutput {
  readonly #descriptor: number
  readonly #options: OutputOptions
  readonly #longest: number
  #waiting: string[] = []
  #backlog = 0
  #left = 0
  #state: 'idle' | 'writing' | 'failing' | 'closed' = 'idle'
  #unwritten: Buffer | undefined
  #retry: NodeJS.Timeout | undefined
  #rest = Promise.withResolvers<void>()
  #failure: unknown

  constructor(descriptor: number, options: OutputOptions = {}) {
    this.#descriptor = descriptor
    this.#options = options
    this.#longest = options.longestBacklog ?? LONGEST_BACKLOG
  }

  /** Why something could not be written, other than that its reader left. */
  get failure(): unknown {
    return this.#failure
  }

  /** Says that somebody else failed to write to the same place. */
  noteFailure(error: unknown): void {
    if (!isGone(error)) this.#failure ??= error
  }

  /** Whether nothing waits to be written. */
  get empty(): boolean {
    return this.#state === 'idle' || this.#state === 'closed'
  }

  /** Takes a line of our own. */
  line(text: string): void {
    this.write(`${this.#options.plain === true ? plainText(text) : text}\n`)
  }

  /** Takes a whole line, its line feed included, as it is. */
  write(text: string): void {
    if (this.#state === 'closed') return
    if (this.#backlog > this.#longest) {
      this.#left++
      return
    }
    this.#waiting.push(text)
    this.#backlog += text.length
    if (this.#state === 'idle') {
      this.#state = 'writing'
      queueMicrotask(() => this.#next())
    }
  }

  /**
   * Resolves to true once nothing is under way: everything is written, or cannot be at present. Resolves to false after
   * `ms`. What fails is tried once more, now.
   */
  async flush(ms: number): Promise<boolean> {
    if (this.empty) return true
    if (this.#state === 'failing') this.#tryAgain()
    const late = Promise.withResolvers<boolean>()
    const timer = setTimeout(late.resolve, ms, false)
    const inTime = await Promise.race([this.#rest.promise.then(() => true), late.promise])
    clearTimeout(timer)
    return inTime
  }

  /** Resolves once nothing waits to be written any more, which may be never. */
  async emptied(): Promise<void> {
    while (!this.empty) await this.#rest.promise
  }

  #next(): void {
    if (this.#left > 0) this.#waiting.push(this.#leftOut(this.#left))
    this.#left = 0
    const bytes = Buffer.from(this.#waiting.join(''))
    this.#waiting = []
    if (bytes.length === 0) this.#settle('idle')
    else this.#write(bytes)
  }

  #write(bytes: Buffer): void {
    write(this.#descriptor, bytes, (error, written) => {
      if (systemCode(error) === 'EAGAIN') setTimeout(() => this.#write(bytes), BUSY_RETRY_MS)
      else if (error !== null) this.#failed(error, bytes)
      else if (written < bytes.length) this.#write(bytes.subarray(written))
      else {
        this.#backlog = this.#waiting.reduce((sum, text) => sum + text.length, 0)
        this.#failure = undefined
        this.#next()
      }
    })
  }

  #failed(error: unknown, bytes: Buffer): void {
    if (isGone(error)) {
      this.#waiting = []
      this.#settle('closed')
      return
    }
    if (this.#failure === undefined) this.#options.onTrouble?.(error)
    this.#failure = error
    this.#unwritten = bytes
    this.#retry = setTimeout(() => this.#tryAgain(), FAILED_RETRY_MS).unref()
    this.#settle('failing')
  }

  #tryAgain(): void {
    clearTimeout(this.#retry)
    this.#state = 'writing'
    this.#write(this.#unwritten ?? Buffer.alloc(0))
  }

  #settle(state: 'idle' | 'failing' | 'closed'): void {
    this.#state = state
    if (state !== 'failing') this.#backlog = 0
    this.#rest.resolve()
    this.#rest = Promise.withResolvers()
  }

  #leftOut(lines: number): string {
    return this.#options.leftOut?.(lines) ?? `${lines} lines were left out, their reader is too slow.\n`
  }
}

function isGone(error: unknown): boolean {
  return GONE.includes(systemCode(error) ?? '')
}
