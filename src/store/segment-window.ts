import type { SegmentReads } from './careful-reader.ts'
import { BLOCK_BYTES } from './frame.ts'
import type { Window } from './frame-walk.ts'
import { readFully } from './segment.ts'

/** Reads a segment piece by piece. */
export class SegmentWindow {
  readonly #file: SegmentReads
  readonly #bytes: number
  readonly #allocate: (bytes: number) => Buffer
  #window: Window = { bytes: Buffer.alloc(0), start: 0 }
  /** Bytes read so far. */
  read = 0
  /** Nothing beyond is read; may grow. */
  limit: number

  /** Pieces of `bytes`, none beyond `limit`. `allocate` gives the memory of each. */
  constructor(file: SegmentReads, limit: number, bytes: number, allocate: (bytes: number) => Buffer) {
    this.#file = file
    this.limit = limit
    this.#bytes = bytes
    this.#allocate = allocate
  }

  /** What was read last. */
  get current(): Window {
    return this.#window
  }

  /** Reads from `position` on at least `bytes`, less only at the end; resolves to whether all are there. */
  async move(position: number, bytes: number): Promise<boolean> {
    const start = Math.floor(position / BLOCK_BYTES) * BLOCK_BYTES
    const length = Math.min(Math.max(this.#bytes, position - start + bytes), this.limit - start)
    if (length <= 0) return false
    const memory = this.#allocate(length).subarray(0, length)
    const read = await readFully(this.#file, memory, start)
    this.read += read
    this.#window = { bytes: memory.subarray(0, read), start }
    return start + read >= position + bytes
  }
}

/** Gives the same memory again and again, larger when it must be. */
export function reusedMemory(): (bytes: number) => Buffer {
  let memory = Buffer.alloc(0)
  return bytes => {
    if (memory.length < bytes) memory = Buffer.allocUnsafeSlow(bytes)
    return memory
  }
}
