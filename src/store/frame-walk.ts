import { DATA_START } from './segment-header.ts'
import {
  BLOCK_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_VERSION,
  frameEnd,
  payloadIsIntact,
  readFrameHeader,
  type StoredFrame
} from './frame.ts'

/** Memory that holds bytes of a segment from `start` on. */
export interface Window {
  readonly bytes: Buffer
  readonly start: number
}

/** A frame with a valid header. */
export interface WalkedFrame {
  readonly kind: 'frame'
  readonly frame: StoredFrame
  readonly header: Buffer
  readonly payload: Buffer
  /** Whether the payload is what was written. */
  readonly intact: boolean
  /** Where frames are missing between this one and the one before; undefined when none is. */
  readonly missingFrom: number | undefined
}

/** What a walk comes to next. `need`: it cannot go on without these bytes. */
export type Step =
  | WalkedFrame
  | { readonly kind: 'need'; readonly from: number; readonly bytes: number }
  | { readonly kind: 'end' }

// The first word of a frame, without kind and flags.
const MAGIC_MASK = 0x00ff00ff
const MAGIC_WORD = 0x4d | (FRAME_VERSION << 16)

/**
 * Goes from frame to frame of one segment, up to `limit`. Behind a valid frame comes the next, or after zeros the next
 * block; where neither begins a frame that follows on the last one, it looks for one at every multiple of 8.
 */
export class FrameWalk {
  /** Behind the last frame. */
  lastEnd: number
  /** Position of the last frame; 0 before the first, undefined when it is not known. */
  lastFrame: number | undefined
  /** No frame goes beyond; may grow. */
  limit: number
  readonly #segment: { readonly id: number; readonly seed: number }
  #at: number
  #mode: 'frame' | 'block' | 'search' = 'frame'

  /** `start` is where a frame begins. */
  constructor(segment: { readonly id: number; readonly seed: number }, start: number, limit: number) {
    this.#segment = segment
    this.limit = limit
    this.#at = start
    this.lastEnd = start
    this.lastFrame = start === DATA_START ? 0 : undefined
  }

  /** Where it looks next. */
  get position(): number {
    return this.#at
  }

  /** The next thing in `window`, which must begin at or before position. */
  next(window: Window): Step {
    for (;;) {
      if (this.#at + FRAME_HEADER_BYTES > this.limit) {
        if (this.#mode === 'search' || !this.#startSearch()) return { kind: 'end' }
        continue
      }
      const offset = this.#at - window.start
      if (offset < 0 || offset + FRAME_HEADER_BYTES > window.bytes.length)
        return this.#need(FRAME_HEADER_BYTES)
      const frame = this.#frameAt(window, offset)
      if (frame !== undefined) {
        const step = this.#take(frame, window, offset)
        if (step !== undefined) return step
      }
      if (this.#mode === 'search') this.#search(window)
      else if (this.#mode === 'frame' && this.#hasBlockBehind()) this.#toBlock()
      else this.#startSearch()
    }
  }

  #frameAt({ bytes }: Window, offset: number): StoredFrame | undefined {
    return readFrameHeader(bytes, offset, {
      segmentId: this.#segment.id,
      seed: this.#segment.seed,
      position: this.#at
    })
  }

  /** Undefined for a frame that cannot be the one that comes next. */
  #take(frame: StoredFrame, { bytes }: Window, offset: number): Step | undefined {
    const end = frameEnd(frame)
    if (end > this.limit) return undefined
    const follows =
      frame.before === this.lastFrame || (this.lastFrame === undefined && this.#at === this.lastEnd)
    if (this.#mode === 'block' && !follows) return undefined
    const size = FRAME_HEADER_BYTES + frame.length
    if (offset + size > bytes.length) return this.#need(size)
    const payload = bytes.subarray(offset + FRAME_HEADER_BYTES, offset + size)
    const intact = payloadIsIntact(frame, payload, this.#segment.seed)
    const missingFrom = follows ? undefined : this.lastEnd
    this.lastFrame = frame.position
    this.lastEnd = end
    this.#at = end
    this.#mode = 'frame'
    return {
      kind: 'frame',
      frame,
      header: bytes.subarray(offset, offset + FRAME_HEADER_BYTES),
      payload,
      intact,
      missingFrom
    }
  }

  #need(bytes: number): Step {
    return { kind: 'need', from: this.#at, bytes }
  }

  #hasBlockBehind(): boolean {
    return this.#at % BLOCK_BYTES !== 0 && blockBehind(this.#at) + FRAME_HEADER_BYTES <= this.limit
  }

  #toBlock(): void {
    this.#at = blockBehind(this.#at)
    this.#mode = 'block'
  }

  /** From behind the last frame; false when there is no room for another. */
  #startSearch(): boolean {
    this.#at = this.lastEnd
    this.#mode = this.#at + FRAME_HEADER_BYTES > this.limit ? 'frame' : 'search'
    return this.#mode === 'search'
  }

  /** To the next place in the window that looks like a frame. */
  #search({ bytes, start }: Window): void {
    const last = Math.min(start + bytes.length, this.limit) - FRAME_HEADER_BYTES
    let at = this.#at + 8
    while (at <= last && (bytes.readUInt32LE(at - start) & MAGIC_MASK) !== MAGIC_WORD) {
      at += 8
      while (at % BLOCK_BYTES === 0 && isEmptyBlock(bytes, at - start)) at += BLOCK_BYTES
    }
    this.#at = at
  }
}

const EMPTY = Buffer.alloc(BLOCK_BYTES)

function isEmptyBlock(bytes: Buffer, at: number): boolean {
  return at + BLOCK_BYTES <= bytes.length && EMPTY.compare(bytes, at, at + BLOCK_BYTES) === 0
}

function blockBehind(position: number): number {
  return Math.ceil(position / BLOCK_BYTES) * BLOCK_BYTES
}
