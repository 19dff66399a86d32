import { getSystemErrorMessage, getSystemErrorName } from 'node:util'
import { Worker } from 'node:worker_threads'

/** How many pieces of memory a thread knows at most; the oldest is forgotten for a new one. */
const KNOWN = 16
/** Enough for a thread that only writes; without limits each would be given some 10 MB more. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 }

/** Memory that the thread is about to be asked to write from, and which one it is to forget. */
interface Introduction {
  readonly id: number
  readonly memory: SharedArrayBuffer
  readonly forget: number | undefined
}

/** Places in the block. */
const [REQUESTS, DESCRIPTOR, REPLIES, RESULT, WORDS] = [0, 1, 4, 5, 6]
const NUMBERS_AT = WORDS * 4

/**
 * One thread that does one write at a time, out of shared memory. What it is asked and what it replies stand in a block:
 *   i32 requests so far   i32 file descriptor, -1: end   i32 number of the memory   i32 length
 *   i32 replies so far   i32 bytes written, or the error of the system (below 0)
 *   f64 offset in the memory   f64 position in the file
 * It sleeps until the first word changes. Messages would do the same with ten times the code, which shows where many
 * processes share a core.
 */
export class WriteThread {
  /** Resolves once the thread waits for work; never when it cannot be started. */
  readonly ready: Promise<void>
  /** Resolves once the thread is gone, so that nothing that it wrote is under way any more. */
  readonly gone: Promise<void>
  readonly #worker: Worker
  readonly #words: Int32Array
  readonly #numbers: Float64Array
  readonly #ids = new WeakMap<SharedArrayBuffer, number>()
  readonly #known: number[] = []
  #lastId = 0
  #over = false
  #cause: unknown

  /** `program` runs in the thread, from its text: nothing outside of it can be used. */
  constructor(program: (load: NodeJS.Require) => void = serve) {
    const block = new SharedArrayBuffer(NUMBERS_AT + 16)
    this.#words = new Int32Array(block, 0, WORDS)
    this.#numbers = new Float64Array(block, NUMBERS_AT, 2)
    this.#worker = new Worker(`(${program.toString()})(require)`, {
      eval: true,
      workerData: block,
      name: 'log-writer',
      execArgv: [],
      resourceLimits: LIMITS
    })
    this.#worker.unref()
    this.#worker.on('error', error => {
      this.#cause = error
    })
    this.ready = new Promise(resolve => this.#worker.once('message', () => resolve()))
    this.gone = new Promise(resolve => {
      this.#worker.once('exit', () => {
        this.#over = true
        this.#change(REPLIES)
        resolve()
      })
    })
  }

  /** Whether it has ended, on request or not. */
  get over(): boolean {
    return this.#over
  }

  /**
   * As DiskFile.write; rejects with EIO when the thread dies before it is done. It must be ready and have no write under
   * way.
   */
  async write(
    descriptor: number,
    memory: SharedArrayBuffer,
    bytes: Buffer,
    position: number
  ): Promise<number> {
    if (this.#over) throw ended(this.#cause)
    this.#words.set([descriptor, this.#introduce(memory), bytes.length], DESCRIPTOR)
    this.#numbers.set([bytes.byteOffset, position])
    const replied = Atomics.waitAsync(this.#words, REPLIES, this.#words[REPLIES] ?? 0)
    this.#worker.ref()
    this.#change(REQUESTS)
    await replied.value
    this.#worker.unref()
    if (this.#over) throw ended(this.#cause)
    const result = this.#words[RESULT] ?? 0
    if (result < 0) throw failure(result)
    return result
  }

  /** Ends the thread, which must be ready or gone and have no write under way. */
  end(): void {
    this.#words[DESCRIPTOR] = -1
    this.#change(REQUESTS)
  }

  #change(word: number): void {
    Atomics.add(this.#words, word, 1)
    Atomics.notify(this.#words, word)
  }

  #introduce(memory: SharedArrayBuffer): number {
    const before = this.#ids.get(memory)
    if (before !== undefined && this.#known.includes(before)) return before
    const id = ++this.#lastId
    const forget = this.#known.length === KNOWN ? this.#known.shift() : undefined
    this.#ids.set(memory, id)
    this.#known.push(id)
    this.#worker.postMessage({ id, memory, forget } satisfies Introduction)
    return id
  }
}

function ended(cause: unknown): Error {
  return Object.assign(new Error('The thread that writes to the disk ended.', { cause }), { code: 'EIO' })
}

/** The error that Node makes of what the system says. */
function failure(errno: number): Error {
  const code = getSystemErrorName(errno)
  const message = `${code}: ${getSystemErrorMessage(errno) ?? 'unknown error'}, write`
  return Object.assign(new Error(message), { errno, code, syscall: 'write' })
}

/** Waits for requests and does them, until told to end. A script of its own would take twice the memory to start. */
function serve(load: NodeJS.Require): void {
  const { writeSync } = load('node:fs') as typeof import('node:fs')
  const { parentPort, receiveMessageOnPort, workerData } = load(
    'node:worker_threads'
  ) as typeof import('node:worker_threads')
  if (parentPort === null) return
  const port = parentPort
  const words = new Int32Array(workerData as SharedArrayBuffer, 0, 6)
  const numbers = new Float64Array(workerData as SharedArrayBuffer, 24, 2)
  const memories = new Map<number, Uint8Array>()
  const introduced = (id: number): Uint8Array => {
    let next = receiveMessageOnPort(port)
    for (; next !== undefined; next = receiveMessageOnPort(port)) {
      const { id: added, memory, forget } = next.message as Introduction
      memories.set(added, new Uint8Array(memory))
      if (forget !== undefined) memories.delete(forget)
    }
    return memories.get(id) ?? new Uint8Array(0)
  }
  port.postMessage('ready')
  for (let done = 0; ; done++) {
    Atomics.wait(words, 0, done)
    const [, descriptor = -1, id = 0, length = 0] = words
    const [offset = 0, position = 0] = numbers
    if (descriptor < 0) return
    try {
      const memory = memories.get(id) ?? introduced(id)
      words[5] = writeSync(descriptor, memory, offset, length, position)
    } catch (error) {
      words[5] = (error as NodeJS.ErrnoException).errno ?? 0
    }
    Atomics.add(words, 4, 1)
    Atomics.notify(words, 4)
  }
}
