import type { BitWriter } from './bit-writer.ts'
import { huffmanLengths } from './huffman-lengths.ts'

const GROUP = 50
const MAX_CODE_BITS = 17
const ROUNDS = 4

/**
 * Writes one transformed column. Source: libbzip2, generateMTFValues and sendMTFValues.
 *   16 bits: which 16ths of the byte values occur, and 16 bits for each of those: which values
 *   3 bits number of codes (2–6)   15 bits number of groups of 50 symbols
 *   for each group the number of its code: moved to front, in unary
 *   for each code: 5 bits first length, then for each symbol 10 (one up), 11 (one down) …, 0
 *   the symbols: values moved to front + 1; runs of front values in base 2 with digits 0 and 1 meaning 1 and 2;
 *   an end symbol
 */
export function writeSymbols(bits: BitWriter, column: Uint8Array): void {
  const used = usedValues(column)
  writeUsed(bits, used)
  const symbols = moveToFront(column, used)
  const alphabet = used.length + 2
  const codes = chooseCodes(symbols, alphabet)
  bits.write(3, codes.lengths.length)
  bits.write(15, codes.selectors.length)
  writeSelectors(bits, codes.selectors)
  for (const lengths of codes.lengths) writeLengths(bits, lengths)
  writeCoded(bits, symbols, codes)
}

interface Codes {
  readonly lengths: Uint8Array[]
  readonly selectors: Uint8Array
}

function usedValues(column: Uint8Array): number[] {
  const seen = new Uint8Array(256)
  for (let i = 0; i < column.length; i++) seen[column[i]!] = 1
  return Array.from(seen.keys()).filter(value => seen[value] === 1)
}

function writeUsed(bits: BitWriter, used: readonly number[]): void {
  const maps = new Uint16Array(16)
  for (const value of used) maps[value >> 4]! |= 0x8000 >> (value & 15)
  let sixteenths = 0
  for (let i = 0; i < 16; i++) if (maps[i] !== 0) sixteenths |= 0x8000 >> i
  bits.write(16, sixteenths)
  for (const map of maps) if (map !== 0) bits.write(16, map)
}

/** Symbols for the values of the column, the end symbol included. */
function moveToFront(column: Uint8Array, used: readonly number[]): Uint16Array {
  const front = Uint8Array.from(used)
  const symbols = new Uint16Array(column.length + 1)
  let count = 0
  let run = 0
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!
    if (front[0] === value) {
      run++
      continue
    }
    for (; run > 0; run = (run - 1) >> 1) symbols[count++] = (run - 1) & 1
    let at = 1
    while (front[at] !== value) at++
    front.copyWithin(1, 0, at)
    front[0] = value
    symbols[count++] = at + 1
  }
  for (; run > 0; run = (run - 1) >> 1) symbols[count++] = (run - 1) & 1
  symbols[count++] = used.length + 1
  return symbols.subarray(0, count)
}

function chooseCodes(symbols: Uint16Array, alphabet: number): Codes {
  const selectors = new Uint8Array(Math.ceil(symbols.length / GROUP))
  let lengths = firstLengths(symbols, alphabet)
  for (let round = 0; round < ROUNDS; round++) {
    const counts = lengths.map(() => new Uint32Array(alphabet))
    for (let group = 0; group < selectors.length; group++) {
      const from = group * GROUP
      const to = Math.min(from + GROUP, symbols.length)
      const best = cheapest(symbols, from, to, lengths)
      selectors[group] = best
      const count = counts[best]!
      for (let i = from; i < to; i++) count[symbols[i]!]!++
    }
    lengths = counts.map(count => huffmanLengths(count, MAX_CODE_BITS))
  }
  return { lengths, selectors }
}

/** Codes to start from: each prefers a stretch of the alphabet that holds its share of the symbols. */
function firstLengths(symbols: Uint16Array, alphabet: number): Uint8Array[] {
  const codes =
    symbols.length < 200
      ? 2
      : symbols.length < 600
        ? 3
        : symbols.length < 1200
          ? 4
          : symbols.length < 2400
            ? 5
            : 6
  const counts = new Uint32Array(alphabet)
  for (const symbol of symbols) counts[symbol]!++
  const lengths: Uint8Array[] = []
  let from = 0
  let left = symbols.length
  for (let code = codes; code > 0; code--) {
    let to = from
    for (let share = 0; to < alphabet && (share < left / code || to === from); to++) share += counts[to]!
    for (let i = from; i < to; i++) left -= counts[i]!
    const stretch = { from, to }
    lengths.push(new Uint8Array(alphabet).map((_, i) => (i >= stretch.from && i < stretch.to ? 1 : 15)))
    from = to
  }
  return lengths
}

function cheapest(symbols: Uint16Array, from: number, to: number, codes: readonly Uint8Array[]): number {
  let best = 0
  let bestCost = Infinity
  for (let code = 0; code < codes.length; code++) {
    const lengths = codes[code]!
    let cost = 0
    for (let i = from; i < to; i++) cost += lengths[symbols[i]!]!
    if (cost < bestCost) {
      best = code
      bestCost = cost
    }
  }
  return best
}

function writeSelectors(bits: BitWriter, selectors: Uint8Array): void {
  const front = [0, 1, 2, 3, 4, 5]
  for (const selector of selectors) {
    const at = front.indexOf(selector)
    front.splice(at, 1)
    front.unshift(selector)
    bits.write(at + 1, (1 << (at + 1)) - 2)
  }
}

function writeLengths(bits: BitWriter, lengths: Uint8Array): void {
  let current = lengths[0]!
  bits.write(5, current)
  for (const length of lengths) {
    for (; current < length; current++) bits.write(2, 2)
    for (; current > length; current--) bits.write(2, 3)
    bits.write(1, 0)
  }
}

function writeCoded(bits: BitWriter, symbols: Uint16Array, { lengths, selectors }: Codes): void {
  const words = lengths.map(codeWords)
  for (let group = 0; group < selectors.length; group++) {
    const code = selectors[group]!
    const bitsOf = lengths[code]!
    const wordOf = words[code]!
    const to = Math.min((group + 1) * GROUP, symbols.length)
    for (let i = group * GROUP; i < to; i++) bits.write(bitsOf[symbols[i]!]!, wordOf[symbols[i]!]!)
  }
}

/** Canonical code words: ascending by length, then by symbol. */
function codeWords(lengths: Uint8Array): Uint32Array {
  const words = new Uint32Array(lengths.length)
  let word = 0
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++)
      if (lengths[symbol] === length) words[symbol] = word++
    word <<= 1
  }
  return words
}
