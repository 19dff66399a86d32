import { formatError } from '../codecs/codec.ts'

/*
 * Avro's binary encoding of numbers. Source: Avro specification 1.11, "Binary encoding". An int or long is
 * zig-zagged (0, -1, 1, -2 … become 0, 1, 2, 3 …) and written in groups of 7 bits, lowest first, each but the last
 * with 0x80 added.
 */

/** Most bytes of a length or count that `writeLength` writes. */
export const MAX_LENGTH_BYTES = 5

/** Writes a length or count, 0 ≤ value < 2^32, as an Avro long; returns the position behind it. */
export function writeLength(value: number, out: Buffer, at: number): number {
  if (value < 64) {
    out[at] = value * 2
    return at + 1
  }
  let to = at
  let rest = value * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[to++] = (rest % 0x80) + 0x80
  out[to] = rest
  return to + 1
}

/** Writes a string as Avro does; returns the position behind it. There must be room. */
export function writeString(text: string, out: Buffer, at: number): number {
  const bytes = Buffer.byteLength(text)
  const to = writeLength(bytes, out, at)
  return to + out.write(text, to, bytes)
}

/** Reads Avro's primitive values from bytes; throws ERR_FORMAT behind their end. */
export class AvroReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** A view of the next `bytes` bytes. */
  take(bytes: number): Buffer {
    if (bytes > this.left) throw formatError('Avro', 'it ends too early')
    this.#at += bytes
    return this.#bytes.subarray(this.#at - bytes, this.#at)
  }

  /** The next byte. */
  byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw formatError('Avro', 'it ends too early')
    this.#at++
    return byte
  }

  /** An int or long; a bigint only where a number would not be exact. */
  long(): number | bigint {
    let value = 0
    for (let i = 0, factor = 1; i < 7; i++, factor *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    let large = BigInt(value)
    for (let shift = 49n; shift <= 63n; shift += 7n) {
      const byte = this.byte()
      large |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return exact(BigInt.asIntN(64, (large >> 1n) ^ -(large & 1n)))
    }
    throw formatError('Avro', 'a number too long')
  }

  /** A length in bytes, within what is left. */
  length(): number {
    const value = this.long()
    if (value < 0 || value > this.left) throw formatError('Avro', 'a length out of range')
    return Number(value)
  }

  /** A string: its length, and UTF-8. */
  string(): string {
    return this.take(this.length()).toString()
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
