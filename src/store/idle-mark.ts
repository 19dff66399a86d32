import type { Clock } from '../core/contracts.ts'

/** What came to the disk earlier than this before a crash is told from a write that never ended, when it is damaged. */
export const IDLE_MS = 100

/** Calls `mark` once, when nothing has come to the disk for a while since something did. */
export class IdleMark {
  readonly #clock: Clock
  readonly #mark: () => void
  #recent = false
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(clock: Clock, mark: () => void) {
    this.#clock = clock
    this.#mark = mark
  }

  /** Something came to the disk. */
  wrote(): void {
    this.#recent = true
    if (this.#cancel === undefined) this.#wait()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  #wait(): void {
    if (this.#stopped) return
    this.#recent = false
    this.#cancel = this.#clock.after(IDLE_MS, () => {
      this.#cancel = undefined
      if (this.#recent) this.#wait()
      else this.#mark()
    })
  }
}
