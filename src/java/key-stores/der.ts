import { badStore } from './entries.ts'

export const INTEGER = 0x02
export const OCTETS = 0x04
export const OID = 0x06
export const BMP_TEXT = 0x1e
export const SEQUENCE = 0x30
export const SET = 0x31

/** Tag of `[number] EXPLICIT`, or of an implicit one that holds others. */
export function contextTag(number: number): number {
  return 0xa0 | number
}

/**
 * Reads the values of ASN.1 DER (X.690) one after the other, nothing copied:
 *   tag    one byte; tags above 30 do not occur in key stores
 *   length one byte below 128, else 0x80 + how many bytes (up to 4 here) of big-endian length follow
 *   value
 * Throws ERR_FORMAT for anything else.
 */
export class DerReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** Whether the next value has this tag. */
  has(tag: number): boolean {
    return this.#bytes[this.#at] === tag
  }

  /** The content of the next value, which must have this tag. */
  value(tag: number): Buffer {
    if (!this.has(tag))
      throw badStore('its structure is not the expected one', {
        expectedTag: tag,
        tag: this.#bytes[this.#at]
      })
    const length = this.#length(this.#at + 1)
    const from = length.next
    const to = from + length.value
    if (to > this.#bytes.length)
      throw badStore('it ends too early', { wanted: length.value, left: this.#bytes.length - from })
    this.#at = to
    return this.#bytes.subarray(from, to)
  }

  /** The values inside the next one. */
  inside(tag: number): DerReader {
    return new DerReader(this.value(tag))
  }

  /** The next value whole, tag and length included. */
  whole(tag: number): Buffer {
    const from = this.#at
    this.value(tag)
    return this.#bytes.subarray(from, this.#at)
  }

  /** A whole number from 0 to 2^31 - 1. */
  integer(): number {
    const bytes = this.value(INTEGER)
    if (bytes.length === 0 || bytes.length > 4 || bytes.readUInt8(0) >= 0x80)
      throw badStore('a number in it is out of range')
    return bytes.readUIntBE(0, bytes.length)
  }

  /** Dotted numbers. */
  oid(): string {
    const bytes = this.value(OID)
    const numbers: number[] = []
    let number = 0
    for (const byte of bytes) {
      number = number * 128 + (byte & 0x7f)
      if (number > Number.MAX_SAFE_INTEGER) throw badStore('an object identifier in it is too long')
      if (byte < 0x80) {
        numbers.push(number)
        number = 0
      }
    }
    const [first = 0, ...rest] = numbers
    const root = Math.min(2, Math.floor(first / 40))
    return [root, first - root * 40, ...rest].join('.')
  }

  #length(at: number): { value: number; next: number } {
    const first = this.#bytes[at]
    if (first === undefined) throw badStore('it ends too early')
    if (first < 0x80) return { value: first, next: at + 1 }
    const count = first & 0x7f
    if (count === 0 || count > 4 || at + 1 + count > this.#bytes.length)
      throw badStore('a length in it cannot be read')
    return { value: this.#bytes.readUIntBE(at + 1, count), next: at + 1 + count }
  }
}
