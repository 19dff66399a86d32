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

/** Bytes written, or the error of the system. */
type Reply = number | { readonly message: string; readonly facts: object }

interface Pending {
  readonly resolve: (written: number) => void
  readonly reject: (error: unknown) => void
}

/**
 * One thread that does one write at a time, out of shared memory. What it is asked stands in a block of its own:
 *   i32 requests so far   i32 file descriptor, -1: end   i32 number of the memory   i32 length
 *   f64 offset in the memory   f64 position in the file
 * It sleeps until the first word changes, and replies with a message.
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
  #pending: Pending | undefined

  /** `program` runs in the thread, from its text: nothing outside of it can be used. */
  constructor(program: (load: NodeJS.Require) => void = serve) {
    const block = new SharedArrayBuffer(32)
    this.#words = new Int32Array(block, 0, 4)
    this.#numbers = new Float64Array(block, 16, 2)
    this.#worker = new Worker(`(${program.toString()})(require)`, {
      eval: true,
      workerData: block,
      name: 'log-writer',
      execArgv: [],
      resourceLimits: LIMITS
    })
    this.#worker.unref()
    let cause: unknown
    this.#worker.on('error', error => {
      cause = error
    })
    this.ready = new Promise(resolve => this.#worker.once('message', () => resolve()))
    this.gone = new Promise(resolve => {
      this.#worker.once('exit', () => {
        this.#over = true
        this.#settle(({ reject }) => reject(ended(cause)))
        resolve()
      })
    })
    this.#worker.on('message', (reply: Reply) => this.#replied(reply))
  }

  /** Whether it has ended, on request or not. */
  get over(): boolean {
    return this.#over
  }

  /** As DiskFile.write; rejects with EIO when the thread dies before it is done. There must be no write under way, and the thread must be ready. */
  write(descriptor: number, memory: SharedArrayBuffer, bytes: Buffer, position: number): Promise<number> {
    const id = this.#introduce(memory)
    this.#words.set([descriptor, id, bytes.length], 1)
    this.#numbers.set([bytes.byteOffset, position])
    if (this.#over) return Promise.reject(ended(undefined))
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
      this.#worker.ref()
      this.#wake()
    })
  }

  /** Ends the thread, which must be ready or gone and have no write under way. */
  end(): void {
    this.#words[1] = -1
    this.#wake()
  }

  #wake(): void {
    Atomics.add(this.#words, 0, 1)
    Atomics.notify(this.#words, 0)
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

  #replied(reply: Reply): void {
    this.#settle(({ resolve, reject }) => {
      if (typeof reply === 'number') resolve(reply)
      else reject(Object.assign(new Error(reply.message), reply.facts))
    })
  }

  #settle(tell: (pending: Pending) => void): void {
    const pending = this.#pending
    this.#pending = undefined
    this.#worker.unref()
    if (pending !== undefined) tell(pending)
  }
}

function ended(cause: unknown): Error {
  return Object.assign(new Error('The thread that writes to the disk ended.', { cause }), { code: 'EIO' })
}

/** Waits for requests and does them, until told to end. A script of its own would take twice the memory to start. */
function serve(load: NodeJS.Require): void {
  const { writeSync } = load('node:fs') as typeof import('node:fs')
  const { parentPort, receiveMessageOnPort, workerData } = load(
    'node:worker_threads'
  ) as typeof import('node:worker_threads')
  if (parentPort === null) return
  const port = parentPort
  const words = new Int32Array(workerData as SharedArrayBuffer, 0, 4)
  const numbers = new Float64Array(workerData as SharedArrayBuffer, 16, 2)
  const memories = new Map<number, Uint8Array>()
  const memoryOf = (id: number): Uint8Array => {
    let next = receiveMessageOnPort(port)
    for (; next !== undefined; next = receiveMessageOnPort(port)) {
      const { id: added, memory, forget } = next.message as Introduction
      memories.set(added, new Uint8Array(memory))
      if (forget !== undefined) memories.delete(forget)
    }
    const found = memories.get(id)
    if (found === undefined) throw new Error('The thread does not know the memory to write from.')
    return found
  }
  port.postMessage('ready')
  for (let done = 0; ; done++) {
    Atomics.wait(words, 0, done)
    const [, descriptor = -1, id = 0, length = 0] = words
    const [offset = 0, position = 0] = numbers
    if (descriptor < 0) return
    try {
      port.postMessage(writeSync(descriptor, memoryOf(id), offset, length, position))
    } catch (error) {
      const { message, code, errno, syscall } = error as NodeJS.ErrnoException
      port.postMessage({ message, facts: { code, errno, syscall } } satisfies Reply)
    }
  }
}
