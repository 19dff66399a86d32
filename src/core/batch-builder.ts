import { EventBatch } from './batch.ts'
import { allocateSlab } from './slab.ts'
import { EventHeaders, NO_HEADERS, SharedHeaders, type HeaderPairs, type Headers } from './headers.ts'

/** Headers as an author writes them. */
export type HeaderInput = Readonly<Record<string, string>> | HeaderPairs

const NO_PAIRS: HeaderPairs = []

/** Collects events one by one into a batch, copying the bodies. Presize it when the bytes are known. */
export class BatchBuilder {
  #slab: Buffer
  #used = 0
  #starts = new Uint32Array(64)
  #ends = new Uint32Array(64)
  #count = 0
  #rows: HeaderPairs[] | undefined

  constructor(expectedBytes = 1024) {
    this.#slab = allocateSlab(Math.max(expectedBytes, 16))
  }

  /** Events added so far. */
  get length(): number {
    return this.#count
  }

  /** Body bytes added so far. */
  get bytes(): number {
    return this.#used
  }

  /** Adds one event; text is encoded as UTF-8. */
  add(body: string | Uint8Array, headers?: HeaderInput): this {
    const start = this.#used
    if (typeof body === 'string') this.#addText(body)
    else this.#addBytes(body)
    this.#mark(start)
    if (headers !== undefined) this.#addHeaders(headers)
    else this.#rows?.push(NO_PAIRS)
    return this
  }

  /** Adds event `index` of another batch, its headers included. */
  addFrom(batch: EventBatch, index: number): this {
    const start = this.#used
    this.#reserve(batch.size(index))
    this.#used = batch.copyTo(index, this.#slab, this.#used)
    this.#mark(start)
    if (!batch.headers.empty) this.#addHeaders(batch.headers.pairs(index))
    else this.#rows?.push(NO_PAIRS)
    return this
  }

  /** The batch of all events added. The builder starts empty again, with a slab of its own. */
  build(): EventBatch {
    const batch = new EventBatch(
      this.#slab,
      this.#starts.subarray(0, this.#count),
      this.#ends.subarray(0, this.#count),
      this.#headers()
    )
    this.#slab = allocateSlab(Math.max(this.#used, 16))
    this.#starts = new Uint32Array(Math.max(this.#count, 64))
    this.#ends = new Uint32Array(Math.max(this.#count, 64))
    this.#used = 0
    this.#count = 0
    this.#rows = undefined
    return batch
  }

  #addText(text: string): void {
    const bytes = Buffer.byteLength(text)
    this.#reserve(bytes)
    this.#used += this.#slab.write(text, this.#used)
  }

  #addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#slab.set(bytes, this.#used)
    this.#used += bytes.length
  }

  #addHeaders(headers: HeaderInput): void {
    const pairs = isPairs(headers) ? headers : Object.entries(headers)
    this.#rows ??= new Array<HeaderPairs>(this.#count - 1).fill(NO_PAIRS)
    this.#rows.push(pairs)
  }

  #headers(): Headers {
    const rows = this.#rows
    if (rows === undefined) return NO_HEADERS
    const first = rows[0] ?? NO_PAIRS
    return rows.every(row => row === first) ? new SharedHeaders(first) : new EventHeaders(rows)
  }

  #mark(start: number): void {
    if (this.#count === this.#starts.length) {
      this.#starts = grown(this.#starts)
      this.#ends = grown(this.#ends)
    }
    this.#starts[this.#count] = start
    this.#ends[this.#count++] = this.#used
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#slab.length) return
    const larger = allocateSlab(Math.max(this.#slab.length * 2, this.#used + bytes))
    this.#slab.copy(larger, 0, 0, this.#used)
    this.#slab = larger
  }
}

function isPairs(headers: HeaderInput): headers is HeaderPairs {
  return Array.isArray(headers)
}

function grown(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}
