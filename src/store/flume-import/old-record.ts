import type { HeaderPairs } from '../../core/headers.ts'
import type { LogMeta } from './log-meta.ts'
import { COMMIT, PUT, ROLLBACK, TAKE } from './log-record.ts'

/**
 * Logs of Flume's file channel, version 2, all big endian. Source: LogFile.java, TransactionEventRecord.java and
 * FlumeEvent.java of Apache Flume 1.2, LogFileV2.java of 1.11.
 *   header of the file, 24 bytes
 *     i32 version (2)   i32 file id   i64 position of the next record at the latest checkpoint   i64 its write order
 *   records, then 0x80 to the end of the file
 *     u8 0x7F   i32 0xDEADBEEF   i16 type (1 put, 2 take, 3 rollback, 4 commit)   i64 transaction   i64 write order
 *     put       an event: i8 0, i32 number of headers, for each a name and a value, i32 length of the body (-1 none), body
 *     take      i32 offset of the put   i32 its file id
 *     rollback  nothing
 *     commit    i16 1 puts, 2 takes
 *   a name or a value is i8 -116, its length as Hadoop's vint, and UTF-8. A vint is one byte from -112 to 127; or
 *   -112 - n, and n bytes of the number.
 * A record has neither length nor checksum: its end follows from what is in it. The write order is the time in ms, so
 * that many records have the same. Nothing is encrypted.
 */
export const OLD_VERSION = 2
export const OLD_HEADER_BYTES = 24
/** So much of a record tells whether it is one: mark, type, transaction, write order. */
export const OLD_HEAD_BYTES = 23
/** What each record of any type begins with. */
export const OLD_MARK = Buffer.of(0x7f, 0xde, 0xad, 0xbe, 0xef, 0)
const TYPE_AT = 6
const TRANSACTION_AT = 7
const ORDER_AT = 15
/** The shortest header: a name and a value without a byte. */
const LEAST_HEADER_BYTES = 4
const LONGEST_VINT_BYTES = 5
const MOST_POSITION = 0x7f_ff_ff_ff

/** The header of a log of version 2, or undefined when it cannot be one. */
export function readOldHeader(bytes: Buffer): LogMeta | undefined {
  if (bytes.length < OLD_HEADER_BYTES || bytes.readInt32BE(0) !== OLD_VERSION) return undefined
  const [checkpointPosition, checkpointOrder] = [readLong(bytes, 8), readLong(bytes, 16)]
  if (checkpointPosition < 0 || checkpointPosition > MOST_POSITION || checkpointOrder < 0) return undefined
  return {
    version: OLD_VERSION,
    fileId: bytes.readInt32BE(4),
    checkpointPosition,
    checkpointOrder,
    backupOrder: 0,
    encryption: undefined
  }
}

/** What every record begins with, taken apart. Reused for every record of a file. */
export interface OldHead {
  /** Bytes of the mark that are wrong. */
  wrong: number
  /** 0 where it is none of the four. */
  type: number
  transaction: number
  order: number
}

export function emptyHead(): OldHead {
  return { wrong: OLD_MARK.length, type: 0, transaction: 0, order: 0 }
}

/** Looks at the record at `at`, of which `available` bytes are there. */
export function readOldHead(head: OldHead, bytes: Buffer, at: number, available: number): OldHead {
  head.wrong = OLD_MARK.length
  head.type = 0
  if (available < OLD_HEAD_BYTES) return head
  const type = bytes[at + TYPE_AT] ?? 0
  let wrong = 0
  for (let i = 0; i < OLD_MARK.length; i++) if (bytes[at + i] !== OLD_MARK[i]) wrong++
  head.wrong = wrong
  if (type >= PUT && type <= COMMIT) head.type = type
  head.transaction = readLong(bytes, at + TRANSACTION_AT)
  head.order = readLong(bytes, at + ORDER_AT)
  return head
}

/** Length of a record that is no put. */
export function oldLength(type: number): number {
  return OLD_HEAD_BYTES + (type === TAKE ? 8 : type === ROLLBACK ? 0 : 2)
}

/** What a take took. */
export function readOldTake(bytes: Buffer, at: number): { readonly fileId: number; readonly offset: number } {
  return {
    offset: bytes.readUInt32BE(at + OLD_HEAD_BYTES),
    fileId: bytes.readInt32BE(at + OLD_HEAD_BYTES + 4)
  }
}

function readLong(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}

/** How far a walk has come: to the end of the put; to where it needs bytes; to where it is no put. */
export type WalkState = 'done' | 'more' | 'broken'

/**
 * Finds where a put ends, by going from one length to the next: what lies in between need not be in memory. No length
 * is followed out of the file.
 */
export class PutWalk {
  /** Offset in the file that it has come to; where bytes are needed. */
  at = 0
  /** Once done: offsets in the file. */
  headersStart = 0
  headersEnd = 0
  bodyStart = 0
  end = 0
  /** Names and values gone past, in all walks. */
  steps = 0
  readonly #size: number
  /** Names and values to come; -1 before their number is known. */
  #left = -1

  /** @param size Bytes of the file. */
  constructor(size: number) {
    this.#size = size
  }

  /** Begins at the record at `offset`. */
  begin(offset: number): this {
    this.at = offset + OLD_HEAD_BYTES
    this.#left = -1
    return this
  }

  /** Goes on in a part of the file from `start` to `end`. */
  go(bytes: Buffer, start: number, end: number): WalkState {
    while (this.#left !== 0) {
      const length = this.#left < 0 ? this.#count(bytes, start, end) : this.#text(bytes, start, end)
      if (length <= 0) return length === 0 ? this.#more(end) : 'broken'
      this.at += length
    }
    return this.#body(bytes, start, end)
  }

  /** Length of the number of headers; 0 where more bytes are needed, -1 where it cannot be one. */
  #count(bytes: Buffer, start: number, end: number): number {
    if (this.at < start || this.at + 5 > end) return 0
    const count = bytes.readInt32BE(this.at - start + 1)
    if (bytes[this.at - start] !== 0 || count < 0) return -1
    if (count * LEAST_HEADER_BYTES > this.#size - this.at) return -1
    this.#left = count * 2
    this.headersStart = this.at + 5
    return 5
  }

  /** The same for a name or a value. */
  #text(bytes: Buffer, start: number, end: number): number {
    const available = Math.min(end, this.#size) - this.at
    if (this.at < start || available < Math.min(1 + LONGEST_VINT_BYTES, this.#size - this.at)) return 0
    const length = available < 2 ? -1 : textLength(bytes, this.at - start, available)
    if (length < 0 || length > this.#size - this.at) return -1
    this.#left--
    this.steps++
    return length
  }

  #body(bytes: Buffer, start: number, end: number): WalkState {
    if (this.at < start || this.at + 4 > end) return this.#more(end)
    const length = bytes.readInt32BE(this.at - start)
    this.headersEnd = this.at
    this.bodyStart = this.at + 4
    this.end = this.bodyStart + Math.max(length, 0)
    return length < -1 || this.end > this.#size ? 'broken' : 'done'
  }

  #more(end: number): WalkState {
    return end >= this.#size && this.at + 5 > this.#size ? 'broken' : 'more'
  }
}

/** Bytes of a name or a value with what stands before it; negative when it cannot be one. Flume ignores its first byte, too. */
function textLength(bytes: Buffer, at: number, available: number): number {
  const first = bytes.readInt8(at + 1)
  if (first >= 0) return 2 + first
  const size = -112 - first
  if (size < 1 || size > 4 || 2 + size > available) return -1
  return 2 + size + bytes.readUIntBE(at + 2, size)
}

/** The headers of an event, from the first to the last. */
export function readOldHeaders(bytes: Buffer, start: number, end: number): HeaderPairs | undefined {
  const headers = new Map<string, string>()
  let name: string | undefined
  for (let at = start; at < end;) {
    const length = textLength(bytes, at, end - at)
    if (length < 0 || at + length > end) return undefined
    const first = bytes.readInt8(at + 1)
    const text = bytes.toString('utf8', at + 2 + (first < 0 ? -112 - first : 0), at + length)
    at += length
    if (name === undefined) name = text
    else {
      headers.set(name, text)
      name = undefined
    }
  }
  return name === undefined ? [...headers] : undefined
}
