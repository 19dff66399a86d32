import { AgentError } from '../core/errors.ts'
import { NO_HEADERS, type HeaderPairs, type Headers } from '../core/headers.ts'

const FIXED_WORDS = 4
const UTF16 = 1
const NO_BYTES = Buffer.alloc(0)

/**
 * The headers of the events of one frame, as little-endian u32, zeros up to a multiple of 4 at the end:
 *   rows, names, pairs, encoding (0 UTF-8; 1 UTF-16, for text that is no Unicode)
 *   row of each event      only where there are more rows than one and fewer than events
 *   end of each row        as an index into pairs
 *   name of each pair      as an index into names
 *   end of each text       in bytes: first the names, then the value of each pair
 *   the texts
 * Without any header it is empty.
 */
export function encodeHeaders(headers: Headers, from: number, to: number): Buffer {
  if (headers.empty || to <= from) return NO_BYTES
  const rows = new RowList(headers, from, to)
  if (rows.values.length === 0) return NO_BYTES
  return rows.encode()
}

/** Rows are told apart by identity: neighbours with the same headers mostly have the same pairs object. */
class RowList {
  readonly values: string[] = []
  readonly #names = new Map<string, number>()
  readonly #rowOf: Uint32Array
  readonly #rowEnds: number[] = []
  readonly #pairNames: number[] = []

  constructor(headers: Headers, from: number, to: number) {
    this.#rowOf = new Uint32Array(to - from)
    let last: HeaderPairs | undefined
    for (let i = from; i < to; i++) {
      const pairs = headers.pairs(i)
      if (pairs !== last) this.#addRow(pairs)
      last = pairs
      this.#rowOf[i - from] = this.#rowEnds.length - 1
    }
  }

  encode(): Buffer {
    const rows = this.#rowEnds.length
    const names = [...this.#names.keys()]
    const indexed = rows > 1 && rows < this.#rowOf.length
    const texts = encodeTexts([...names, ...this.values])
    const words =
      FIXED_WORDS + (indexed ? this.#rowOf.length : 0) + rows + 2 * this.values.length + names.length
    const bytes = Buffer.alloc(words * 4 + Math.ceil(texts.bytes.length / 4) * 4)
    const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, words)
    numbers.set([rows, names.length, this.values.length, texts.encoding])
    let at = FIXED_WORDS
    for (const part of [indexed ? this.#rowOf : [], this.#rowEnds, this.#pairNames, texts.ends]) {
      numbers.set(part, at)
      at += part.length
    }
    texts.bytes.copy(bytes, words * 4)
    return bytes
  }

  #addRow(pairs: HeaderPairs): void {
    for (const [name, value] of pairs) {
      let index = this.#names.get(name)
      if (index === undefined) this.#names.set(name, (index = this.#names.size))
      this.#pairNames.push(index)
      this.values.push(value)
    }
    this.#rowEnds.push(this.values.length)
  }
}

interface Texts {
  readonly bytes: Buffer
  readonly ends: readonly number[]
  readonly encoding: number
}

function encodeTexts(texts: readonly string[]): Texts {
  const joined = texts.join('')
  const bytes = Buffer.from(joined)
  // One byte for each character: all ASCII, so lengths are known without encoding each.
  if (bytes.length === joined.length) return { bytes, ends: endsOf(texts, text => text.length), encoding: 0 }
  if (texts.every(text => text.isWellFormed()))
    return { bytes, ends: endsOf(texts, text => Buffer.byteLength(text)), encoding: 0 }
  return {
    bytes: Buffer.from(joined, 'utf16le'),
    ends: endsOf(texts, text => text.length * 2),
    encoding: UTF16
  }
}

function endsOf(texts: readonly string[], lengthOf: (text: string) => number): number[] {
  let end = 0
  return texts.map(text => (end += lengthOf(text)))
}

/** Headers of `events` events as encodeHeaders wrote them; texts are decoded when asked for. Throws ERR_FORMAT. */
export function decodeHeaders(bytes: Buffer, events: number): Headers {
  return bytes.length === 0 ? NO_HEADERS : new StoredHeaders(bytes, events)
}

class StoredHeaders implements Headers {
  readonly empty = false
  readonly bytes: number
  readonly #texts: Buffer
  readonly #encoding: 'utf8' | 'utf16le'
  readonly #rows: number
  readonly #rowOf: Uint32Array | undefined
  readonly #rowEnds: Uint32Array
  readonly #pairNames: Uint32Array
  readonly #textEnds: Uint32Array
  readonly #nameCount: number
  #names: readonly string[] | undefined
  #lastRow = -1
  #lastPairs: HeaderPairs = []

  constructor(block: Buffer, events: number) {
    const aligned = block.byteOffset % 4 === 0 ? block : Buffer.from(Uint8Array.from(block).buffer)
    const numbers = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2)
    const [rows = 0, names = 0, pairs = 0, encoding = 0] = numbers
    const indexed = rows > 1 && rows < events
    const words = FIXED_WORDS + (indexed ? events : 0) + rows + 2 * pairs + names
    if (words > numbers.length || rows < 1 || rows > events || encoding > UTF16) throw damaged()
    let at = FIXED_WORDS
    const next = (count: number): Uint32Array => numbers.subarray(at, (at += count))
    this.bytes = block.length
    this.#rows = rows
    this.#rowOf = indexed ? next(events) : undefined
    this.#rowEnds = next(rows)
    this.#pairNames = next(pairs)
    this.#textEnds = next(names + pairs)
    this.#nameCount = names
    this.#texts = aligned.subarray(words * 4)
    this.#encoding = encoding === UTF16 ? 'utf16le' : 'utf8'
    this.#check()
  }

  get(index: number, name: string): string | undefined {
    const row = this.#rowAt(index)
    const nameList = this.#nameList()
    for (let pair = this.#rowStart(row); pair < (this.#rowEnds[row] ?? 0); pair++) {
      if (nameList[this.#pairNames[pair] ?? 0] === name) return this.#text(this.#nameCount + pair)
    }
    return undefined
  }

  pairs(index: number): HeaderPairs {
    const row = this.#rowAt(index)
    if (row === this.#lastRow) return this.#lastPairs
    const nameList = this.#nameList()
    const pairs: (readonly [string, string])[] = []
    for (let pair = this.#rowStart(row); pair < (this.#rowEnds[row] ?? 0); pair++) {
      pairs.push([nameList[this.#pairNames[pair] ?? 0] ?? '', this.#text(this.#nameCount + pair)])
    }
    this.#lastRow = row
    this.#lastPairs = pairs
    return pairs
  }

  #rowAt(index: number): number {
    return this.#rowOf === undefined ? Math.min(index, this.#rows - 1) : (this.#rowOf[index] ?? 0)
  }

  #rowStart(row: number): number {
    return row === 0 ? 0 : (this.#rowEnds[row - 1] ?? 0)
  }

  #nameList(): readonly string[] {
    this.#names ??= Array.from({ length: this.#nameCount }, (_, i) => this.#text(i))
    return this.#names
  }

  #text(index: number): string {
    return this.#texts.toString(
      this.#encoding,
      index === 0 ? 0 : this.#textEnds[index - 1],
      this.#textEnds[index]
    )
  }

  #check(): void {
    ascending(this.#rowEnds, this.#pairNames.length)
    ascending(this.#textEnds, this.#texts.length)
    below(this.#pairNames, this.#nameCount)
    if (this.#rowOf !== undefined) below(this.#rowOf, this.#rows)
  }
}

function ascending(numbers: Uint32Array, limit: number): void {
  let last = 0
  for (const number of numbers) {
    if (number < last || number > limit) throw damaged()
    last = number
  }
}

function below(numbers: Uint32Array, limit: number): void {
  for (const number of numbers) if (number >= limit) throw damaged()
}

function damaged(): AgentError {
  return new AgentError('ERR_FORMAT', 'The headers of a frame do not follow the format.')
}
