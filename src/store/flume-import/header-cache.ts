import type { HeaderPairs } from '../../core/headers.ts'

/** Events that follow one another mostly have equal headers: those are decoded once. */
export class HeaderCache {
  pairs: HeaderPairs = []
  readonly #decode: (bytes: Buffer, start: number, end: number) => HeaderPairs | undefined
  #bytes = Buffer.alloc(0)

  constructor(decode: (bytes: Buffer, start: number, end: number) => HeaderPairs | undefined) {
    this.#decode = decode
  }

  /** Makes `pairs` the headers that stand there; false when they are damaged. */
  read(
    bytes: Buffer,
    { headersStart, headersEnd }: { readonly headersStart: number; readonly headersEnd: number }
  ): boolean {
    const known = this.#bytes
    if (
      known.length === headersEnd - headersStart &&
      bytes.compare(known, 0, known.length, headersStart, headersEnd) === 0
    )
      return true
    const pairs = this.#decode(bytes, headersStart, headersEnd)
    if (pairs === undefined) return false
    this.pairs = pairs
    this.#bytes = Buffer.from(bytes.subarray(headersStart, headersEnd))
    return true
  }
}
