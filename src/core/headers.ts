/** Name and value, in the order in which they were added. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[]

/**
 * The headers of all events of a batch. Immutable. Implementations: none at all, the same for every event, one
 * map for each event, a layer on top of another, a selection of another. A source may bring its own that
 * decodes on demand.
 */
export interface Headers {
  /** True when no event has any header; lets writers skip the work. */
  readonly empty: boolean
  /** Value of one header of event `index`, or undefined. */
  get(index: number, name: string): string | undefined
  /** All headers of event `index`; names are unique. */
  pairs(index: number): HeaderPairs
  /** Bytes of memory that these headers keep alive, roughly. */
  readonly bytes: number
}

const NO_PAIRS: HeaderPairs = []

/** No event has headers. */
export const NO_HEADERS: Headers = { empty: true, bytes: 0, get: () => undefined, pairs: () => NO_PAIRS }

/** Every event has the same headers. */
export class SharedHeaders implements Headers {
  readonly empty: boolean
  readonly bytes: number
  readonly #pairs: HeaderPairs

  constructor(pairs: HeaderPairs) {
    this.#pairs = pairs
    this.empty = pairs.length === 0
    this.bytes = sizeOf(pairs)
  }

  get(_index: number, name: string): string | undefined {
    return valueOf(this.#pairs, name)
  }

  pairs(): HeaderPairs {
    return this.#pairs
  }
}

/** One list of pairs for each event. */
export class EventHeaders implements Headers {
  readonly empty = false
  readonly bytes: number
  readonly #rows: readonly HeaderPairs[]

  constructor(rows: readonly HeaderPairs[]) {
    this.#rows = rows
    let bytes = 0
    for (const row of rows) bytes += sizeOf(row)
    this.bytes = bytes
  }

  get(index: number, name: string): string | undefined {
    const row = this.#rows[index]
    return row === undefined ? undefined : valueOf(row, name)
  }

  pairs(index: number): HeaderPairs {
    return this.#rows[index] ?? []
  }
}

/** One header for all events over what is below; O(1) to add. */
export class LayeredHeaders implements Headers {
  readonly empty = false
  readonly bytes: number
  readonly #below: Headers
  readonly #name: string
  readonly #value: string
  // Neighbours mostly have the same pairs below; then they get the same pairs here, which writers encode once.
  #lastBelow: HeaderPairs | undefined
  #lastPairs: HeaderPairs = NO_PAIRS

  constructor(below: Headers, name: string, value: string) {
    this.#below = below
    this.#name = name
    this.#value = value
    this.bytes = below.bytes + 2 * (name.length + value.length) + PAIR_BYTES
  }

  get(index: number, name: string): string | undefined {
    return name === this.#name ? this.#value : this.#below.get(index, name)
  }

  pairs(index: number): HeaderPairs {
    const below = this.#below.pairs(index)
    if (below !== this.#lastBelow) {
      const pair = [this.#name, this.#value] as const
      const at = below.findIndex(([name]) => name === this.#name)
      this.#lastBelow = below
      this.#lastPairs = at < 0 ? [...below, pair] : below.with(at, pair)
    }
    return this.#lastPairs
  }
}

/** One header for those events that lack it. */
export class MissingHeader implements Headers {
  readonly empty = false
  readonly bytes: number
  readonly #below: Headers
  readonly #name: string
  readonly #value: string

  constructor(below: Headers, name: string, value: string) {
    this.#below = below
    this.#name = name
    this.#value = value
    this.bytes = below.bytes + 2 * (name.length + value.length) + PAIR_BYTES
  }

  get(index: number, name: string): string | undefined {
    return this.#below.get(index, name) ?? (name === this.#name ? this.#value : undefined)
  }

  pairs(index: number): HeaderPairs {
    const below = this.#below.pairs(index)
    return valueOf(below, this.#name) === undefined ? [...below, [this.#name, this.#value]] : below
  }
}

/** Headers of chosen events of another set: `indexes[i]` there is `i` here. */
export class SelectedHeaders implements Headers {
  readonly empty: boolean
  readonly bytes: number
  readonly #all: Headers
  readonly #indexes: Uint32Array

  constructor(all: Headers, indexes: Uint32Array) {
    this.#all = all
    this.#indexes = indexes
    this.empty = all.empty
    this.bytes = all.bytes
  }

  get(index: number, name: string): string | undefined {
    const at = this.#indexes[index]
    return at === undefined ? undefined : this.#all.get(at, name)
  }

  pairs(index: number): HeaderPairs {
    const at = this.#indexes[index]
    return at === undefined ? [] : this.#all.pairs(at)
  }
}

/** Headers of the events from `offset` on of another set. */
export class ShiftedHeaders implements Headers {
  readonly empty: boolean
  readonly bytes: number
  readonly #all: Headers
  readonly #offset: number

  constructor(all: Headers, offset: number) {
    this.#all = all
    this.#offset = offset
    this.empty = all.empty
    this.bytes = all.bytes
  }

  /** The same events cut again, without stacking one shift on the other. */
  shift(by: number): ShiftedHeaders {
    return new ShiftedHeaders(this.#all, this.#offset + by)
  }

  get(index: number, name: string): string | undefined {
    return this.#all.get(index + this.#offset, name)
  }

  pairs(index: number): HeaderPairs {
    return this.#all.pairs(index + this.#offset)
  }
}

/** The headers of the events from `from` on. */
export function shiftHeaders(headers: Headers, from: number): Headers {
  if (headers.empty || from === 0 || headers instanceof SharedHeaders) return headers
  return headers instanceof ShiftedHeaders ? headers.shift(from) : new ShiftedHeaders(headers, from)
}

const PAIR_BYTES = 48

function sizeOf(pairs: HeaderPairs): number {
  let bytes = 0
  for (const [name, value] of pairs) bytes += 2 * (name.length + value.length) + PAIR_BYTES
  return bytes
}

function valueOf(pairs: HeaderPairs, wanted: string): string | undefined {
  for (const [name, value] of pairs) if (name === wanted) return value
  return undefined
}

/** Headers of several batches behind one another. */
export class JoinedHeaders implements Headers {
  readonly empty = false
  readonly bytes: number
  readonly #parts: readonly Headers[]
  readonly #offsets: readonly number[]

  /** `offsets[i]` is the index of the first event of `parts[i]`; ascending, the first is 0. */
  constructor(parts: readonly Headers[], offsets: readonly number[]) {
    this.#parts = parts
    this.#offsets = offsets
    this.bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  }

  get(index: number, name: string): string | undefined {
    const at = this.#partOf(index)
    return this.#parts[at]?.get(index - (this.#offsets[at] ?? 0), name)
  }

  pairs(index: number): HeaderPairs {
    const at = this.#partOf(index)
    return this.#parts[at]?.pairs(index - (this.#offsets[at] ?? 0)) ?? []
  }

  #partOf(index: number): number {
    let low = 0
    let high = this.#offsets.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#offsets[middle] ?? 0) <= index) low = middle
      else high = middle - 1
    }
    return low
  }
}
