import { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import { FLAG_SEPARATED, type FrameHeader } from './frame.ts'
import { decodeHeaders } from './header-columns.ts'

const NEWLINE = 10
/** What is smaller is not worth to be made known to another thread. */
const SHARED_BYTES = 64 * 1024

/** Memory to encode into, seen as bytes and as little-endian words. */
export interface Staging {
  readonly bytes: Buffer
  readonly words: Uint32Array
}

/** Some events of one put, with their headers encoded. */
export interface PutPart {
  readonly batch: EventBatch
  readonly from: number
  readonly to: number
  readonly headers: Buffer
}

/** Memory of its own, cleared; shared with other threads where it is large. */
export function newStaging(bytes: number): Staging {
  const memory: Buffer =
    bytes < SHARED_BYTES ? Buffer.alloc(bytes) : Buffer.from(new SharedArrayBuffer(bytes))
  return { bytes: memory, words: new Uint32Array(memory.buffer, memory.byteOffset, bytes >>> 2) }
}

/** Most bytes that the plain payload of a part can take. */
export function putBytes({ batch, from, to, headers }: PutPart): number {
  const span = (batch.ends[to - 1] ?? 0) - (batch.starts[from] ?? 0)
  const bodies = from === 0 && to === batch.length ? batch.bodyBytes : sumOfSizes(batch, from, to)
  const dense = span >= bodies && span <= bodies + (to - from)
  return 4 * (to - from + 1) + headers.length + (dense ? span : bodies) + 1
}

/**
 * Writes the plain payload of a part at `at`, a multiple of 4:
 *   u32 start of each body, and the end of the last, relative to the first
 *   the headers (header-columns.ts)
 *   the bodies, one behind the other; with FLAG_SEPARATED one byte behind each, as lines come in
 * Bodies that lie like this already are copied as one range.
 */
export function encodePut(
  staging: Staging,
  at: number,
  part: PutPart
): { readonly flags: number; readonly bodyBytes: number } {
  const { batch, from, to, headers } = part
  const events = to - from
  const gap = gapOf(batch, from, to)
  const bodiesAt = at + 4 * (events + 1) + headers.length
  headers.copy(staging.bytes, at + 4 * (events + 1))
  const bodyBytes =
    gap === undefined
      ? copyEach(staging, at, bodiesAt, part)
      : copyRange(staging, at, bodiesAt, { part, gap })
  return { flags: gap === 1 ? FLAG_SEPARATED : 0, bodyBytes }
}

/** The events of a put frame, out of its plain payload, whose memory they keep. Throws ERR_FORMAT. */
export function decodePut(frame: FrameHeader, plain: Buffer): EventBatch {
  const { events, headerBytes, bodyBytes } = frame
  const bodiesAt = 4 * (events + 1) + headerBytes
  if (plain.length !== bodiesAt + bodyBytes) throw damaged()
  const aligned = plain.byteOffset % 4 === 0 ? plain : Buffer.from(Uint8Array.from(plain).buffer)
  const offsets = new Uint32Array(aligned.buffer, aligned.byteOffset, events + 1)
  const gap = (frame.flags & FLAG_SEPARATED) === 0 ? 0 : 1
  checkOffsets(offsets, gap, bodyBytes)
  const ends = gap === 0 ? offsets.subarray(1) : endsBefore(offsets, gap)
  const headers = decodeHeaders(aligned.subarray(4 * (events + 1), bodiesAt), events)
  return new EventBatch(aligned.subarray(bodiesAt), offsets.subarray(0, events), ends, headers)
}

/** Length of the plain payload that a put frame's header promises. */
export function plainBytes(frame: FrameHeader): number {
  return 4 * (frame.events + 1) + frame.headerBytes + frame.bodyBytes
}

/** Bytes between neighbouring bodies where that is the same, 0 or 1, all along. */
function gapOf({ starts, ends }: EventBatch, from: number, to: number): 0 | 1 | undefined {
  if (to - from === 1) return 0
  const gap = (starts[from + 1] ?? 0) - (ends[from] ?? 0)
  if (gap !== 0 && gap !== 1) return undefined
  for (let i = from + 1; i < to; i++) if (starts[i] !== (ends[i - 1] ?? 0) + gap) return undefined
  return gap
}

function copyRange(
  { bytes, words }: Staging,
  at: number,
  bodiesAt: number,
  { part, gap }: { readonly part: PutPart; readonly gap: 0 | 1 }
): number {
  const { batch, from, to } = part
  const { slab, starts, ends } = batch
  const base = starts[from] ?? 0
  const shift = (at >>> 2) - from
  for (let i = from; i < to; i++) words[shift + i] = (starts[i] ?? 0) - base
  const end = ends[to - 1] ?? 0
  const bodyBytes = end - base + gap
  words[shift + to] = bodyBytes
  slab.copy(bytes, bodiesAt, base, end)
  if (gap === 1) bytes[bodiesAt + bodyBytes - 1] = slab[end] ?? NEWLINE
  return bodyBytes
}

function copyEach(
  { bytes, words }: Staging,
  at: number,
  bodiesAt: number,
  { batch, from, to }: PutPart
): number {
  const shift = (at >>> 2) - from
  let end = bodiesAt
  for (let i = from; i < to; i++) {
    words[shift + i] = end - bodiesAt
    end = batch.copyTo(i, bytes, end)
  }
  words[shift + to] = end - bodiesAt
  return end - bodiesAt
}

function sumOfSizes({ starts, ends }: EventBatch, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += (ends[i] ?? 0) - (starts[i] ?? 0)
  return sum
}

function endsBefore(offsets: Uint32Array, gap: number): Uint32Array {
  const ends = new Uint32Array(offsets.length - 1)
  for (let i = 0; i < ends.length; i++) ends[i] = (offsets[i + 1] ?? 0) - gap
  return ends
}

function checkOffsets(offsets: Uint32Array, gap: number, bodyBytes: number): void {
  let last = -gap
  for (const offset of offsets) {
    if (offset < last + gap) throw damaged()
    last = offset
  }
  if (offsets[0] !== 0 || last !== bodyBytes) throw damaged()
}

function damaged(): AgentError {
  return new AgentError('ERR_FORMAT', 'A frame of the log does not follow its format.')
}
