import { formatError } from '../codec.ts'

/** Takes bits, most significant first, from bytes; throws ERR_FORMAT behind their end. */
export class BitReader {
  readonly #bytes: Buffer
  #at: number
  #held = 0
  #heldBits = 0

  /** Starts `skipBits` (0 … 7) bits into the first byte. */
  constructor(bytes: Buffer, skipBits: number) {
    this.#bytes = bytes
    this.#at = 0
    if (skipBits > 0) this.read(skipBits)
  }

  /** Bits taken so far, the skipped ones included. */
  get position(): number {
    return this.#at * 8 - this.#heldBits
  }

  /** The next `bits` (at most 24) bits. */
  read(bits: number): number {
    while (this.#heldBits < bits) {
      if (this.#at >= this.#bytes.length) throw formatError('bzip2', 'it ends too early')
      this.#held = ((this.#held & 0xffffff) << 8) | this.#bytes[this.#at++]!
      this.#heldBits += 8
    }
    this.#heldBits -= bits
    return (this.#held >>> this.#heldBits) & ((1 << bits) - 1)
  }

  /** The next bit. */
  bit(): number {
    return this.read(1)
  }

  /** The next 32 bits, unsigned. */
  readWord(): number {
    return this.read(16) * 0x10000 + this.read(16)
  }
}
