import { isUtf8 } from 'node:buffer'
import { EventBatch } from '../core/batch.ts'
import { allocateSlab, countGarbage } from '../core/slab.ts'
import { LineOffsets, SCAN_INPUT } from './newline-scan.ts'

const NEWLINE = 0x0a
const SLAB_BYTES = 1024 * 1024

const NOTHING = Buffer.alloc(0)
const FIRST_REST_BYTES = 256
/** A sender whose line was longer than this does not keep the memory for it. */
const KEPT_REST_BYTES = 8 * 1024
/** UTF-8 takes at most this many bytes for each UTF-16 unit, whether it is valid or becomes U+FFFD. */
const MOST_BYTES_OF_A_UNIT = 3

/** The unfinished line of one sender, kept between chunks: the first `bytes` bytes of `held`. */
export interface LineRest {
  held: Buffer
  bytes: number
  /** UTF-16 units. */
  characters: number
}

/** Lines of one sender that follow one another in a batch. */
export interface LineSegment<Sender> {
  readonly sender: Sender
  lines: number
}

/** Lines that are ready, and who sent them, in the order of the batch. */
export interface LineBatch<Sender> {
  readonly batch: EventBatch
  readonly segments: readonly LineSegment<Sender>[]
}

/** A new sender has no unfinished line. */
export function newRest(): LineRest {
  return { held: NOTHING, bytes: 0, characters: 0 }
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
  #bodyBytes = 0
  #total = 0

  /** Lines of `maxCharacters` UTF-16 units, their LF included, are the longest. */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters
  }

  /** Bytes of the bodies of all lines collected since the beginning. */
  get bodyBytes(): number {
    return this.#bodyBytes
  }

  /** Lines collected since the beginning. */
  get count(): number {
    return this.#total
  }

  /**
   * Adds what a sender wrote. Returns false once a line is too long; lines before it are kept, the rest of the
   * chunk is not, and nothing more of this sender makes sense.
   */
  add(sender: Sender, rest: LineRest, chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length; at += SCAN_INPUT.length) {
      if (!this.addInput(sender, rest, chunk.copy(SCAN_INPUT, 0, at))) return false
    }
    return true
  }

  /** The same for what lies in the first `bytes` bytes of SCAN_INPUT. */
  addInput(sender: Sender, rest: LineRest, bytes: number): boolean {
    const whole = bytes === 0 ? 0 : SCAN_INPUT.lastIndexOf(NEWLINE, bytes - 1) + 1
    if (whole > 0 && !this.#addLines(sender, rest, whole)) return false
    return whole === bytes || this.#hold(rest, SCAN_INPUT.subarray(whole, bytes))
  }

  /** The oldest batch, or undefined when there are no lines. */
  take(): LineBatch<Sender> | undefined {
    if (this.#ready.length === 0) this.#finish()
    return this.#ready.shift()
  }

  /** Keeps an unfinished line; false when it has reached the limit. */
  #hold(rest: LineRest, chunk: Buffer): boolean {
    const bytes = rest.bytes + chunk.length
    rest.characters += charactersIn(chunk)
    // Bytes that continue nothing count as no characters, so that bytes have a limit, too.
    if (Math.max(rest.characters, bytes / MOST_BYTES_OF_A_UNIT) >= this.#maxCharacters) return false
    if (bytes > rest.held.length) rest.held = lengthened(rest, bytes)
    chunk.copy(rest.held, rest.bytes)
    rest.bytes = bytes
    return true
  }

  /** Puts the first `bytes` bytes of the input, which end with an LF, into the slab behind the sender's rest. */
  #addLines(sender: Sender, rest: LineRest, bytes: number): boolean {
    this.#makeRoom(rest.bytes + bytes)
    const start = this.#used
    this.#used += rest.held.copy(this.#slab, start, 0, rest.bytes)
    const base = this.#used
    this.#used += SCAN_INPUT.copy(this.#slab, base, 0, bytes)
    if (rest.bytes > 0) {
      if (rest.held.length > KEPT_REST_BYTES) rest.held = NOTHING
      rest.bytes = 0
      rest.characters = 0
    }
    if (!isUtf8(this.#slab.subarray(start, this.#used))) return this.#addMended(sender, start)
    const before = this.#offsets.count
    const longest = this.#offsets.scan(bytes, base, start)
    return this.#account(sender, before, longest)
  }

  /** Replaces the bad bytes of the lines from `start` on, which makes them longer. */
  #addMended(sender: Sender, start: number): boolean {
    const mended = Buffer.from(this.#slab.toString('utf8', start, this.#used))
    this.#used = start
    // The input is used for the mended lines, and still holds what follows them.
    const input = Buffer.from(SCAN_INPUT)
    const fits = this.add(sender, newRest(), mended)
    input.copy(SCAN_INPUT)
    return fits
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes <= this.#slab.length) return
    this.#finish()
    this.#slab = allocateSlab(Math.max(SLAB_BYTES, bytes))
    this.#used = 0
  }

  /** Counts the lines from `before` on; false when one of them is too long. */
  #account(sender: Sender, before: number, longest: number): boolean {
    const fits = longest < this.#maxCharacters || this.#cutAtTooLong(before)
    const { starts, ends, count } = this.#offsets
    const lines = count - before
    if (lines > 0) {
      this.#bodyBytes += ends[count - 1]! - starts[before]! - (lines - 1)
      this.#total += lines
      this.#credit(sender, lines)
    }
    return fits
  }

  /** Drops the first line that is too long, and all after it; true when every line fits after all. */
  #cutAtTooLong(from: number): boolean {
    const { starts, ends, count } = this.#offsets
    for (let i = from; i < count; i++) {
      const bytes = ends[i]! - starts[i]!
      if (
        bytes >= this.#maxCharacters &&
        charactersIn(this.#slab.subarray(starts[i], ends[i])) >= this.#maxCharacters
      ) {
        this.#offsets.count = i
        return false
      }
    }
    return true
  }

  #credit(sender: Sender, lines: number): void {
    const last = this.#segments.at(-1)
    if (last !== undefined && last.sender === sender) last.lines += lines
    else this.#segments.push({ sender, lines })
  }

  /** Makes a batch of the lines so far; the slab goes on behind them. */
  #finish(): void {
    const { starts, ends, count } = this.#offsets
    if (count === 0) return
    // Where lines are short their offsets are larger than the slab.
    countGarbage(2 * starts.BYTES_PER_ELEMENT * count, 2)
    const batch = new EventBatch(this.#slab, starts.slice(0, count), ends.slice(0, count))
    this.#ready.push({ batch, segments: this.#segments })
    this.#offsets.count = 0
    this.#segments = []
  }
}

/** Memory for at least `bytes` bytes that begins as the unfinished line does. */
function lengthened(rest: LineRest, bytes: number): Buffer {
  const longer = Buffer.allocUnsafeSlow(Math.max(FIRST_REST_BYTES, 2 * rest.held.length, bytes))
  rest.held.copy(longer, 0, 0, rest.bytes)
  return longer
}

/** UTF-16 units that UTF-8 bytes decode to: one for each lead byte, two for a lead of four. */
function charactersIn(bytes: Buffer): number {
  let characters = 0
  for (const byte of bytes) {
    if ((byte & 0xc0) !== 0x80) characters++
    if (byte >= 0xf0) characters++
  }
  return characters
}
