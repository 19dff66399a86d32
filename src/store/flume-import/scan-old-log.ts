import type { FileWindow } from './file-window.ts'
import { COMMIT, OP_END, PUT, ROLLBACK, TAKE } from './log-record.ts'
import {
  emptyHead,
  OLD_HEADER_BYTES,
  OLD_HEAD_BYTES,
  OLD_MARK,
  oldLength,
  PutWalk,
  readOldHead,
  readOldTake,
  type OldHead
} from './old-record.ts'
import { OldOrders } from './old-orders.ts'
import {
  BETWEEN,
  OP_OR_LENGTH,
  UNFINISHED,
  WRONG_END,
  type LogScanned,
  type RecordCounts,
  type RecordVisitor
} from './scan-log.ts'

/**
 * Reads one log of version 2 from its start to its end. Damage is reported and skipped: it goes on at the next thing
 * that begins as a record does. Bytes of an event that are wrong are not noticed, as nothing tells of them. Rejects only
 * when the file cannot be read.
 */
export async function scanOldLog(window: FileWindow, visitor: RecordVisitor): Promise<LogScanned> {
  const scan = new OldLogScan(window, visitor)
  await scan.run()
  return { counts: scan.counts, recognised: true }
}

const LONGEST_FIXED_BYTES = oldLength(TAKE)
const FIXED = [TAKE, ROLLBACK, COMMIT]
/** Bytes of a mark that may be wrong where a record has to be. */
const MOST_WRONG = 2
const PEEK_BYTES = 4096
/** A record inside another, written at the same time, shows that a length is wrong. */
const SAME_TIME_MS = 24 * 3_600_000
/** What each byte of a file may be looked at, on average, in all: a sound file needs two. */
const MOST_LOOKS = 8

class OldLogScan {
  readonly counts: RecordCounts = { puts: 0, takes: 0, commits: 0, rollbacks: 0, noOps: 0 }
  readonly #window: FileWindow
  readonly #size: number
  readonly #visitor: RecordVisitor
  readonly #head = emptyHead()
  // Looks at other places without losing the head in hand.
  readonly #probe = emptyHead()
  readonly #walk: PutWalk
  readonly #orders = new OldOrders()
  #at = OLD_HEADER_BYTES
  #patience: number

  constructor(window: FileWindow, visitor: RecordVisitor) {
    this.#window = window
    this.#size = window.size
    this.#visitor = visitor
    this.#walk = new PutWalk(window.size)
    this.#patience = window.size * MOST_LOOKS + 2 * PEEK_BYTES
  }

  async run(): Promise<void> {
    while (this.#at < this.#size) {
      await this.#bring(this.#at, LONGEST_FIXED_BYTES)
      const { bytes, start, end } = this.#window
      const head = readOldHead(this.#head, bytes, this.#at - start, end - this.#at)
      const isFilling = bytes[this.#at - start] === OP_END
      const recordEnd = await this.#endOf(head)
      if (recordEnd > 0) await this.#record(head, recordEnd)
      else if (isFilling) await this.#skipTo(this.#at, false)
      else await this.#skipTo(this.#at + 1, true)
    }
  }

  /** Brings that much into memory, as far as the file has it. */
  async #bring(at: number, length: number): Promise<void> {
    if (!this.#window.covers(at, Math.min(length, this.#size - at))) await this.#window.move(at, length)
  }

  /** Where the record at hand ends; 0 where there is none, or none that can be read. */
  async #endOf(head: OldHead): Promise<number> {
    if (head.wrong > MOST_WRONG || head.type === 0) return 0
    if (head.type === PUT) return await this.#endOfPut(head)
    const end = this.#at + oldLength(head.type)
    if (end > this.#size) return 0
    await this.#bring(this.#at, LONGEST_FIXED_BYTES)
    const isSound = isPlausible(head.type, this.#window.bytes, this.#at - this.#window.start)
    if (!isSound && head.type === TAKE) return 0
    if ((await this.#behind(end)) !== 'nothing') return end
    if (!isSound) return 0
    // A write that was not finished may stand behind; else the type is wrong.
    return head.wrong === 0 && !(await this.#isOtherType(head.type)) ? end : 0
  }

  async #endOfPut(head: OldHead): Promise<number> {
    const end = await this.#walkPut()
    if (end === 0 || (await this.#behind(end)) === 'nothing') return 0
    const { bodyStart } = this.#walk
    const { next } = await this.#search(
      bodyStart,
      end,
      inner => inner.transaction === head.transaction || Math.abs(inner.order - head.order) < SAME_TIME_MS
    )
    this.#patience -= (next ?? end) - bodyStart
    return next === undefined ? end : 0
  }

  /** Where a put at hand ends by its lengths; 0 where they lead nowhere. */
  async #walkPut(): Promise<number> {
    const [walk, window] = [this.#walk.begin(this.#at), this.#window]
    const before = walk.steps
    let state = walk.go(window.bytes, window.start, window.end)
    while (state === 'more' && this.#patience > 0) {
      const bytes = await window.peek(walk.at, PEEK_BYTES)
      this.#patience -= PEEK_BYTES
      state = walk.go(bytes, walk.at, walk.at + bytes.length)
    }
    this.#patience -= (walk.steps - before) * 4
    return state === 'done' && this.#patience > 0 ? walk.end : 0
  }

  /** What is at `at`: a record, the end of the data or of the file, or nothing of these. */
  async #behind(at: number): Promise<'record' | 'end' | 'nothing'> {
    if (at >= this.#size) return at === this.#size ? 'end' : 'nothing'
    const bytes = await this.#window.peek(at, OLD_HEAD_BYTES)
    if (readOldHead(this.#probe, bytes, 0, bytes.length).wrong <= MOST_WRONG) return 'record'
    return bytes[0] === OP_END ? 'end' : 'nothing'
  }

  /** Whether the record at hand would be one with a following one if it were of another type. */
  async #isOtherType(type: number): Promise<boolean> {
    for (const other of FIXED)
      if (other !== type && (await this.#behind(this.#at + oldLength(other))) === 'record') return true
    const end = await this.#walkPut()
    return end > 0 && (await this.#behind(end)) === 'record'
  }

  /** Tells of the record at hand and goes behind it. */
  async #record({ type, transaction, order: noted, wrong }: OldHead, end: number): Promise<void> {
    const [at, visitor] = [this.#at, this.#visitor]
    if (wrong > 0)
      visitor.damage(at, end - at, { kind: 'frame', records: 0, reason: OP_OR_LENGTH, rotten: false })
    const { order, tie } = this.#orders.add(noted, transaction)
    if (type === PUT) {
      this.counts.puts++
      visitor.put(transaction, order, at)
    } else if (type === TAKE) {
      this.counts.takes++
      await this.#bring(at, LONGEST_FIXED_BYTES)
      const { fileId, offset } = readOldTake(this.#window.bytes, at - this.#window.start)
      visitor.take(transaction, fileId, offset)
    } else if (type === ROLLBACK) {
      this.counts.rollbacks++
      visitor.rollback(transaction)
    } else {
      this.counts.commits++
      await this.#bring(at, LONGEST_FIXED_BYTES)
      if (!isPlausible(type, this.#window.bytes, at - this.#window.start))
        visitor.damage(at, end - at, { kind: 'record', records: 0, reason: WRONG_END, rotten: false })
      visitor.commit(transaction, order, at, tie)
    }
    this.#at = end
  }

  /** Goes to the next record at or behind `from`, or to the end; reports what is in between unless it is filling. */
  async #skipTo(from: number, damaged: boolean): Promise<void> {
    const start = this.#at
    const { next, used } = await this.#search(from, this.#size, () => true)
    if (next !== undefined)
      this.#damage(next - start, { kind: 'between', records: undefined, reason: BETWEEN, rotten: true })
    else if (damaged || used > start) {
      const bytes = Math.max(used, start + 1) - start
      this.#damage(bytes, { kind: 'tail', records: undefined, reason: UNFINISHED, rotten: false })
    }
    this.#at = next ?? this.#size
  }

  /** Where something that begins as a record does and is `wanted` is, before `to`; else `used` is the end of what is not filling. */
  async #search(
    from: number,
    to: number,
    wanted: (head: OldHead) => boolean
  ): Promise<{ readonly next: number | undefined; readonly used: number }> {
    const window = this.#window
    let used = 0
    for (let at = from; at < to;) {
      await this.#bring(at, OLD_HEAD_BYTES)
      // A record that begins in the last bytes of the window is looked at in the next one.
      const until = Math.min(to, window.end === this.#size ? to : window.end - OLD_HEAD_BYTES + 1)
      for (let found = this.#mark(at, until); found >= 0; found = this.#mark(found + 1, until)) {
        const head = readOldHead(this.#probe, window.bytes, found - window.start, window.end - found)
        if (head.wrong === 0 && head.type > 0 && wanted(head)) return { next: found, used }
      }
      const last = usedEnd(window, at, until)
      if (last > at) used = last
      at = until
    }
    return { next: undefined, used }
  }

  /** Where a mark begins in the window, from `from`, before `to`; -1 where none does. */
  #mark(from: number, to: number): number {
    const { bytes, start, end } = this.#window
    const found = bytes
      .subarray(0, Math.min(end, to + OLD_MARK.length) - start)
      .indexOf(OLD_MARK, from - start)
    return found < 0 || start + found >= to ? -1 : start + found
  }

  #damage(bytes: number, what: Parameters<RecordVisitor['damage']>[2]): void {
    this.#visitor.damage(this.#at, bytes, what)
  }
}

/** Whether what follows the head of a record of this type can be of it. */
function isPlausible(type: number, bytes: Buffer, at: number): boolean {
  if (type === ROLLBACK) return true
  if (type === COMMIT) return [PUT, TAKE].includes(bytes.readInt16BE(at + OLD_HEAD_BYTES))
  const { fileId, offset } = readOldTake(bytes, at)
  return fileId > 0 && offset >= OLD_HEADER_BYTES
}

/** Where the last byte that is not filling ends, between `from` and `to`; `from` when there is none. */
function usedEnd({ bytes, start }: FileWindow, from: number, to: number): number {
  let at = to
  while (at > from && bytes[at - 1 - start] === OP_END) at--
  return at
}
