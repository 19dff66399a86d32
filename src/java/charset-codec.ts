/** What is wrong with some bytes: no such sequence at all, or one that stands for no character. */
export type BadBytesReason = 'malformed' | 'unmappable'

/** Called for each bad sequence, as Java delimits them; returns what to put in its place, or throws. */
export type OnBadBytes = (reason: BadBytesReason, at: number, length: number) => string

/** Both directions of one charset. */
export interface CharsetCodec {
  decode(bytes: Buffer, onBad: OnBadBytes): string
  /** The same for the pieces of one text, where something of one piece matters for the next. */
  newDecoder?(): CharsetCodec['decode']
  /** Characters that the charset lacks, and lone surrogates, become Java's replacement (mostly `?`). */
  encode(text: string): Buffer
}

/** U+FFFD, in a table: the byte has no character. */
export const NO_CHARACTER = 0xfffd

/** Collects UTF-16 units; grows by doubling. */
export class TextSink {
  #units: Uint16Array
  #used = 0

  constructor(expectedUnits: number) {
    this.#units = new Uint16Array(Math.max(16, expectedUnits))
  }

  /** Adds one code point. */
  add(codePoint: number): void {
    if (this.#used + 2 > this.#units.length) {
      const larger = new Uint16Array(this.#units.length * 2)
      larger.set(this.#units)
      this.#units = larger
    }
    if (codePoint < 0x10000) {
      this.#units[this.#used++] = codePoint
      return
    }
    this.#units[this.#used++] = 0xd7c0 + (codePoint >>> 10)
    this.#units[this.#used++] = 0xdc00 + (codePoint & 0x3ff)
  }

  /** Adds a short text. */
  addText(text: string): void {
    for (let at = 0; at < text.length; at++) this.add(text.charCodeAt(at))
  }

  toString(): string {
    return Buffer.from(this.#units.buffer, 0, this.#used * 2).toString('utf16le')
  }
}

/** The code point at `at`, or -1 for a lone surrogate. */
export function wholeCodePoint(text: string, at: number): number {
  const code = text.codePointAt(at) ?? 0
  return code >= 0xd800 && code <= 0xdfff ? -1 : code
}
