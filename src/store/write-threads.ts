import { WriteThread } from './write-thread.ts'

/** A file that is open for so long is worth the threads: short-lived programs and the start of an agent do without. */
const START_MS = 300
/** The threads keep the memory that they know; what was made for one large event is not worth that. */
const MOST_MEMORY_BYTES = 8 * 1024 * 1024
/** A thread that is missing is started again after so many writes. */
const MISSED_WRITES = 16

type After = (milliseconds: number, work: () => void) => () => void

const afterUnref: After = (milliseconds, work) => {
  const timer = setTimeout(work, milliseconds).unref()
  return () => clearTimeout(timer)
}

/** What is asked of a WriteThread. */
export type Writer = Pick<WriteThread, 'ready' | 'gone' | 'over' | 'write' | 'end'>

/**
 * Up to two threads that only write, for all files together: where the threads that Node shares among files, names,
 * compression and cryptography are busy, a durable put does not wait behind them. They are started once a file has
 * been open for a while, and end with the last file. A write that finds none free is left to Node's.
 */
export class WriteThreads {
  readonly #most: number
  readonly #start: () => Writer
  readonly #after: After
  readonly #idle: Writer[] = []
  #cancelStart: (() => void) | undefined
  #wanted = false
  #running = 0
  #files = 0
  #writes = 0

  constructor(most = 2, start: () => Writer = () => new WriteThread(), after = afterUnref) {
    this.#after = after
    this.#most = most
    this.#start = start
  }

  /** A file was opened that is written to. */
  opened(): void {
    this.#files++
    if (this.#files > 1) return
    this.#cancelStart = this.#after(START_MS, () => {
      this.#wanted = true
      for (let i = this.#running; i < this.#most; i++) this.#begin()
    })
  }

  /** It was closed. */
  closed(): void {
    this.#files--
    if (this.#files > 0) return
    this.#cancelStart?.()
    this.#wanted = false
    for (const thread of this.#idle.splice(0)) thread.end()
  }

  /** As DiskFile.write; undefined when Node's own threads must do it. */
  write(descriptor: number, bytes: Buffer, position: number): Promise<number> | undefined {
    const memory: ArrayBufferLike = bytes.buffer
    if (!(memory instanceof SharedArrayBuffer) || bytes.length === 0) return undefined
    if (memory.byteLength > MOST_MEMORY_BYTES) return undefined
    this.#writes++
    if (this.#wanted && this.#running < this.#most && this.#writes >= MISSED_WRITES) this.#begin()
    const thread = this.#idle.shift()
    return thread?.write(descriptor, memory, bytes, position).finally(() => this.#free(thread))
  }

  #begin(): void {
    this.#running++
    this.#writes = 0
    let thread: Writer
    try {
      thread = this.#start()
    } catch {
      this.#running--
      return
    }
    void thread.ready.then(() => this.#free(thread))
    void thread.gone.then(() => {
      this.#running--
      const at = this.#idle.indexOf(thread)
      if (at >= 0) this.#idle.splice(at, 1)
    })
  }

  #free(thread: Writer): void {
    if (this.#files === 0) thread.end()
    else if (!thread.over) this.#idle.push(thread)
  }
}
