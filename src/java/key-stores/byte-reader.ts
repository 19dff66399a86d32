import { badStore } from './entries.ts'

/** Reads big-endian values one after the other; throws ERR_FORMAT instead of reading past the end. */
export class ByteReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get at(): number {
    return this.#at
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.take(1).readUInt8(0)
  }

  u16(): number {
    return this.take(2).readUInt16BE(0)
  }

  u32(): number {
    return this.take(4).readUInt32BE(0)
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Buffer {
    if (length > this.left)
      throw badStore('it ends in the middle of an entry', { at: this.#at, wanted: length, left: this.left })
    const taken = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return taken
  }

  /** Length of 16 bits, then Java's modified UTF-8: a surrogate is three bytes, a zero two. */
  utf(): string {
    const bytes = this.take(this.u16())
    let decoded = ''
    for (let at = 0; at < bytes.length;) {
      const first = bytes.readUInt8(at)
      const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : 3
      if (first >= 0xf0 || (first & 0xc0) === 0x80 || at + length > bytes.length)
        throw badStore('a name in it is not text')
      let unit = length === 1 ? first : first & (length === 2 ? 0x1f : 0x0f)
      for (let more = 1; more < length; more++) unit = (unit << 6) | (bytes.readUInt8(at + more) & 0x3f)
      decoded += String.fromCharCode(unit)
      at += length
    }
    return decoded
  }
}
