import { WriteThread } from './write-thread.ts'

/** So many writes prove that the threads are worth their memory. */
const WORTH_IT = 16

/** What is asked of a WriteThread. */
export type Writer = Pick<WriteThread, 'ready' | 'gone' | 'over' | 'write' | 'end'>

/**
 * Up to two threads that only write, for all files together: where the threads that Node shares among files, names,
 * compression and cryptography are busy, a durable put does not wait behind them. They are started after some writes,
 * and end with the last file. A write that finds none free is left to Node's.
 */
export class WriteThreads {
  readonly #most: number
  readonly #start: () => Writer
  readonly #idle: Writer[] = []
  #running = 0
  #files = 0
  #writes = 0

  constructor(most = 2, start: () => Writer = () => new WriteThread()) {
    this.#most = most
    this.#start = start
  }

  /** A file was opened that is written to. */
  opened(): void {
    this.#files++
  }

  /** It was closed. */
  closed(): void {
    this.#files--
    if (this.#files > 0) return
    this.#writes = 0
    for (const thread of this.#idle.splice(0)) thread.end()
  }

  /** As DiskFile.write; undefined when Node's own threads must do it. */
  write(descriptor: number, bytes: Buffer, position: number): Promise<number> | undefined {
    const memory: ArrayBufferLike = bytes.buffer
    if (!(memory instanceof SharedArrayBuffer) || bytes.length === 0) return undefined
    this.#writes++
    if (this.#writes >= WORTH_IT && this.#running < this.#most) this.#begin()
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
