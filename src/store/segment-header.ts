import { crc32 } from 'node:zlib'
import { KEY_ID_DIGITS, SALT_BYTES } from './frame-cipher.ts'
import { BLOCK_BYTES, readNumber, writeNumber } from './frame.ts'

/** Frames begin here: the header stands in the first block, and again in the second. */
export const DATA_START = 2 * BLOCK_BYTES
export const CHANNEL_ID_BYTES = 16

const MAGIC = 0x4346524d
const VERSION = 1
const OLDEST_READER = 1
const FLAG_KEYED = 1
const CRC_AT = 108
const HEADER_BYTES = CRC_AT + 4
/** In the last block of a segment. The seal is before it. */
const COPY_AT = BLOCK_BYTES / 2

/** What a segment is. */
export interface SegmentHeader {
  readonly id: number
  /** Bytes from the header to the end of the seal; the file may be shorter. */
  readonly size: number
  readonly channelId: Buffer
  /** Of the key that seals its frames; undefined when they are plain. */
  readonly keyId: string | undefined
  readonly salt: Buffer
  /** Epoch milliseconds. */
  readonly created: number
}

/**
 * The header of a segment, little-endian. It stands at the begin of each of the first two blocks, zeros behind it, and
 * again in the middle of the last block, far from them: the frames of an encrypted segment are nothing without it. That
 * copy is written when the segment is made, and again with the seal; segments of older versions do without.
 *   0 u32 'MRFC'   4 u16 version   6 u16 oldest version whose readers can read it   8 u32 segment id   12 u32 flags (1 = encrypted)
 *  16 u32 size of the segment     20 u32 block size       24 16 B channel id
 *  40 16 B key id                 56 32 B salt            88 u64 created, ms since the epoch     96 12 B zero
 * 108 u32 crc32 of bytes 0 to 107
 */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt16LE(VERSION, 4)
  bytes.writeUInt16LE(OLDEST_READER, 6)
  bytes.writeUInt32LE(header.id, 8)
  bytes.writeUInt32LE(header.keyId === undefined ? 0 : FLAG_KEYED, 12)
  bytes.writeUInt32LE(header.size, 16)
  bytes.writeUInt32LE(BLOCK_BYTES, 20)
  header.channelId.copy(bytes, 24)
  if (header.keyId !== undefined) bytes.write(header.keyId, 40, KEY_ID_DIGITS / 2, 'hex')
  header.salt.copy(bytes, 56)
  writeNumber(bytes, header.created, 88)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT)
  return bytes
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

/** The header out of a segment's first two blocks, or as much of them as there is; undefined when both are damaged. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  return decodeAt(bytes, 0) ?? decodeAt(bytes, BLOCK_BYTES)
}

/** The header out of the last block of a file of this size; undefined where there is none, or another's. */
export function decodeHeaderCopy(block: Buffer, fileBytes: number): SegmentHeader | undefined {
  const header = decodeAt(block, COPY_AT)
  return header?.size === fileBytes ? header : undefined
}

function decodeAt(all: Buffer, at: number): SegmentHeader | undefined {
  const bytes = all.subarray(at, at + HEADER_BYTES)
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined
  if (crc32(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32LE(CRC_AT)) return undefined
  const size = bytes.readUInt32LE(16)
  if (bytes.readUInt16LE(6) > VERSION || bytes.readUInt32LE(20) !== BLOCK_BYTES) return undefined
  if (size % BLOCK_BYTES !== 0 || size < DATA_START + BLOCK_BYTES) return undefined
  const keyed = (bytes.readUInt32LE(12) & FLAG_KEYED) !== 0
  return {
    id: bytes.readUInt32LE(8),
    size,
    channelId: Buffer.from(bytes.subarray(24, 24 + CHANNEL_ID_BYTES)),
    keyId: keyed ? bytes.toString('hex', 40, 40 + KEY_ID_DIGITS / 2) : undefined,
    salt: Buffer.from(bytes.subarray(56, 56 + SALT_BYTES)),
    created: readNumber(bytes, 88)
  }
}
