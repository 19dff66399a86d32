import type { FileWindow } from './file-window.ts'
import {
  COMMIT,
  FRAME_BYTES,
  FrameReader,
  HEAD_BYTES,
  HOLLOW,
  LEAST_PAYLOAD_BYTES,
  OP_END,
  OP_NONE,
  OP_RECORD,
  PUT,
  isWhole,
  ROLLBACK,
  TAKE,
  type FrameHead
} from './log-record.ts'
import type { RecordCipher } from './record-cipher.ts'

/**
 * What is wrong with a part of a log: the frame around a whole record; a record of known length; bytes between records;
 * bytes behind the last one; a commit that Flume itself wrote empty, behind one that counts; or something that is not a
 * part of a file.
 */
export type DamageKind = 'frame' | 'record' | 'between' | 'tail' | 'hollow' | 'other'

/** A part of a log that could not be read as it should. */
export interface FlumeDamage {
  readonly kind: DamageKind
  readonly file: string
  /** Byte offset in the file. */
  readonly offset: number
  readonly bytes: number
  /** Records that are gone; undefined where that cannot be told. */
  readonly records: number | undefined
  /** A sentence. */
  readonly reason: string
}

/** What a scan finds, in the order of the file. Called for every record: must be cheap. */
export interface RecordVisitor {
  put(transaction: number, order: number, offset: number): void
  take(transaction: number, fileId: number, offset: number): void
  rollback(transaction: number): void
  /** Of equal orders, the one with the smaller tie comes first. */
  commit(transaction: number, order: number, offset: number, tie?: number): void
  /** With `rotten`, records that were once complete are gone: commits may be among them. */
  damage(offset: number, bytes: number, what: Harm): void
}

/** What is known about a damaged part. */
export interface Harm extends Pick<FlumeDamage, 'kind' | 'records' | 'reason'> {
  readonly rotten: boolean
}

/** How many records of each kind a scan has seen. */
export interface RecordCounts {
  puts: number
  takes: number
  commits: number
  rollbacks: number
  /** Records that Flume's integrity tool took out. */
  noOps: number
}

export interface ScanOptions {
  readonly cipher: RecordCipher | undefined
  /** Checks the checksum of every put; where it is wrong, that is said before the put. */
  readonly verify: boolean
}

/**
 * Reads one log from its start to its end; time is linear in its size, whatever it holds. Damage is reported and
 * skipped: it goes on at the next thing that is a record. Rejects only when the file cannot be read.
 */
export async function scanLog(
  window: FileWindow,
  options: ScanOptions,
  visitor: RecordVisitor
): Promise<LogScanned> {
  const scan = new LogScan(window, options, visitor)
  await scan.run()
  return { counts: scan.counts, recognised: scan.recognised }
}

/** What one log turned out to be. */
export interface LogScanned {
  readonly counts: RecordCounts
  /** Whether anything in it looks like a record; with a wrong key, nothing does. */
  readonly recognised: boolean
}

const GONE = 'A record cannot be read.'
export const OP_OR_LENGTH = 'The first bytes of a record were wrong; the record itself is whole.'
const TAKE_GONE = 'The record of a take cannot be read: its event may be delivered again.'
export const WRONG_END = 'The record is what it says, and ends in bytes that are wrong.'
const EMPTY = 'Flume wrote a commit again that was in the log before, and left it empty. Nothing is gone.'
const CHECKSUM = 'The event of a put does not match its checksum, or cannot be read.'
export const BETWEEN = 'Bytes that are no records stand between records.'
export const UNFINISHED = 'The log ends in something that is no record: a write that was not finished.'

class LogScan {
  recognised = false
  readonly counts: RecordCounts = { puts: 0, takes: 0, commits: 0, rollbacks: 0, noOps: 0 }
  readonly #window: FileWindow
  readonly #size: number
  readonly #verify: boolean
  readonly #visitor: RecordVisitor
  readonly #reader: FrameReader
  // Looks at other places without losing the head in hand.
  readonly #probe: FrameReader
  #at = 0

  constructor(window: FileWindow, { cipher, verify }: ScanOptions, visitor: RecordVisitor) {
    this.#window = window
    this.#size = window.size
    this.#verify = verify
    this.#visitor = visitor
    this.#reader = new FrameReader(cipher)
    this.#probe = new FrameReader(cipher)
  }

  async run(): Promise<void> {
    const window = this.#window
    while (this.#at < this.#size) {
      const available = Math.min(HEAD_BYTES, this.#size - this.#at)
      if (!window.covers(this.#at, available)) await window.move(this.#at, HEAD_BYTES)
      const head = this.#reader.look(window.bytes, this.#at - window.start, available)
      this.recognised ||= head.innerLength > 0
      if (this.#isSound(head, this.#at)) {
        const length = FRAME_BYTES + head.outerLength
        if (this.#needsPayload(head) && !window.covers(this.#at, length)) await window.move(this.#at, length)
        this.#record(head, head.outerLength)
        this.#at += length
      } else if (head.op === OP_END && (head.innerLength < 0 || head.innerLength !== head.outerLength))
        await this.#skipTo(this.#at, false)
      else await this.#unsound(head)
    }
  }

  /** A frame whose lengths agree and lie in the file. */
  #isSound(head: FrameHead, at: number): boolean {
    return (
      head.op === OP_RECORD &&
      head.innerLength === head.outerLength &&
      head.innerLength > 0 &&
      at + FRAME_BYTES + head.innerLength <= this.#size
    )
  }

  #needsPayload({ type }: FrameHead): boolean {
    return type !== HOLLOW && (type === TAKE || this.#verify)
  }

  /** Takes the record at hand to the visitor; its payload is in the window where it is needed. */
  #record(head: FrameHead, length: number): void {
    if (this.#verify && head.type !== HOLLOW) this.#check(head, length)
    if (head.type === PUT) {
      this.counts.puts++
      this.#visitor.put(head.transaction, head.order, this.#at)
    } else if (head.type === COMMIT) {
      this.counts.commits++
      this.#visitor.commit(head.transaction, head.order, this.#at)
    } else if (head.type === ROLLBACK) {
      this.counts.rollbacks++
      this.#visitor.rollback(head.transaction)
    } else if (head.type === HOLLOW)
      this.#damage(FRAME_BYTES + length, { kind: 'hollow', records: 1, reason: EMPTY, rotten: false })
    else this.#take(head, length)
  }

  /** Looks at all of a record; what it says counts nevertheless. */
  #check(head: FrameHead, length: number): void {
    const { bytes, start } = this.#clear(length)
    if (isWhole(head, bytes, start)) return
    const [reason, records] = head.type === PUT ? [CHECKSUM, 1] : [WRONG_END, 0]
    this.#damage(FRAME_BYTES + length, { kind: 'record', records, reason, rotten: false })
  }

  /** The payload of the record at hand. */
  #clear(length: number): { readonly bytes: Buffer; readonly start: number } {
    return this.#reader.clear(this.#window.bytes, this.#at + FRAME_BYTES - this.#window.start, length)
  }

  #take(head: FrameHead, length: number): void {
    this.counts.takes++
    const { bytes, start } = this.#clear(length)
    const taken = this.#reader.take(bytes, start)
    if (taken === undefined)
      this.#damage(FRAME_BYTES + length, { kind: 'record', records: 1, reason: TAKE_GONE, rotten: false })
    else this.#visitor.take(head.transaction, taken.fileId, taken.offset)
  }

  /** Something that is no sound record: taken out by Flume's tool, mended, skipped, or searched past. */
  async #unsound(head: FrameHead): Promise<void> {
    const { op, outerLength, innerLength } = head
    const inner = this.#at + FRAME_BYTES + innerLength
    if (
      innerLength > 0 &&
      innerLength !== outerLength &&
      inner <= this.#size &&
      (await this.#follows(inner))
    ) {
      await this.#mended(head)
    } else if (!(await this.#isWhole(head))) await this.#skipTo(this.#at + 1, true)
    else if (innerLength === outerLength && op !== OP_NONE) await this.#mended(head)
    else {
      if (op === OP_NONE) this.counts.noOps++
      else this.#damage(FRAME_BYTES + outerLength, { kind: 'record', records: 1, reason: GONE, rotten: true })
      this.#at += FRAME_BYTES + outerLength
    }
  }

  /** Whether the length of a frame leads to the next one; a wrong length would lead past records. */
  async #isWhole({ outerLength, innerLength }: FrameHead): Promise<boolean> {
    const end = this.#at + FRAME_BYTES + outerLength
    if (outerLength < LEAST_PAYLOAD_BYTES || end > this.#size || !(await this.#follows(end))) return false
    return innerLength === outerLength || (await this.#search(this.#at + 1, end)).next === undefined
  }

  async #mended(head: FrameHead): Promise<void> {
    const length = FRAME_BYTES + head.innerLength
    this.#damage(length, {
      kind: head.op === OP_NONE ? 'record' : 'frame',
      records: 0,
      reason: OP_OR_LENGTH,
      rotten: false
    })
    if (head.op === OP_NONE) this.counts.noOps++
    else {
      if (!this.#window.covers(this.#at, length)) await this.#window.move(this.#at, length)
      this.#record(head, head.innerLength)
    }
    this.#at += length
  }

  /** Whether a record, the end of the data or of the file is at `at`. */
  async #follows(at: number): Promise<boolean> {
    if (at >= this.#size) return at === this.#size
    const bytes = await this.#window.peek(at, HEAD_BYTES)
    const head = this.#probe.look(bytes, 0, bytes.length)
    if (head.op === OP_END || head.innerLength > 0) return true
    return (
      head.op === OP_NONE &&
      head.outerLength >= LEAST_PAYLOAD_BYTES &&
      at + FRAME_BYTES + head.outerLength <= this.#size
    )
  }

  /** Goes to the next sound record at or behind `from`, or to the end; reports what is in between unless it is filling. */
  async #skipTo(from: number, damaged: boolean): Promise<void> {
    const start = this.#at
    const { next, used } = await this.#search(from, this.#size)
    if (next !== undefined)
      this.#damage(next - start, { kind: 'between', records: undefined, reason: BETWEEN, rotten: true })
    else if (damaged || used > start) {
      this.#damage(Math.max(used, start + 1) - start, {
        kind: 'tail',
        records: undefined,
        reason: UNFINISHED,
        rotten: false
      })
    }
    this.#at = next ?? this.#size
  }

  /** Where the next sound record before `to` is, if any; else `used` is the end of what is not filling. */
  async #search(
    from: number,
    to: number
  ): Promise<{ readonly next: number | undefined; readonly used: number }> {
    const window = this.#window
    let used = 0
    let at = from
    while (at < to) {
      if (!window.covers(at, Math.min(HEAD_BYTES, this.#size - at))) await window.move(at, HEAD_BYTES)
      const found = this.#findRecord(at, Math.min(to, window.end))
      if (found.sound) return { next: found.at, used }
      used = Math.max(used, found.passed ? usedEnd(window, at, found.at) : found.at)
      at = found.at
    }
    return { next: undefined, used }
  }

  /** The next sound record in the window, or the place up to which there is none; `passed` when that is `to`. */
  #findRecord(
    from: number,
    to: number
  ): { readonly at: number; readonly sound: boolean; readonly passed: boolean } {
    const { bytes, start, end } = this.#window
    const part = bytes.subarray(0, to - start)
    let found = part.indexOf(OP_RECORD, from - start)
    while (found >= 0) {
      const at = start + found
      const available = Math.min(HEAD_BYTES, end - at)
      // Too close to the end of the window to tell: it moves there.
      if (available < HEAD_BYTES && end < this.#size) return { at, sound: false, passed: false }
      if (this.#isSound(this.#probe.look(bytes, found, available), at))
        return { at, sound: true, passed: false }
      found = part.indexOf(OP_RECORD, found + 1)
    }
    return { at: to, sound: false, passed: true }
  }

  #damage(bytes: number, what: Harm): void {
    this.#visitor.damage(this.#at, bytes, what)
  }
}

/** Where the last byte that is not filling ends, between `from` and `to`; 0 when there is none. */
function usedEnd({ bytes, start }: FileWindow, from: number, to: number): number {
  let at = to
  while (at > from && bytes[at - 1 - start] === OP_END) at--
  return at > from ? at : 0
}
