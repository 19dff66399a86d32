import { AgentError } from '../../core/errors.ts'

/** A file that is only read. */
export interface ReadableFile {
  /** Resolves to how many bytes were read; 0 at the end. */
  read(into: Buffer, position: number): Promise<number>
  size(): Promise<number>
  close(): Promise<void>
}

/** A part of a file in memory that moves over it, at least `chunkBytes` at a time. */
export class FileWindow {
  readonly size: number
  readonly #file: ReadableFile
  readonly #chunkBytes: number
  #buffer: Buffer
  #start = 0
  #filled = 0

  constructor(file: ReadableFile, size: number, chunkBytes: number) {
    this.#file = file
    this.size = size
    this.#chunkBytes = chunkBytes
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, Math.max(size, 1)))
  }

  /** The bytes in memory; byte `at` of the file is at `at - start`. Valid until the next move. */
  get bytes(): Buffer {
    return this.#buffer
  }

  get start(): number {
    return this.#start
  }

  /** Where the part in memory ends. */
  get end(): number {
    return this.#start + this.#filled
  }

  covers(at: number, length: number): boolean {
    return at >= this.#start && at + length <= this.#start + this.#filled
  }

  /**
   * Brings `length` bytes from `at` into memory, as far as the file has them; keeps `before` bytes in front of them
   * too. Rejects with ERR_FILE_SYSTEM when the file has become shorter.
   */
  async move(at: number, length: number, before = 0): Promise<void> {
    const from = Math.max(0, at - before)
    const wanted = Math.min(Math.max(this.#chunkBytes, at - from + length), this.size - from)
    if (wanted > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(wanted)
    this.#start = from
    this.#filled = 0
    await this.#fill(this.#buffer.subarray(0, wanted), from)
    this.#filled = wanted
    // A single large record must not hold its memory for the rest of the file.
    if (this.#buffer.length > this.#chunkBytes && wanted <= this.#chunkBytes) this.#shrink()
  }

  /** Reads a few bytes elsewhere without moving. */
  async peek(at: number, length: number): Promise<Buffer> {
    if (this.covers(at, length)) return this.#buffer.subarray(at - this.#start, at - this.#start + length)
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.size - at)))
    await this.#fill(bytes, at)
    return bytes
  }

  async #fill(into: Buffer, position: number): Promise<void> {
    let filled = 0
    while (filled < into.length) {
      const read = await this.#file.read(into.subarray(filled), position + filled)
      if (read === 0)
        throw new AgentError('ERR_FILE_SYSTEM', 'A log of Flume became shorter while it was read.', {
          position
        })
      filled += read
    }
  }

  #shrink(): void {
    const smaller = Buffer.allocUnsafeSlow(this.#chunkBytes)
    this.#buffer.copy(smaller, 0, 0, this.#filled)
    this.#buffer = smaller
  }
}
