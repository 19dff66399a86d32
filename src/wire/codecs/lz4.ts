import { formatError } from './codec.ts'
import { repeat } from './snappy.ts'

/*
 * LZ4 block format, without frame. Source: lz4/doc/lz4_Block_format.md. Sequences of
 *   token: literal count in the upper, match length - 4 in the lower four bits; 15 means that bytes follow that
 *          are added, up to and including the first below 255
 *   literals   u16 little-endian match offset
 * The last sequence has literals only, at least five; the last match starts twelve bytes before the end or earlier.
 */
const MIN_MATCH = 4
const LAST_LITERALS = 5
const LAST_MATCH = 12
const MAX_OFFSET = 65535
const HASH_BITS = 14

const table = new Int32Array(1 << HASH_BITS)

/** One LZ4 block of `raw`. Greedy, one probe for each position. */
export function compressLz4 (raw: Buffer): Buffer {
  const out = Buffer.allocUnsafeSlow(raw.length + Math.floor(raw.length / 255) + 16)
  const limit = raw.length - LAST_MATCH
  table.fill(-MAX_OFFSET - 1)
  let anchor = 0
  let to = 0
  let misses = 0
  for (let at = 0; at <= limit;) {
    const word = wordAt(raw, at)
    const slot = Math.imul(word, -1640531535) >>> 32 - HASH_BITS
    const candidate = table[slot]!
    table[slot] = at
    if (at - candidate > MAX_OFFSET || wordAt(raw, candidate) !== word) {
      at += 1 + (misses++ >> 6)
      continue
    }
    const end = matchEnd(raw, candidate, at)
    to = writeSequence(raw, { anchor, at, offset: at - candidate, end }, out, to)
    anchor = at = end
    misses = 0
  }
  to = writeLiterals(raw, anchor, raw.length, out, to, 0)
  return out.subarray(0, to)
}

interface Match { readonly anchor: number, readonly at: number, readonly offset: number, readonly end: number }

function wordAt (raw: Buffer, at: number): number {
  return raw[at]! | raw[at + 1]! << 8 | raw[at + 2]! << 16 | raw[at + 3]! << 24
}

function matchEnd (raw: Buffer, candidate: number, at: number): number {
  const limit = raw.length - LAST_LITERALS
  const distance = at - candidate
  let end = at + MIN_MATCH
  while (end < limit && raw[end] === raw[end - distance]) end++
  return end
}

function writeSequence (raw: Buffer, match: Match, out: Buffer, start: number): number {
  const length = match.end - match.at - MIN_MATCH
  let to = writeLiterals(raw, match.anchor, match.at, out, start, Math.min(length, 15))
  out[to++] = match.offset & 0xff
  out[to++] = match.offset >> 8
  return length >= 15 ? writeRest(length - 15, out, to) : to
}

function writeLiterals (raw: Buffer, from: number, end: number, out: Buffer, start: number, lower: number): number {
  const count = end - from
  let to = start
  out[to++] = Math.min(count, 15) << 4 | lower
  if (count >= 15) to = writeRest(count - 15, out, to)
  return to + raw.copy(out, to, from, end)
}

function writeRest (rest: number, out: Buffer, start: number): number {
  let to = start
  for (let left = rest; ; left -= 255) {
    out[to++] = Math.min(left, 255)
    if (left < 255) return to
  }
}

/** The content of one LZ4 block, at most `most` bytes; throws ERR_FORMAT. */
export function decompressLz4 (block: Buffer, most: number): Buffer {
  const out = Buffer.allocUnsafeSlow(Math.min(most, block.length * 255))
  const cursor = { at: 0, to: 0 }
  while (cursor.at < block.length) {
    const token = block[cursor.at++]!
    const literals = readLength(block, cursor, token >> 4)
    if (literals > block.length - cursor.at || literals > out.length - cursor.to) {
      throw formatError('lz4', 'literals too long')
    }
    cursor.to += block.copy(out, cursor.to, cursor.at, cursor.at + literals)
    cursor.at += literals
    if (cursor.at < block.length) copyMatch(block, cursor, token & 15, out)
  }
  return out.subarray(0, cursor.to)
}

interface Cursor { at: number, to: number }

function copyMatch (block: Buffer, cursor: Cursor, lower: number, out: Buffer): void {
  if (cursor.at + 2 > block.length) throw formatError('lz4', 'it ends too early')
  const offset = block[cursor.at]! | block[cursor.at + 1]! << 8
  cursor.at += 2
  const length = readLength(block, cursor, lower) + MIN_MATCH
  if (offset === 0 || offset > cursor.to || length > out.length - cursor.to) {
    throw formatError('lz4', 'a copy out of range')
  }
  cursor.to = repeat(out, cursor.to, offset, length)
}

function readLength (block: Buffer, cursor: Cursor, start: number): number {
  if (start < 15) return start
  let length = start
  for (;;) {
    const byte = block[cursor.at++]
    if (byte === undefined) throw formatError('lz4', 'it ends too early')
    length += byte
    if (byte < 255) return length
  }
}
