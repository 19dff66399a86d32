import type { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import type { EventRange } from './done-set.ts'
import { SEAL_OVERHEAD, type SegmentCipher } from './frame-cipher.ts'
import {
  BOUND_HEADER_BYTES,
  closeFrame,
  FLAG_COMPRESSED,
  FLAG_ENCRYPTED,
  FLAG_LZ4,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  readNumber,
  type StoredFrame,
  writeFrameHeader,
  writeNumber
} from './frame.ts'
import { decodePut, encodePut, plainBytes, putBytes, type PutPart, type Staging } from './put-codec.ts'
import { type Codec, compress, decompress } from './compression.ts'

const RANGE_BYTES = 16
/** A compressed payload must be shorter than this share of the plain one. */
const WORTH_IT = 0.9

/** What the frames of one segment have in common. */
export interface FrameContext {
  readonly id: number
  readonly seed: number
  readonly cipher: SegmentCipher | undefined
}

/** Where a frame goes. */
export interface FramePlace {
  readonly staging: Staging
  /** Offset in the staging memory. */
  readonly at: number
  readonly position: number
  readonly before: number
  readonly durable: number
  readonly seconds: number
}

/** What a put frame says about its put. */
export interface PutNumbers {
  readonly firstEvent: number
  readonly part: number
  readonly parts: number
  readonly earlierEvents: number
}

/** What the seal of a segment says about it. */
export interface Seal {
  readonly firstEvent: number
  readonly nextEvent: number
  /** Position behind the last frame. */
  readonly end: number
  /** Events of a put that began in an earlier segment, before those in the first frame here. */
  readonly headEvents: number
  /** Events here of a put that goes on in the next segment. */
  readonly tailEvents: number
}

/** Most bytes that a put frame can take. */
export function putFrameBytes(part: PutPart): number {
  return FRAME_HEADER_BYTES + putBytes(part) + SEAL_OVERHEAD + 8
}

/** Most bytes that a frame of ranges can take. */
export function rangesFrameBytes(ranges: number): number {
  return FRAME_HEADER_BYTES + ranges * RANGE_BYTES + SEAL_OVERHEAD
}

/** Writes a put frame; returns the offset behind it. There must be putFrameBytes of room. */
export function writePutFrame(
  context: FrameContext,
  place: FramePlace,
  part: PutPart,
  numbers: PutNumbers & { readonly codec: Codec | undefined }
): number {
  const { staging, at } = place
  const payloadAt = at + FRAME_HEADER_BYTES
  const { flags, bodyBytes } = encodePut(staging, payloadAt, part)
  const plain = staging.bytes.subarray(
    payloadAt,
    payloadAt + 4 * (part.to - part.from + 1) + part.headers.length + bodyBytes
  )
  const packed = numbers.codec === undefined ? undefined : pack(numbers.codec, plain)
  const header: FrameHeader = {
    kind: 'put',
    flags: flags | (packed?.flags ?? 0),
    length: (packed?.bytes ?? plain).length,
    segmentId: context.id,
    position: place.position,
    firstEvent: numbers.firstEvent,
    before: place.before,
    durable: place.durable,
    events: part.to - part.from,
    part: numbers.part,
    parts: numbers.parts,
    headerBytes: part.headers.length,
    bodyBytes,
    earlierEvents: numbers.earlierEvents,
    seconds: place.seconds
  }
  packed?.bytes.copy(staging.bytes, payloadAt)
  return finish(context, place, header)
}

/** What a frame of ranges lists: events that are done, and those of them that were given up instead of delivered. */
export interface DoneRanges {
  readonly ranges: readonly EventRange[]
  readonly givenUp: readonly EventRange[]
}

/**
 * Writes a frame that lists ranges of events: a take, or the state at the begin of a segment. Those given up stand once
 * more behind all of them, and are counted in the place where a put counts its events.
 */
export function writeRangesFrame(
  context: FrameContext,
  place: FramePlace,
  kind: 'take' | 'state',
  { ranges, givenUp, nextEvent }: DoneRanges & { readonly nextEvent: number }
): number {
  const payloadAt = place.at + FRAME_HEADER_BYTES
  const all = [...ranges, ...givenUp]
  all.forEach(({ first, end }, i) => {
    writeNumber(place.staging.bytes, first, payloadAt + i * RANGE_BYTES)
    writeNumber(place.staging.bytes, end, payloadAt + i * RANGE_BYTES + 8)
  })
  return finish(context, place, {
    ...plainHeader(context, place),
    kind,
    length: all.length * RANGE_BYTES,
    firstEvent: nextEvent,
    events: givenUp.length
  })
}

/** Writes the seal. */
export function writeSealFrame(context: FrameContext, place: FramePlace, seal: Seal): number {
  const { bytes } = place.staging
  const payloadAt = place.at + FRAME_HEADER_BYTES
  writeNumber(bytes, seal.firstEvent, payloadAt)
  writeNumber(bytes, seal.nextEvent, payloadAt + 8)
  bytes.writeUInt32LE(seal.end, payloadAt + 16)
  bytes.writeUInt32LE(seal.headEvents, payloadAt + 20)
  bytes.writeUInt32LE(seal.tailEvents, payloadAt + 24)
  const header = {
    ...plainHeader(context, place),
    kind: 'seal' as const,
    length: 28,
    firstEvent: seal.nextEvent
  }
  writeFrameHeader(bytes, place.at, header)
  return closeFrame(bytes, place.at, header.length, context.seed)
}

/** The events of a put frame whose payload is intact. Throws ERR_FORMAT, also when it was sealed with another key. */
export function readPutFrame(
  context: FrameContext,
  frame: StoredFrame,
  header: Buffer,
  payload: Buffer
): EventBatch {
  const plain = openPayload(context, frame, header, payload)
  if ((frame.flags & FLAG_COMPRESSED) === 0) return decodePut(frame, plain)
  return decodePut(
    frame,
    decompress((frame.flags & FLAG_LZ4) === 0 ? 'zstd' : 'lz4', plain, plainBytes(frame))
  )
}

/** The ranges of a take or state frame whose payload is intact. Throws ERR_FORMAT. */
export function readRangesFrame(
  context: FrameContext,
  frame: StoredFrame,
  header: Buffer,
  payload: Buffer
): DoneRanges {
  const plain = openPayload(context, frame, header, payload)
  const ranges: EventRange[] = []
  for (let at = 0; at + RANGE_BYTES <= plain.length; at += RANGE_BYTES) {
    const [first, end] = [readNumber(plain, at), readNumber(plain, at + 8)]
    if (end < first || !Number.isSafeInteger(end)) throw damaged()
    ranges.push({ first, end })
  }
  if (frame.events > ranges.length) throw damaged()
  const givenUp = ranges.splice(ranges.length - frame.events)
  return { ranges, givenUp }
}

/** What a seal frame says; undefined when it makes no sense. */
export function readSeal(payload: Buffer): Seal | undefined {
  if (payload.length < 28) return undefined
  const seal = {
    firstEvent: readNumber(payload, 0),
    nextEvent: readNumber(payload, 8),
    end: payload.readUInt32LE(16),
    headEvents: payload.readUInt32LE(20),
    tailEvents: payload.readUInt32LE(24)
  }
  return seal.firstEvent <= seal.nextEvent && Number.isSafeInteger(seal.nextEvent) ? seal : undefined
}

function pack(codec: Codec, plain: Buffer): { readonly bytes: Buffer; readonly flags: number } | undefined {
  const bytes = compress(codec, plain)
  if (bytes.length >= plain.length * WORTH_IT) return undefined
  return { bytes, flags: FLAG_COMPRESSED | (codec === 'lz4' ? FLAG_LZ4 : 0) }
}

function plainHeader(
  context: FrameContext,
  { position, before, durable, seconds }: FramePlace
): Omit<FrameHeader, 'kind' | 'length' | 'firstEvent'> {
  return {
    flags: 0,
    segmentId: context.id,
    position,
    before,
    durable,
    events: 0,
    part: 0,
    parts: 1,
    headerBytes: 0,
    bodyBytes: 0,
    earlierEvents: 0,
    seconds
  }
}

/** Encrypts the payload where it lies, writes header and checksums; returns the offset behind the frame. */
function finish(
  { cipher, seed }: FrameContext,
  { staging, at, position }: FramePlace,
  header: FrameHeader
): number {
  const { bytes } = staging
  if (cipher === undefined) {
    writeFrameHeader(bytes, at, header)
    return closeFrame(bytes, at, header.length, seed)
  }
  const payloadAt = at + FRAME_HEADER_BYTES
  const length = header.length + SEAL_OVERHEAD
  writeFrameHeader(bytes, at, { ...header, length, flags: header.flags | FLAG_ENCRYPTED })
  const plain = bytes.subarray(payloadAt, payloadAt + header.length)
  cipher.seal(position, bytes.subarray(at, at + BOUND_HEADER_BYTES), plain, { into: bytes, at: payloadAt })
  return closeFrame(bytes, at, length, seed)
}

function openPayload({ cipher }: FrameContext, frame: StoredFrame, header: Buffer, payload: Buffer): Buffer {
  if ((frame.flags & FLAG_ENCRYPTED) === 0) {
    if (cipher === undefined) return payload
    throw new AgentError('ERR_FORMAT', 'A frame is not encrypted where its segment is.')
  }
  const plain = cipher?.open(frame.position, header.subarray(0, BOUND_HEADER_BYTES), payload)
  if (plain === undefined) throw new AgentError('ERR_FORMAT', 'A frame of the log cannot be decrypted.')
  return plain
}

function damaged(): AgentError {
  return new AgentError('ERR_FORMAT', 'A frame of the log does not follow its format.')
}
