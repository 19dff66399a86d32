import { formatError } from './codec.ts'

/**
 * Reads a source of chunks as one row of bytes. Holds the chunk in hand and what a caller asked to see at once,
 * so callers check lengths before they ask.
 */
export class ChunkReader {
  readonly #iterator: AsyncIterator<Buffer>
  readonly #format: string
  #held: Buffer = Buffer.alloc(0)
  #position = 0

  /** `format` names the data in error messages. */
  constructor(source: AsyncIterable<Buffer>, format: string) {
    this.#iterator = source[Symbol.asyncIterator]()
    this.#format = format
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position
  }

  /** Whether nothing is left. */
  async ended(): Promise<boolean> {
    return !(await this.#fill(1))
  }

  /** The next `bytes` bytes; rejects with ERR_FORMAT when the source ends before. */
  async take(bytes: number): Promise<Buffer> {
    if (!(await this.#fill(bytes))) throw formatError(this.#format, 'it ends too early')
    const taken = this.#held.subarray(0, bytes)
    this.#drop(bytes)
    return taken
  }

  /** What follows, at least `bytes` of it unless the source ends before; nothing is taken. */
  async peek(bytes: number): Promise<Buffer> {
    await this.#fill(bytes)
    return this.#held
  }

  /** Takes bytes that `peek` showed. */
  skip(bytes: number): void {
    this.#drop(bytes)
  }

  /** Takes the next byte. */
  async byte(): Promise<number> {
    return (await this.take(1)).readUInt8()
  }

  /** Everything that is left, in the pieces in which it comes. */
  async *rest(): AsyncGenerator<Buffer, undefined> {
    while (await this.#fill(1)) {
      const held = this.#held
      this.#drop(held.length)
      yield held
    }
    return undefined
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#iterator.return?.()
  }

  #drop(bytes: number): void {
    this.#held = this.#held.subarray(bytes)
    this.#position += bytes
  }

  async #fill(bytes: number): Promise<boolean> {
    if (this.#held.length >= bytes) return true
    const chunks = [this.#held]
    let held = this.#held.length
    while (held < bytes) {
      const { done, value } = await this.#iterator.next()
      if (done === true) break
      chunks.push(value)
      held += value.length
    }
    this.#held = Buffer.concat(chunks)
    return held >= bytes
  }
}
