import { isUtf8 } from 'node:buffer'
import { EventBatch } from '../core/batch.ts'
import { allocateSlab } from '../core/slab.ts'
import { LineOffsets, SCAN_INPUT } from './newline-scan.ts'

const NEWLINE = 0x0a
const SLAB_BYTES = 1024 * 1024

/** The unfinished line of one sender, kept between chunks. */
export interface LineRest {
  readonly pieces: Buffer[]
  bytes: number
  /** UTF-16 units. */
  characters: number
}

/** Lines of one sender that follow one another in a batch. */
export interface LineSegment<Sender> { readonly sender: Sender, lines: number }

/** Lines that are ready, and who sent them, in the order of the batch. */
export interface LineBatch<Sender> { readonly batch: EventBatch, readonly segments: readonly LineSegment<Sender>[] }

/** A new sender has no unfinished line. */
export function newRest (): LineRest {
  return { pieces: [], bytes: 0, characters: 0 }
}

/**
 * Cuts the bytes of many senders into lines, all in common slabs, so that a thousand senders of one line make one
 * batch. A line ends with LF, which is not part of its body. Bytes that are not UTF-8 become U+FFFD, in their
 * line only. Costs two copies of the bytes and about 15 ns per line.
 */
export class LineCollector<Sender> {
  readonly #maxCharacters: number
  #slab = allocateSlab(SLAB_BYTES)
  #used = 0
  readonly #offsets = new LineOffsets()
  #segments: LineSegment<Sender>[] = []
  #ready: LineBatch<Sender>[] = []
  #bytes = 0
  #total = 0

  /** Lines of `maxCharacters` UTF-16 units, their LF included, are the longest. */
  constructor (maxCharacters: number) {
    this.#maxCharacters = maxCharacters
  }

  /** Bytes of lines that wait to be taken. */
  get bytes (): number {
    return this.#bytes
  }

  /** Lines collected since the beginning. */
  get count (): number {
    return this.#total
  }

  /**
   * Adds what a sender wrote. Returns false once a line is too long; lines before it are kept, the rest of the
   * chunk is not, and nothing more of this sender makes sense.
   */
  add (sender: Sender, rest: LineRest, chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length; at += SCAN_INPUT.length) {
      if (!this.addInput(sender, rest, chunk.copy(SCAN_INPUT, 0, at))) return false
    }
    return true
  }

  /** The same for what lies in the first `bytes` bytes of SCAN_INPUT. */
  addInput (sender: Sender, rest: LineRest, bytes: number): boolean {
    const whole = bytes === 0 ? 0 : SCAN_INPUT.lastIndexOf(NEWLINE, bytes - 1) + 1
    if (whole > 0 && !this.#addLines(sender, rest, whole)) return false
    return whole === bytes || this.#hold(rest, SCAN_INPUT.subarray(whole, bytes))
  }

  /** The oldest batch, or undefined when there are no lines. */
  take (): LineBatch<Sender> | undefined {
    if (this.#ready.length === 0) this.#finish()
    const batch = this.#ready.shift()
    if (batch !== undefined) this.#bytes -= batch.batch.bodyBytes
    return batch
  }

  /** Keeps an unfinished line; false when it has reached the limit. */
  #hold (rest: LineRest, chunk: Buffer): boolean {
    rest.bytes += chunk.length
    rest.characters += charactersIn(chunk)
    if (rest.characters >= this.#maxCharacters) return false
    rest.pieces.push(Buffer.from(chunk))
    return true
  }

  /** Puts the first `bytes` bytes of the input, which end with an LF, into the slab behind the sender's rest. */
  #addLines (sender: Sender, rest: LineRest, bytes: number): boolean {
    this.#makeRoom(rest.bytes + bytes)
    const start = this.#used
    for (const piece of rest.pieces) this.#used += piece.copy(this.#slab, this.#used)
    const base = this.#used
    this.#used += SCAN_INPUT.copy(this.#slab, base, 0, bytes)
    if (rest.bytes > 0) {
      rest.pieces.length = 0
      rest.bytes = 0
      rest.characters = 0
    }
    if (!isUtf8(this.#slab.subarray(start, this.#used))) return this.#addMended(sender, start)
    const before = this.#offsets.count
    const longest = this.#offsets.scan(bytes, base, start)
    return this.#account(sender, before, longest)
  }

  /** Replaces the bad bytes of the lines from `start` on, which makes them longer. */
  #addMended (sender: Sender, start: number): boolean {
    const mended = Buffer.from(this.#slab.toString('utf8', start, this.#used))
    this.#used = start
    return this.add(sender, newRest(), mended)
  }

  #makeRoom (bytes: number): void {
    if (this.#used + bytes <= this.#slab.length) return
    this.#finish()
    this.#slab = allocateSlab(Math.max(SLAB_BYTES, bytes))
    this.#used = 0
  }

  /** Counts the lines from `before` on; false when one of them is too long. */
  #account (sender: Sender, before: number, longest: number): boolean {
    const fits = longest < this.#maxCharacters || this.#cutAtTooLong(before)
    const { starts, ends, count } = this.#offsets
    const lines = count - before
    if (lines > 0) {
      this.#bytes += ends[count - 1]! - starts[before]! - lines + 1
      this.#total += lines
      this.#credit(sender, lines)
    }
    return fits
  }

  /** Drops the first line that is too long, and all after it; true when every line fits after all. */
  #cutAtTooLong (from: number): boolean {
    const { starts, ends, count } = this.#offsets
    for (let i = from; i < count; i++) {
      const bytes = ends[i]! - starts[i]!
      if (bytes >= this.#maxCharacters && charactersIn(this.#slab.subarray(starts[i], ends[i])) >= this.#maxCharacters) {
        this.#offsets.count = i
        return false
      }
    }
    return true
  }

  #credit (sender: Sender, lines: number): void {
    const last = this.#segments.at(-1)
    if (last !== undefined && last.sender === sender) last.lines += lines
    else this.#segments.push({ sender, lines })
  }

  /** Makes a batch of the lines so far; the slab goes on behind them. */
  #finish (): void {
    const { starts, ends, count } = this.#offsets
    if (count === 0) return
    const batch = new EventBatch(this.#slab, starts.slice(0, count), ends.slice(0, count))
    this.#ready.push({ batch, segments: this.#segments })
    this.#offsets.count = 0
    this.#segments = []
  }
}

/** UTF-16 units that UTF-8 bytes decode to: one for each lead byte, two for a lead of four. */
function charactersIn (bytes: Buffer): number {
  let characters = 0
  for (const byte of bytes) {
    if ((byte & 0xc0) !== 0x80) characters++
    if (byte >= 0xf0) characters++
  }
  return characters
}
