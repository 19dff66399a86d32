import { crc32 } from 'node:zlib'
import { AgentError } from '../core/errors.ts'
import { type Epoch, type Lineage, NO_LINEAGE, newestOf } from './epoch.ts'
import { KEY_ID_DIGITS, SALT_BYTES } from './frame-cipher.ts'
import { BLOCK_BYTES, readNumber, writeNumber } from './frame.ts'

/** Frames begin here: the header stands in the first block, and again in the second. */
export const DATA_START = 2 * BLOCK_BYTES
export const CHANNEL_ID_BYTES = 16

const MAGIC = 0x4346524d
/** With epochs; without them it is 1. */
const VERSION = 2
const FLAG_KEYED = 1
const EPOCH_AT = 96
const CRC_AT = 108
const TABLE_AT = CRC_AT + 4
const ROW_BYTES = 24
const TAG_BYTES = 8
/** In the last block of a segment. The seal is before it. */
const COPY_AT = BLOCK_BYTES / 2
/** As many as there is room for behind the seal; the oldest are left out. */
const MOST_ROWS = Math.floor((BLOCK_BYTES - COPY_AT - TABLE_AT - 8) / ROW_BYTES)

/** What a segment is. */
export interface SegmentHeader {
  readonly id: number
  /** Bytes from the header to the end of the seal; the file may be shorter. */
  readonly size: number
  readonly channelId: Buffer
  /** Of the key that seals its frames; undefined when they are plain. */
  readonly keyId: string | undefined
  readonly salt: Buffer
  /** Milliseconds since 1970. */
  readonly created: number
  /** The epoch that it is of, and those that this one knew of. */
  readonly lineage: Lineage
}

/**
 * The header of a segment, little-endian. It stands at the begin of each of the first two blocks, zeros behind it, and
 * again in the middle of the last block, far from them: the frames of an encrypted segment are nothing without it. That
 * copy is written when the segment is made, and again with the seal; segments of older versions do without.
 *   0 u32 'MRFC'   4 u16 version   6 u16 oldest version whose readers can read it   8 u32 segment id   12 u32 flags (1 = encrypted)
 *  16 u32 size of the segment     20 u32 block size       24 16 B channel id
 *  40 16 B key id                 56 32 B salt            88 u64 created, ms since 1970
 *  96 u32 number of its epoch    100  8 B tag of its epoch; both zero in version 1
 * 108 u32 crc32 of bytes 0 to 107
 * Version 2 goes on with the epochs of the lineage, the oldest first and its own last:
 * 112 u32 how many               116 for each: u32 number, 8 B tag, u32 first id, u64 first event
 *     u32 crc32 of bytes 112 up to here
 */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const epoch = newestOf(header.lineage)
  const version = epoch.number === 0 ? 1 : VERSION
  const epochs = version > 1 ? header.lineage.slice(-MOST_ROWS) : []
  const bytes = Buffer.alloc(TABLE_AT + (version > 1 ? 8 + epochs.length * ROW_BYTES : 0))
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt16LE(version, 4)
  bytes.writeUInt16LE(version, 6)
  bytes.writeUInt32LE(header.id, 8)
  bytes.writeUInt32LE(header.keyId === undefined ? 0 : FLAG_KEYED, 12)
  bytes.writeUInt32LE(header.size, 16)
  bytes.writeUInt32LE(BLOCK_BYTES, 20)
  header.channelId.copy(bytes, 24)
  if (header.keyId !== undefined) bytes.write(header.keyId, 40, KEY_ID_DIGITS / 2, 'hex')
  header.salt.copy(bytes, 56)
  writeNumber(bytes, header.created, 88)
  bytes.writeUInt32LE(epoch.number, EPOCH_AT)
  bytes.write(epoch.tag, EPOCH_AT + 4, TAG_BYTES, 'hex')
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT)
  if (version > 1) writeLineage(bytes, epochs)
  return bytes
}

function writeLineage(bytes: Buffer, epochs: readonly Epoch[]): void {
  bytes.writeUInt32LE(epochs.length, TABLE_AT)
  let at = TABLE_AT + 4
  for (const { number, tag, firstId, firstEvent } of epochs) {
    bytes.writeUInt32LE(number, at)
    bytes.write(tag, at + 4, TAG_BYTES, 'hex')
    bytes.writeUInt32LE(firstId, at + 12)
    writeNumber(bytes, firstEvent, at + 16)
    at += ROW_BYTES
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(TABLE_AT, at)), at)
}

/** The first two blocks of a segment with this header, encoded. */
export function firstBlocks(header: Buffer): Buffer {
  const blocks = Buffer.alloc(DATA_START)
  header.copy(blocks, 0)
  header.copy(blocks, BLOCK_BYTES)
  return blocks
}

/** The last block of a segment with this header, encoded, whose seal is still to come. */
export function lastBlock(header: Buffer): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  header.copy(block, COPY_AT)
  return block
}

/**
 * The header out of a segment's first two blocks, or as much of them as there is; undefined when both are damaged.
 * Throws ERR_UNSUPPORTED when only a later release can read the segment.
 */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  return decodeAt(bytes, 0) ?? decodeAt(bytes, BLOCK_BYTES)
}

/** The header out of the last block of a file of this size; undefined where there is none, or another's. */
export function decodeHeaderCopy(block: Buffer, fileBytes: number): SegmentHeader | undefined {
  const header = decodeAt(block, COPY_AT)
  return header?.size === fileBytes ? header : undefined
}

function decodeAt(all: Buffer, at: number): SegmentHeader | undefined {
  const bytes = all.subarray(at, at + TABLE_AT)
  if (bytes.length < TABLE_AT || bytes.readUInt32LE(0) !== MAGIC) return undefined
  if (crc32(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32LE(CRC_AT)) return undefined
  const size = bytes.readUInt32LE(16)
  const oldestReader = bytes.readUInt16LE(6)
  if (oldestReader > VERSION) throw tooNew(oldestReader)
  if (bytes.readUInt32LE(20) !== BLOCK_BYTES) return undefined
  if (size % BLOCK_BYTES !== 0 || size < DATA_START + BLOCK_BYTES) return undefined
  const keyed = (bytes.readUInt32LE(12) & FLAG_KEYED) !== 0
  const lineage = bytes.readUInt16LE(4) > 1 ? readLineage(all.subarray(at, at + BLOCK_BYTES)) : NO_LINEAGE
  if (lineage === undefined) return undefined
  return {
    id: bytes.readUInt32LE(8),
    size,
    channelId: Buffer.from(bytes.subarray(24, 24 + CHANNEL_ID_BYTES)),
    keyId: keyed ? bytes.toString('hex', 40, 40 + KEY_ID_DIGITS / 2) : undefined,
    salt: Buffer.from(bytes.subarray(56, 56 + SALT_BYTES)),
    created: readNumber(bytes, 88),
    lineage
  }
}

function readLineage(block: Buffer): Lineage | undefined {
  if (block.length < TABLE_AT + 8) return undefined
  const rows = block.readUInt32LE(TABLE_AT)
  const end = TABLE_AT + 4 + rows * ROW_BYTES
  if (rows > MOST_ROWS || end + 4 > block.length) return undefined
  if (crc32(block.subarray(TABLE_AT, end)) !== block.readUInt32LE(end)) return undefined
  const epochs: Epoch[] = []
  for (let at = TABLE_AT + 4; at < end; at += ROW_BYTES) {
    epochs.push({
      number: block.readUInt32LE(at),
      tag: block.toString('hex', at + 4, at + 4 + TAG_BYTES),
      firstId: block.readUInt32LE(at + 12),
      firstEvent: readNumber(block, at + 16)
    })
  }
  const own = epochs.pop()
  return own === undefined ? undefined : [...epochs, own]
}

function tooNew(oldestReader: number): AgentError {
  const message = `The log was written by a later release of Millrace, in format ${oldestReader}; this release reads formats up to ${VERSION}. Use that release, or a later one.`
  return new AgentError('ERR_UNSUPPORTED', message, { format: oldestReader })
}
