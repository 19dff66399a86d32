import { crc32 } from 'node:zlib'

/**
 * A frame of the durable log, format version 1, little-endian. Frames begin at multiples of 8 bytes; groups of them,
 * which are written at once, begin at multiples of 4096. A zero word where a frame could begin means that the rest of
 * the block is empty.
 *
 *   0  u8  'M'    u8 kind    u8 version    u8 flags
 *   4  u32 length of the payload as stored
 *   8  u32 segment id                       a recycled file still holds frames of its former use
 *  12  u32 position of this frame in the segment
 *  16  u64 number of the first event; for kinds without events, of the next one
 *  24  u32 position of the frame before it in the segment, 0 for none: shows what is missing in between
 *  28  u32 bytes of the segment below this were on the disk when the frame was made: a hole below is damage, a hole
 *          above it was never acknowledged
 *  32  u32 events; in takes and states how many of the ranges at the end were given up
 *  36  u16 part, u16 parts of one put    40  u32 length of headers    44  u32 length of bodies
 *  48  u32 events of the same put in earlier parts         52  u32 seconds since 1970
 *  56  u32 crc32 of the payload as stored
 *  60  u32 crc32 of bytes 0 to 59
 *  64  payload, zeros up to the next multiple of 8
 *
 * Both checksums start from a seed that channel and segment id determine (frameSeed). With flag 2 the payload is
 * AES-256-GCM ciphertext and tag (frame-cipher.ts), bytes 0 to 55 are bound to it. With flag 1 the plain payload is
 * compressed (compression.ts); its raw length follows from the header.
 */
export const FRAME_HEADER_BYTES = 64
export const FRAME_VERSION = 1
/** Bytes of the header that a sealed payload is bound to. */
export const BOUND_HEADER_BYTES = 56
/** Groups begin at multiples of this. */
export const BLOCK_BYTES = 4096

export const FRAME_KINDS = { put: 1, take: 2, state: 3, seal: 5 } as const
export type FrameKind = keyof typeof FRAME_KINDS

export const FLAG_COMPRESSED = 1
export const FLAG_ENCRYPTED = 2
/** One byte that belongs to no event follows each body. */
export const FLAG_SEPARATED = 4
export const FLAG_LZ4 = 8

/** What stands in front of a payload. */
export interface FrameHeader {
  readonly kind: FrameKind
  readonly flags: number
  readonly length: number
  readonly segmentId: number
  readonly position: number
  readonly firstEvent: number
  readonly before: number
  readonly durable: number
  readonly events: number
  readonly part: number
  readonly parts: number
  readonly headerBytes: number
  readonly bodyBytes: number
  readonly earlierEvents: number
  readonly seconds: number
}

/** A header as read, with the checksum its payload must have. */
export interface StoredFrame extends FrameHeader {
  readonly payloadCrc: number
}

const MAGIC = 0x4d
const KIND_OF = new Map<number, FrameKind>(
  (Object.keys(FRAME_KINDS) as FrameKind[]).map(kind => [FRAME_KINDS[kind], kind])
)

/** Where the checksums of a segment's frames start from. */
export function frameSeed(channelId: Buffer, segmentId: number): number {
  const bytes = Buffer.alloc(channelId.length + 4)
  channelId.copy(bytes)
  bytes.writeUInt32LE(segmentId, channelId.length)
  return crc32(bytes)
}

/** Writes all but the checksums. */
export function writeFrameHeader(out: Buffer, at: number, frame: FrameHeader): void {
  out[at] = MAGIC
  out[at + 1] = FRAME_KINDS[frame.kind]
  out[at + 2] = FRAME_VERSION
  out[at + 3] = frame.flags
  out.writeUInt32LE(frame.length, at + 4)
  out.writeUInt32LE(frame.segmentId, at + 8)
  out.writeUInt32LE(frame.position, at + 12)
  writeNumber(out, frame.firstEvent, at + 16)
  out.writeUInt32LE(frame.before, at + 24)
  out.writeUInt32LE(frame.durable, at + 28)
  out.writeUInt32LE(frame.events, at + 32)
  out.writeUInt16LE(frame.part, at + 36)
  out.writeUInt16LE(frame.parts, at + 38)
  out.writeUInt32LE(frame.headerBytes, at + 40)
  out.writeUInt32LE(frame.bodyBytes, at + 44)
  out.writeUInt32LE(frame.earlierEvents, at + 48)
  out.writeUInt32LE(frame.seconds, at + 52)
}

/** Writes the checksums of a frame whose header and payload stand, and the zeros behind it; returns its end. */
export function closeFrame(out: Buffer, at: number, length: number, seed: number): number {
  const payload = at + FRAME_HEADER_BYTES
  out.writeUInt32LE(crc32(out.subarray(payload, payload + length), seed), at + 56)
  out.writeUInt32LE(crc32(out.subarray(at, at + 60), seed), at + 60)
  const end = payload + length
  const aligned = alignFrame(end)
  if (aligned > end) out.fill(0, end, aligned)
  return aligned
}

/** The frame that begins at `at`, which stands at `position` of its segment; undefined when none does. */
export function readFrameHeader(
  bytes: Buffer,
  at: number,
  expected: { readonly segmentId: number; readonly seed: number; readonly position: number }
): StoredFrame | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length || bytes[at] !== MAGIC || bytes[at + 2] !== FRAME_VERSION)
    return undefined
  const kind = KIND_OF.get(bytes[at + 1] ?? 0)
  if (kind === undefined || bytes.readUInt32LE(at + 8) !== expected.segmentId) return undefined
  if (bytes.readUInt32LE(at + 12) !== expected.position) return undefined
  if (crc32(bytes.subarray(at, at + 60), expected.seed) !== bytes.readUInt32LE(at + 60)) return undefined
  const firstEvent = readNumber(bytes, at + 16)
  if (!Number.isSafeInteger(firstEvent)) return undefined
  return {
    kind,
    flags: bytes[at + 3] ?? 0,
    length: bytes.readUInt32LE(at + 4),
    segmentId: expected.segmentId,
    position: expected.position,
    firstEvent,
    before: bytes.readUInt32LE(at + 24),
    durable: bytes.readUInt32LE(at + 28),
    events: bytes.readUInt32LE(at + 32),
    part: bytes.readUInt16LE(at + 36),
    parts: bytes.readUInt16LE(at + 38),
    headerBytes: bytes.readUInt32LE(at + 40),
    bodyBytes: bytes.readUInt32LE(at + 44),
    earlierEvents: bytes.readUInt32LE(at + 48),
    seconds: bytes.readUInt32LE(at + 52),
    payloadCrc: bytes.readUInt32LE(at + 56)
  }
}

/** Whether the stored payload is what was written. */
export function payloadIsIntact(frame: StoredFrame, payload: Buffer, seed: number): boolean {
  return payload.length === frame.length && crc32(payload, seed) === frame.payloadCrc
}

/** Position behind a frame. */
export function frameEnd(frame: FrameHeader): number {
  return alignFrame(frame.position + FRAME_HEADER_BYTES + frame.length)
}

/** The next multiple of 8. */
export function alignFrame(position: number): number {
  return Math.ceil(position / 8) * 8
}

/** The next multiple of the block size. */
export function alignBlock(position: number): number {
  return Math.ceil(position / BLOCK_BYTES) * BLOCK_BYTES
}

/** A whole number up to 2^53 as u64. */
export function writeNumber(out: Buffer, value: number, at: number): void {
  out.writeUInt32LE(value % 0x1_0000_0000, at)
  out.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4)
}

/** A u64 as a number, exact up to 2^53. */
export function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 0x1_0000_0000 + bytes.readUInt32LE(at)
}
