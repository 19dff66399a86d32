import { formatError } from '../codec.ts'
import type { BitReader } from './bit-reader.ts'

const GROUP = 50
const MAX_CODE_BITS = 20

/** Reads one transformed column into `column` (format: write-symbols.ts); returns its length. Throws ERR_FORMAT. */
export function readSymbols(bits: BitReader, column: Uint8Array): number {
  const front = readUsed(bits)
  const codes = bits.read(3)
  if (codes < 2 || codes > 6) throw formatError('bzip2', 'a wrong number of codes')
  const selectors = readSelectors(bits, codes)
  const tables: Code[] = []
  for (let i = 0; i < codes; i++) tables.push(readCode(bits, front.length + 2))
  return readColumn(bits, { front, selectors, tables }, column)
}

function readUsed(bits: BitReader): Uint8Array {
  const sixteenths = bits.read(16)
  const used: number[] = []
  for (let i = 0; i < 16; i++) {
    if ((sixteenths & (0x8000 >> i)) === 0) continue
    const map = bits.read(16)
    for (let j = 0; j < 16; j++) if ((map & (0x8000 >> j)) !== 0) used.push(16 * i + j)
  }
  if (used.length === 0) throw formatError('bzip2', 'a block without values')
  return Uint8Array.from(used)
}

function readSelectors(bits: BitReader, codes: number): Uint8Array {
  const selectors = new Uint8Array(bits.read(15))
  const front = [0, 1, 2, 3, 4, 5]
  for (let i = 0; i < selectors.length; i++) {
    let at = 0
    while (bits.bit() === 1) if (++at >= codes) throw formatError('bzip2', 'a selector out of range')
    const [selector] = front.splice(at, 1)
    front.unshift(selector!)
    selectors[i] = selector!
  }
  return selectors
}

/** A canonical code: for each length the last word, and what to add to a word to find its symbol. */
interface Code {
  readonly last: Int32Array
  readonly base: Int32Array
  readonly symbols: Uint16Array
  readonly shortest: number
}

function readCode(bits: BitReader, alphabet: number): Code {
  const lengths = new Uint8Array(alphabet)
  let length = bits.read(5)
  for (let symbol = 0; symbol < alphabet; symbol++) {
    if (length < 1 || length > MAX_CODE_BITS) throw formatError('bzip2', 'a wrong code length')
    while (bits.bit() === 1) {
      length += bits.bit() === 0 ? 1 : -1
      if (length < 1 || length > MAX_CODE_BITS) throw formatError('bzip2', 'a wrong code length')
    }
    lengths[symbol] = length
  }
  return canonical(lengths)
}

function canonical(lengths: Uint8Array): Code {
  const last = new Int32Array(MAX_CODE_BITS + 1).fill(-1)
  const base = new Int32Array(MAX_CODE_BITS + 1)
  const symbols = new Uint16Array(lengths.length)
  let word = 0
  let count = 0
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    base[length] = count - word
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue
      symbols[count++] = symbol
      word++
    }
    last[length] = word - 1
    word *= 2
  }
  return { last, base, symbols, shortest: Math.min(...lengths) }
}

interface Coded {
  readonly front: Uint8Array
  readonly selectors: Uint8Array
  readonly tables: readonly Code[]
}

function readColumn(bits: BitReader, { front, selectors, tables }: Coded, column: Uint8Array): number {
  const endSymbol = front.length + 1
  let at = 0
  let digit = 1
  for (const selector of selectors) {
    const code = tables[selector]!
    for (let i = 0; i < GROUP; i++) {
      const symbol = readSymbol(bits, code)
      if (symbol < 2) {
        const run = digit << symbol
        if (run > column.length - at) throw formatError('bzip2', 'a block is too long')
        column.fill(front[0]!, at, at + run)
        at += run
        digit *= 2
        continue
      }
      if (symbol === endSymbol) return at
      digit = 1
      if (at === column.length) throw formatError('bzip2', 'a block is too long')
      column[at++] = moveToFront(front, symbol - 1)
    }
  }
  throw formatError('bzip2', 'a block without end')
}

function moveToFront(front: Uint8Array, index: number): number {
  const value = front[index]!
  front.copyWithin(1, 0, index)
  front[0] = value
  return value
}

function readSymbol(bits: BitReader, code: Code): number {
  let length = code.shortest
  let word = bits.read(length)
  while (word > code.last[length]!) {
    if (++length > MAX_CODE_BITS) throw formatError('bzip2', 'a code word that means nothing')
    word = word * 2 + bits.bit()
  }
  const symbol = code.symbols[word + code.base[length]!]
  if (symbol === undefined) throw formatError('bzip2', 'a code word that means nothing')
  return symbol
}
