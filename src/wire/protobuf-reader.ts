/**
 * Reads the fields of one protobuf message out of bytes somebody else made. Source: the protobuf encoding guide.
 *   varint key = field number × 8 + wire type, then
 *   type 0 varint   type 1 eight bytes   type 2 varint length, bytes   type 5 four bytes   (little endian)
 * `next()` moves to a field; what it holds is bounded by the message. Damage ends the message and sets `broken`.
 */
export class ProtobufReader {
  #bytes: Buffer
  #at: number
  #end: number
  /** Number of the field that next() found. */
  field = 0
  /** Wire type of that field. */
  type = 0
  /** Where its content starts; of a varint, behind it. */
  start = 0
  /** Where its content ends. */
  end = 0
  /** Value of a varint field. */
  value = 0
  /** Whether the bytes do not follow the format. */
  broken = false

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Reads another message with the same reader. */
  reset(bytes: Buffer, start: number, end: number): this {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.broken = false
    return this
  }

  /** Where it reads on. */
  get at(): number {
    return this.#at
  }

  /** Moves to the next field; false at the end of the message, or where it is broken. */
  next(): boolean {
    if (this.broken || this.#at >= this.#end) return false
    const key = this.varint()
    this.field = Math.floor(key / 8)
    this.type = key % 8
    this.start = this.#at
    const length = this.#contentLength()
    if (this.broken || length < 0 || length > this.#end - this.#at) return this.#break()
    this.start = this.#at
    this.end = this.#at += length
    return true
  }

  /** Length of a message that stands behind its length, as writeDelimitedTo puts it; moves behind the length. */
  delimited(): { readonly start: number; readonly end: number } | undefined {
    const length = this.varint()
    if (this.broken || length > this.#end - this.#at) {
      this.broken = true
      return undefined
    }
    const start = this.#at
    this.#at += length
    return { start, end: this.#at }
  }

  /** Four bytes as a signed number. */
  fixed32(): number {
    return this.#bytes.readInt32LE(this.start)
  }

  /** Eight bytes as a number, exact up to 2^53. */
  fixed64(): number {
    return this.#bytes.readInt32LE(this.start + 4) * 4_294_967_296 + this.#bytes.readUInt32LE(this.start)
  }

  /** Bytes as UTF-8 text. */
  text(): string {
    return this.#bytes.toString('utf8', this.start, this.end)
  }

  /** A varint of at most 53 bits at the reader's place. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 8 && this.#at < this.#end; count++) {
      const byte = this.#bytes[this.#at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    this.broken = true
    return 0
  }

  #contentLength(): number {
    switch (this.type) {
      case 0:
        this.value = this.varint()
        return 0
      case 1:
        return 8
      case 2:
        return this.varint()
      case 5:
        return 4
      default:
        return -1
    }
  }

  #break(): false {
    this.broken = true
    return false
  }
}
