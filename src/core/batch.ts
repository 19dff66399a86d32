import {
  JoinedHeaders,
  LayeredHeaders,
  NO_HEADERS,
  SelectedHeaders,
  shiftHeaders,
  type HeaderPairs,
  type Headers
} from './headers.ts'
import { allocateSlab, countGarbage } from './slab.ts'

/**
 * Events that travel together. All bodies lie in one slab; `starts[i]` and `ends[i]` bound body `i` (bytes, end
 * excluded); headers stand beside them. A batch never changes. Derived batches share the slab.
 *
 * The slab must own its memory (`Buffer.allocUnsafeSlow`, or a chunk that nobody else writes to): bytes inside
 * a body never change afterwards. Bytes outside every body may.
 */
export class EventBatch implements Iterable<EventView> {
  readonly slab: Buffer
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly headers: Headers
  #bodyBytes = -1

  constructor(slab: Buffer, starts: Uint32Array, ends: Uint32Array, headers: Headers = NO_HEADERS) {
    this.slab = slab
    this.starts = starts
    this.ends = ends
    this.headers = headers
  }

  /** Number of events. */
  get length(): number {
    return this.starts.length
  }

  /** Sum of the body lengths, in bytes. Computed once, 1 ns per event. */
  get bodyBytes(): number {
    if (this.#bodyBytes < 0) {
      let sum = 0
      for (let i = 0; i < this.starts.length; i++) sum += this.ends[i]! - this.starts[i]!
      this.#bodyBytes = sum
    }
    return this.#bodyBytes
  }

  /** Body of event `index` as a view of the slab: do not write to it. */
  body(index: number): Buffer {
    return this.slab.subarray(this.starts[index], this.ends[index])
  }

  /** Body of event `index` decoded as UTF-8. */
  text(index: number): string {
    return this.slab.toString('utf8', this.starts[index], this.ends[index])
  }

  /** Length of body `index` in bytes. */
  size(index: number): number {
    return this.ends[index]! - this.starts[index]!
  }

  /** One header of event `index`, or undefined. */
  header(index: number, name: string): string | undefined {
    return this.headers.get(index, name)
  }

  /** Copies body `index` to `out` at `at`; returns the position behind it. There must be room. */
  copyTo(index: number, out: Buffer, at: number): number {
    return at + this.slab.copy(out, at, this.starts[index], this.ends[index])
  }

  /** Events `from` up to, not including, `to`; the slab is shared. */
  slice(from: number, to: number = this.length): EventBatch {
    if (from === 0 && to >= this.length) return this
    const headers = shiftHeaders(this.headers, from)
    return new EventBatch(this.slab, this.starts.subarray(from, to), this.ends.subarray(from, to), headers)
  }

  /** The events for which `keep` says true; the batch itself when it keeps all. */
  filter(keep: (index: number) => boolean): EventBatch {
    const kept = new Uint32Array(this.length)
    let count = 0
    for (let i = 0; i < this.length; i++) if (keep(i)) kept[count++] = i
    return count === this.length ? this : this.select(kept.subarray(0, count))
  }

  /** The events at `indexes`, in that order; the slab is shared. */
  select(indexes: Uint32Array): EventBatch {
    const starts = new Uint32Array(indexes.length)
    const ends = new Uint32Array(indexes.length)
    for (let i = 0; i < indexes.length; i++) {
      starts[i] = this.starts[indexes[i]!]!
      ends[i] = this.ends[indexes[i]!]!
    }
    const headers = this.headers.empty ? NO_HEADERS : new SelectedHeaders(this.headers, indexes)
    return new EventBatch(this.slab, starts, ends, headers)
  }

  /** The same events with one header added to or replaced on each. O(1). */
  withHeader(name: string, value: string): EventBatch {
    return this.withHeaders(new LayeredHeaders(this.headers, name, value))
  }

  /** The same bodies with other headers. */
  withHeaders(headers: Headers): EventBatch {
    return new EventBatch(this.slab, this.starts, this.ends, headers)
  }

  /**
   * Whether the bodies follow one another with exactly one `separator` byte behind each, the last included; then
   * `slab` from `starts[0]` to `ends[length - 1] + 1` is all of them with their separators. 2 ns per event.
   */
  isSeparatedBy(separator: number): boolean {
    const { slab, starts, ends } = this
    const last = starts.length - 1
    for (let i = 0; i < last; i++) {
      const end = ends[i]!
      if (starts[i + 1] !== end + 1 || slab[end] !== separator) return false
    }
    return last >= 0 && slab[ends[last]!] === separator
  }

  /** The same events with bodies copied into a slab of their own, no larger than they need. */
  compact(): EventBatch {
    return joinBatches([this])
  }

  *[Symbol.iterator](): Generator<EventView, undefined> {
    for (let i = 0; i < this.length; i++) yield new EventView(this, i)
    return undefined
  }
}

/** One event of a batch, for reading; safe to keep, and keeps the batch's slab alive. */
export class EventView {
  readonly #batch: EventBatch
  readonly #index: number

  constructor(batch: EventBatch, index: number) {
    this.#batch = batch
    this.#index = index
  }

  /** Body as a view of the slab. */
  get body(): Buffer {
    return this.#batch.body(this.#index)
  }

  /** Body decoded as UTF-8. */
  get text(): string {
    return this.#batch.text(this.#index)
  }

  /** Length of the body in bytes. */
  get size(): number {
    return this.#batch.size(this.#index)
  }

  /** All headers. */
  get headers(): HeaderPairs {
    return this.#batch.headers.pairs(this.#index)
  }

  /** One header, or undefined. */
  header(name: string): string | undefined {
    return this.#batch.headers.get(this.#index, name)
  }
}

/** Without events. */
export const EMPTY_BATCH = new EventBatch(Buffer.alloc(0), new Uint32Array(0), new Uint32Array(0))

/**
 * The events of all `batches`, in order, bodies copied into one new slab; headers are shared. Bodies that lie
 * close together are copied as one range: about 2 ns per event, else 45.
 */
export function joinBatches(batches: readonly EventBatch[]): EventBatch {
  let bytes = 0
  let count = 0
  for (const batch of batches) {
    bytes += isDense(batch) ? spanOf(batch) : batch.bodyBytes
    count += batch.length
  }
  const slab = allocateSlab(bytes)
  const starts = new Uint32Array(count)
  const ends = new Uint32Array(count)
  countGarbage(starts.byteLength + ends.byteLength, 2)
  let at = 0
  let event = 0
  for (const batch of batches) {
    const offsets = { starts: starts.subarray(event), ends: ends.subarray(event) }
    at = isDense(batch) ? copyRange(batch, slab, at, offsets) : copyBodies(batch, slab, at, offsets)
    event += batch.length
  }
  return new EventBatch(slab, starts, ends, joinHeaders(batches))
}

interface Offsets {
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

/** In order, and little but the bodies between the first byte and the last (one byte more, for its separator). */
function isDense(batch: EventBatch): boolean {
  const { starts, ends, length } = batch
  if (spanOf(batch) > batch.bodyBytes + 2 * length) return false
  for (let i = 1; i < length; i++) if (starts[i]! < ends[i - 1]!) return false
  return true
}

function spanOf({ slab, starts, ends, length }: EventBatch): number {
  return length === 0 ? 0 : Math.min(ends[length - 1]! + 1, slab.length) - starts[0]!
}

function copyRange(batch: EventBatch, slab: Buffer, at: number, { starts, ends }: Offsets): number {
  const shift = at - batch.starts[0]!
  for (let i = 0; i < batch.length; i++) {
    starts[i] = batch.starts[i]! + shift
    ends[i] = batch.ends[i]! + shift
  }
  return at + batch.slab.copy(slab, at, batch.starts[0], batch.starts[0]! + spanOf(batch))
}

function copyBodies(batch: EventBatch, slab: Buffer, at: number, { starts, ends }: Offsets): number {
  for (let i = 0; i < batch.length; i++) {
    starts[i] = at
    at = batch.copyTo(i, slab, at)
    ends[i] = at
  }
  return at
}

function joinHeaders(batches: readonly EventBatch[]): Headers {
  const first = batches[0]
  if (first === undefined || batches.every(batch => batch.headers.empty)) return NO_HEADERS
  if (batches.length === 1) return first.headers
  const offsets: number[] = []
  let offset = 0
  for (const batch of batches) {
    offsets.push(offset)
    offset += batch.length
  }
  return new JoinedHeaders(
    batches.map(batch => batch.headers),
    offsets
  )
}
