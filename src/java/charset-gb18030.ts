import {
  TextSink,
  wholeCodePoint,
  type BadBytesReason,
  type CharsetCodec,
  type OnBadBytes
} from './charset-codec.ts'
import { pairTable, type PairTable } from './charset-double-byte.ts'

/**
 * GB 18030: ASCII, pairs as in GBK, and four bytes for all other characters.
 *   81–FE 30–39 81–FE 30–39   counted up from 81 30 81 30; from 90 30 81 30 on U+10000 and what follows it
 */
export const GB18030: CharsetCodec = {
  decode: (bytes, onBad) => decodeGb18030(bytes, onBad),
  encode: text => encodeGb18030(text)
}

/** Index of 90 30 81 30, and of the last four bytes that stand for a character below U+10000. */
const SUPPLEMENTARY = 189_000
const LAST_BASIC = 39_419

interface Tables {
  readonly pairs: PairTable
  /** Code point by index of the four bytes. */
  readonly basic: Uint16Array
  readonly indexes: ReadonlyMap<number, number>
}

/** Indexes from which Java has other characters: the private ones whose pairs now stand for assigned ones. */
const CHANGES: readonly (readonly [index: number, characters: string])[] = [
  [indexOf(0x82, 0x35, 0x90, 0x37), '\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864'],
  [indexOf(0x84, 0x31, 0x82, 0x36), '\ue78d\ue78f\ue78e\ue790\ue791\ue792\ue793\ue794\ue795\ue796']
]

let made: Tables | undefined

function tables(): Tables {
  if (made !== undefined) return made
  const all = Buffer.alloc((LAST_BASIC + 1) * 4)
  for (let index = 0; index <= LAST_BASIC; index++) writeFour(all, index * 4, index)
  const text = new TextDecoder('gb18030').decode(all)
  const basic = Uint16Array.from({ length: LAST_BASIC + 1 }, (_, index) => text.charCodeAt(index))
  for (const [from, characters] of CHANGES) {
    for (let at = 0; at < characters.length; at++) basic[from + at] = characters.charCodeAt(at)
  }
  const indexes = new Map(Array.from(basic, (code, index) => [code, index] as const))
  made = {
    pairs: pairTable({ label: 'gb18030', read: (pair, code) => (pair === 0xa3a0 ? 0xe5e5 : code) }),
    basic,
    indexes
  }
  return made
}

function writeFour(bytes: Buffer, at: number, index: number): void {
  bytes[at] = 0x81 + Math.floor(index / 12_600)
  bytes[at + 1] = 0x30 + (Math.floor(index / 1260) % 10)
  bytes[at + 2] = 0x81 + (Math.floor(index / 10) % 126)
  bytes[at + 3] = 0x30 + (index % 10)
}

function decodeGb18030(bytes: Buffer, onBad: OnBadBytes): string {
  const { pairs, basic } = tables()
  const sink = new TextSink(bytes.length)
  const spoil = (reason: BadBytesReason, at: number, length: number) => {
    sink.addText(onBad(reason, at, length))
    return at + length
  }
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at] ?? 0
    const second = bytes[at + 1] ?? 0
    if (first < 0x80) {
      sink.add(first)
      at++
    } else if (first === 0x80 || first === 0xff || second < 0x30) at = spoil('malformed', at, 1)
    else if (second > 0x39) {
      const code = pairs.codes[(first << 8) | second] ?? 0
      if (code === 0) at = spoil('malformed', at, 2)
      else {
        sink.add(code)
        at += 2
      }
    } else {
      const code = fourBytes(bytes, at, basic)
      if (code < 0) at = spoil(code === -4 ? 'unmappable' : 'malformed', at, -code)
      else {
        sink.add(code)
        at += 4
      }
    }
  }
  return sink.toString()
}

function indexOf(first: number, second: number, third: number, fourth: number): number {
  return (first - 0x81) * 12_600 + (second - 0x30) * 1260 + (third - 0x81) * 10 + fourth - 0x30
}

/** The code point; negative: so many bytes are bad. */
function fourBytes(bytes: Buffer, at: number, basic: Uint16Array): number {
  if (at + 4 > bytes.length) return at - bytes.length
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + 4)
  if (third < 0x81 || third === 0xff || fourth < 0x30 || fourth > 0x39) return -1
  const index = indexOf(first, second, third, fourth)
  if (index <= LAST_BASIC) return basic[index] ?? -4
  const code = index - SUPPLEMENTARY + 0x10000
  return code >= 0x10000 && code <= 0x10ffff ? code : -4
}

function encodeGb18030(text: string): Buffer {
  const { pairs, indexes } = tables()
  const bytes = Buffer.allocUnsafe(text.length * 4)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = wholeCodePoint(text, at)
    const pair = pairs.pairs.get(code)
    if (code < 0x80) bytes[length++] = code < 0 ? 0x3f : code
    else if (pair !== undefined) length = bytes.writeUInt16BE(pair, length)
    else {
      writeFour(bytes, length, code > 0xffff ? code - 0x10000 + SUPPLEMENTARY : (indexes.get(code) ?? 0))
      length += 4
    }
    if (code > 0xffff) at++
  }
  return bytes.subarray(0, length)
}
