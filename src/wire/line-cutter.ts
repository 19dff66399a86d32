const LF = 0x0a
const CR = 0x0d
const NOTHING = Buffer.alloc(0)
const FIRST_BYTES = 256
/** After a line that was longer, its memory is not kept. */
const KEPT_BYTES = 8 * 1024

/**
 * Cuts what one program writes into lines, which end with LF, CR or CRLF, as Java reads them. A line of more than
 * `mostBytes` comes in pieces of that size, so that one without end takes no more memory; nothing is lost. Lines may share
 * the memory of the chunk that they came with.
 */
export class LineCutter {
  readonly #mostBytes: number
  /** Begins with the unfinished line. */
  #held = NOTHING
  #heldBytes = 0
  /** The last byte was a CR; an LF behind it belongs to it. */
  #afterCr = false

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** The lines that are whole with this chunk, without their ends. */
  cut(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let at = this.#afterCr && chunk[0] === LF ? 1 : 0
    if (chunk.length > 0) this.#afterCr = false
    // One search each for all of the chunk: lines may be many, and of one kind only.
    let [lf, cr] = [chunk.indexOf(LF, at), chunk.indexOf(CR, at)]
    while (lf >= 0 || cr >= 0) {
      const end = cr < 0 || (lf >= 0 && lf < cr) ? lf : cr
      const last = this.#cutLong(chunk.subarray(at, end), lines)
      lines.push(this.#heldBytes === 0 ? last : this.#joined(last))
      at = end + 1
      if (end === cr && at === chunk.length) this.#afterCr = true
      if (end === cr && chunk[at] === LF) at++
      if (lf >= 0 && lf < at) lf = chunk.indexOf(LF, at)
      if (cr >= 0 && cr < at) cr = chunk.indexOf(CR, at)
    }
    this.#keep(this.#cutLong(chunk.subarray(at), lines))
    return lines
  }

  /** What came behind the last line end, if anything: at the end of the stream it is a line. */
  rest(): Buffer | undefined {
    return this.#heldBytes === 0 ? undefined : this.#joined(NOTHING)
  }

  /** Hands out as much of a line as is too much for one; returns what is left of the part. */
  #cutLong(part: Buffer, lines: Buffer[]): Buffer {
    let rest = part
    while (this.#heldBytes + rest.length > this.#mostBytes) {
      const bytes = this.#mostBytes - this.#heldBytes
      lines.push(this.#joined(rest.subarray(0, bytes)))
      rest = rest.subarray(bytes)
    }
    return rest
  }

  /** Copied, as a program may write byte by byte. */
  #keep(part: Buffer): void {
    const bytes = this.#heldBytes + part.length
    if (bytes > this.#held.length) {
      const longer = Buffer.allocUnsafeSlow(Math.min(Math.max(2 * bytes, FIRST_BYTES), this.#mostBytes))
      this.#held.copy(longer, 0, 0, this.#heldBytes)
      this.#held = longer
    }
    part.copy(this.#held, this.#heldBytes)
    this.#heldBytes = bytes
  }

  /** The unfinished line with its last part. */
  #joined(part: Buffer): Buffer {
    const line = Buffer.concat([this.#held.subarray(0, this.#heldBytes), part])
    this.#heldBytes = 0
    if (this.#held.length > KEPT_BYTES) this.#held = NOTHING
    return line
  }
}
