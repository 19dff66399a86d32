import { crc32 } from 'node:zlib'
import { ProtobufReader } from '../../wire/protobuf-reader.ts'
import type { HeaderPairs } from '../../core/headers.ts'
import type { RecordCipher } from './record-cipher.ts'

/**
 * Records of Flume's file-channel logs, version 3. Source: LogFileV3.java, TransactionEventRecord.java and
 * filechannel.proto of Apache Flume 1.11.
 *   u8 op   0x7F record, 0x00 no-op (payload to be skipped), 0x80 end of data (files grow filled with it)
 *   i32 length, big endian, of the payload
 *   payload, encrypted as a whole where the file is: three messages, each behind its length as a varint
 *     header  1 sfixed32 type (1 put, 2 take, 3 rollback, 4 commit)   2 sfixed64 transaction   3 sfixed64 write order
 *     body    put {1 event {1 header {1 key, 2 value}…, 2 body}, 2 sfixed64 CRC-32 of the event's body}
 *             take {1 sfixed32 file id, 2 sfixed32 offset of the put}   rollback {}   commit {1 sfixed32 1 puts, 2 takes}
 *     footer  {}
 * All fields of the header are written always, so it has 23 bytes with known bytes in between: that is how a record
 * is told from anything else.
 */
export const OP_RECORD = 0x7f
export const OP_NONE = 0x00
export const OP_END = 0x80

/** Op and length. */
export const FRAME_BYTES = 5
const HEADER_BYTES = 23
/** The shortest payload: a rollback. */
export const LEAST_PAYLOAD_BYTES = 1 + HEADER_BYTES + 2
/** So much of a frame tells whether it is one: op, length, header, length of the body. */
export const HEAD_BYTES = FRAME_BYTES + 1 + HEADER_BYTES + 5

export const PUT = 1
export const TAKE = 2
export const ROLLBACK = 3
export const COMMIT = 4
/**
 * A commit that Flume wrote twice, as another thread rolled the log before its sync: the second time, in the new log, it
 * has its length and zeros, as the bytes were used up (in an encrypted log it is written again whole). Flume itself
 * refuses to start on it.
 */
export const HOLLOW = 0
const HOLLOW_BYTES = 1 + HEADER_BYTES + 1 + 5 + 1

/** The first bytes of a frame, taken apart. Reused for every frame of a file. */
export interface FrameHead {
  op: number
  /** Payload length that the frame claims; -1 where there are too few bytes. */
  outerLength: number
  /** Payload length that follows from the lengths inside; -1 where the header is not one. */
  innerLength: number
  type: number
  transaction: number
  order: number
  /** Where the body message starts, from the start of the payload. */
  bodyAt: number
  bodyLength: number
}

const SCRATCH_BYTES = 64

/** Takes frames of one file apart. */
export class FrameReader {
  readonly head: FrameHead = {
    op: 0,
    outerLength: -1,
    innerLength: -1,
    type: 0,
    transaction: 0,
    order: 0,
    bodyAt: 0,
    bodyLength: 0
  }

  readonly #cipher: RecordCipher | undefined
  readonly #fields = new ProtobufReader(Buffer.alloc(0), 0, 0)
  #clear = Buffer.alloc(SCRATCH_BYTES)

  constructor(cipher: RecordCipher | undefined) {
    this.#cipher = cipher
  }

  /** Looks at the frame at `at`, of which `available` bytes are there. */
  look(bytes: Buffer, at: number, available: number): FrameHead {
    const head = this.head
    head.op = bytes[at] ?? 0
    head.outerLength = available < FRAME_BYTES ? -1 : bytes.readInt32BE(at + 1)
    head.innerLength = -1
    if (available < FRAME_BYTES + LEAST_PAYLOAD_BYTES) return head
    const length = Math.min(available, HEAD_BYTES) - FRAME_BYTES
    if (head.outerLength === HOLLOW_BYTES && this.#isHollow(bytes, at, length)) {
      head.type = HOLLOW
      head.innerLength = head.outerLength
      return head
    }
    const clear = this.#cipher === undefined ? bytes : this.#clear
    const from = this.#cipher === undefined ? at + FRAME_BYTES : 0
    this.#cipher?.decrypt(bytes, at + FRAME_BYTES, length, this.#clear)
    if (isHeader(clear, from)) this.#readHeader(clear, from, length)
    return head
  }

  /** The payload in the clear; valid until the next call. */
  clear(bytes: Buffer, start: number, length: number): { readonly bytes: Buffer; readonly start: number } {
    if (this.#cipher === undefined) return { bytes, start }
    if (this.#clear.length < length) this.#clear = Buffer.allocUnsafeSlow(length)
    this.#cipher.decrypt(bytes, start, length, this.#clear)
    return { bytes: this.#clear, start: 0 }
  }

  /** What a take took, or undefined when its body is damaged. */
  take(bytes: Buffer, start: number): { readonly fileId: number; readonly offset: number } | undefined {
    const fields = this.#body(bytes, start)
    let fileId: number | undefined
    let offset: number | undefined
    while (fields.next()) {
      if (fields.field === 1 && fields.type === 5) fileId = fields.fixed32()
      else if (fields.field === 2 && fields.type === 5) offset = fields.fixed32()
    }
    return fields.broken || fileId === undefined || offset === undefined ? undefined : { fileId, offset }
  }

  #isHollow(bytes: Buffer, at: number, length: number): boolean {
    if (this.#cipher !== undefined || bytes[at] !== OP_RECORD) return false
    for (let i = at + FRAME_BYTES; i < at + FRAME_BYTES + length; i++) if (bytes[i] !== 0) return false
    return true
  }

  /** The body of the record looked at last; `start` is where its payload starts. */
  #body(bytes: Buffer, start: number): ProtobufReader {
    const at = start + this.head.bodyAt
    return this.#fields.reset(bytes, at, at + this.head.bodyLength)
  }

  #readHeader(clear: Buffer, from: number, length: number): void {
    const head = this.head
    head.type = clear[from + 2] ?? 0
    head.transaction = readLong(clear, from + 7)
    head.order = readLong(clear, from + 16)
    const fields = this.#fields.reset(clear, from + 1 + HEADER_BYTES, from + length)
    const start = fields.at
    head.bodyLength = fields.varint()
    head.bodyAt = 1 + HEADER_BYTES + fields.at - start
    if (!fields.broken) head.innerLength = head.bodyAt + head.bodyLength + 1
  }
}

/** Whether a header of a record starts here. */
function isHeader(bytes: Buffer, at: number): boolean {
  const type = bytes[at + 2] ?? 0
  return (
    bytes[at] === HEADER_BYTES &&
    bytes[at + 1] === 0x0d &&
    type >= PUT &&
    type <= COMMIT &&
    bytes[at + 3] === 0 &&
    bytes[at + 4] === 0 &&
    bytes[at + 5] === 0 &&
    bytes[at + 6] === 0x11 &&
    bytes[at + 15] === 0x19
  )
}

function readLong(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * 4_294_967_296 + bytes.readUInt32LE(at)
}

/** An event as it stands in the payload of its put. */
export interface StoredEvent {
  readonly bodyStart: number
  readonly bodyEnd: number
  /** Bytes of all headers, from the first to the last; empty without any. */
  readonly headersStart: number
  readonly headersEnd: number
}

const NO_FIELD = { start: 0, end: 0 }

/**
 * Finds the event in a put's body message, or undefined when it is damaged or its checksum is wrong. Flume before 1.5
 * wrote no checksum; fields that no version has ever had are damage.
 */
export function readPut(bytes: Buffer, start: number, end: number): StoredEvent | undefined {
  const fields = new ProtobufReader(bytes, start, end)
  let event: { start: number; end: number } | undefined
  let checksum: number | undefined
  while (fields.next()) {
    if (fields.field === 1 && fields.type === 2) event = { start: fields.start, end: fields.end }
    else if (fields.field === 2 && fields.type === 1) checksum = fields.fixed64()
    else return undefined
  }
  if (fields.broken || event === undefined) return undefined
  const found = findEvent(bytes, event)
  if (found === undefined) return undefined
  const sum = checksum === undefined ? undefined : crc32(bytes.subarray(found.bodyStart, found.bodyEnd))
  return sum === checksum ? found : undefined
}

function findEvent(bytes: Buffer, event: { start: number; end: number }): StoredEvent | undefined {
  const fields = new ProtobufReader(bytes, event.start, event.end)
  let body = NO_FIELD
  let headersEnd = event.start
  while (fields.next()) {
    if (fields.type !== 2) return undefined
    if (fields.field === 1) headersEnd = fields.end
    else if (fields.field === 2) body = { start: fields.start, end: fields.end }
    else return undefined
  }
  if (fields.broken || body === NO_FIELD) return undefined
  return { bodyStart: body.start, bodyEnd: body.end, headersStart: event.start, headersEnd }
}

/** Whether all that follows the header of a record is as Flume writes it; `start` is where the payload starts. */
export function isWhole({ type, bodyAt, bodyLength }: FrameHead, bytes: Buffer, start: number): boolean {
  const [from, to] = [start + bodyAt, start + bodyAt + bodyLength]
  if (bytes[to] !== 0) return false
  if (type === ROLLBACK) return bodyLength === 0
  if (type === PUT) {
    const event = readPut(bytes, from, to)
    return event !== undefined && readHeaders(bytes, event.headersStart, event.headersEnd) !== undefined
  }
  const fields = new ProtobufReader(bytes, from, to)
  while (fields.next()) if (fields.type !== 5 || fields.field > (type === TAKE ? 2 : 1)) return false
  return !fields.broken && bodyLength === (type === TAKE ? 10 : 5)
}

/** The headers of an event, a missing value as an empty one; undefined when they are damaged. */
export function readHeaders(bytes: Buffer, start: number, end: number): HeaderPairs | undefined {
  const headers = new Map<string, string>()
  const fields = new ProtobufReader(bytes, start, end)
  while (fields.next()) {
    if (fields.field !== 1 || fields.type !== 2) continue
    const pair = new ProtobufReader(bytes, fields.start, fields.end)
    let name: string | undefined
    let value = ''
    while (pair.next()) {
      if (pair.type === 2 && pair.field === 1) name = pair.text()
      else if (pair.type === 2 && pair.field === 2) value = pair.text()
    }
    if (pair.broken || name === undefined) return undefined
    headers.set(name, value)
  }
  return fields.broken ? undefined : [...headers]
}
