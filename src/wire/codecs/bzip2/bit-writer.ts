/** Collects bits, most significant first, into bytes. */
export class BitWriter {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024)
  #length = 0
  #held = 0
  #heldBits = 0

  /** Writes the lower `bits` (at most 24) bits of `value`. */
  write(bits: number, value: number): void {
    if (this.#length + 4 > this.#bytes.length) this.#grow()
    this.#held = (this.#held << bits) | value
    this.#heldBits += bits
    while (this.#heldBits >= 8) {
      this.#heldBits -= 8
      this.#bytes[this.#length++] = this.#held >>> this.#heldBits
    }
    this.#held &= (1 << this.#heldBits) - 1
  }

  /** Writes 32 bits. */
  writeWord(value: number): void {
    this.write(16, value >>> 16)
    this.write(16, value & 0xffff)
  }

  /** Everything written, filled up with zero bits. */
  end(): Buffer {
    if (this.#heldBits > 0) this.write(8 - this.#heldBits, 0)
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(this.#bytes.length * 2)
    this.#bytes.copy(larger)
    this.#bytes = larger
  }
}
