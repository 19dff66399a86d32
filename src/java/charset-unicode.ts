import { isUtf8 } from 'node:buffer'
import {
  NO_CHARACTER,
  TextSink,
  wholeCodePoint,
  type CharsetCodec,
  type OnBadBytes
} from './charset-codec.ts'

/** UTF-8; bad sequences are delimited as Java's decoder does. Valid text costs what the runtime's own decoder costs. */
export const UTF_8: CharsetCodec = {
  decode: (bytes, onBad) => (isUtf8(bytes) ? bytes.toString('utf8') : decodeBrokenUtf8(bytes, onBad)),
  encode: text => Buffer.from(text.isWellFormed() ? text : text.replace(LONE_SURROGATE, '?'))
}

const LONE_SURROGATE = /\p{Surrogate}/gu

function decodeBrokenUtf8(bytes: Buffer, onBad: OnBadBytes): string {
  const sink = new TextSink(bytes.length)
  for (let at = 0; at < bytes.length;) {
    const length = utf8Length(bytes, at)
    if (length > 0) sink.add(utf8CodePoint(bytes, at, length))
    else sink.addText(onBad('malformed', at, -length))
    at += Math.abs(length)
  }
  return sink.toString()
}

/** Bytes of the character at `at`; negative: so many bytes are malformed. */
function utf8Length(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return -1
  const second = bytes[at + 1]
  if (second === undefined || !isSecond(first, second)) return -1
  if (first < 0xe0) return 2
  const third = bytes[at + 2]
  if (third === undefined || !isContinuation(third)) return -2
  if (first < 0xf0) return first === 0xed && second > 0x9f ? -3 : 3
  return isContinuation(bytes[at + 3]) ? 4 : -3
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

/** Surrogates (ED A0 …) pass here: Java takes all their bytes as one bad sequence. */
function isSecond(first: number, second: number): boolean {
  if (first === 0xe0) return second >= 0xa0 && second <= 0xbf
  if (first === 0xf0) return second >= 0x90 && second <= 0xbf
  if (first === 0xf4) return second >= 0x80 && second <= 0x8f
  return isContinuation(second)
}

function utf8CodePoint(bytes: Buffer, at: number, length: number): number {
  const first = bytes[at] ?? 0
  if (length === 1) return first
  let code = first & (0x7f >> length)
  for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f)
  return code
}

type ByteOrder = 'big' | 'little'

/** How a charset of fixed units begins: which marks are taken off when reading, and whether one is written. */
interface MarkRules {
  readonly order: ByteOrder
  readonly readsMark: 'any' | 'own' | 'none'
  readonly writesMark: boolean
}

const MARK = 0xfeff

/** UTF-16 in one of its forms. A high surrogate without its low one spoils four bytes, as in Java. */
export function utf16(rules: MarkRules): CharsetCodec {
  return {
    decode: (bytes, onBad) => {
      const { order, start } = readMark(bytes, rules, 2)
      return decodeUtf16(bytes, start, order, onBad)
    },
    newDecoder: () => decoderAfterMark(rules, 2, decodeUtf16),
    encode: text => {
      const mark = rules.writesMark && text !== '' ? '\uFEFF' : ''
      const bytes = Buffer.from(mark + text.toWellFormed(), 'utf16le')
      return rules.order === 'big' ? bytes.swap16() : bytes
    }
  }
}

function decodeUtf16(bytes: Buffer, start: number, order: ByteOrder, onBad: OnBadBytes): string {
  const unitAt = (at: number) => (order === 'big' ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at))
  const sink = new TextSink(bytes.length / 2)
  const spoil = (at: number, length: number) => {
    sink.addText(onBad('malformed', at, length))
    return at + length
  }
  let at = start
  while (at < bytes.length) {
    const left = bytes.length - at
    const unit = left < 2 ? 0 : unitAt(at)
    const isHigh = (unit & 0xfc00) === 0xd800
    if (left < 2 || (isHigh && left < 4)) at = spoil(at, left)
    else if (isHigh && (unitAt(at + 2) & 0xfc00) !== 0xdc00) at = spoil(at, 4)
    else if ((unit & 0xfc00) === 0xdc00) at = spoil(at, 2)
    else {
      sink.add(unit)
      if (isHigh) sink.add(unitAt(at + 2))
      at += isHigh ? 4 : 2
    }
  }
  return sink.toString()
}

/** UTF-32 in one of its forms. */
export function utf32(rules: MarkRules): CharsetCodec {
  return {
    decode: (bytes, onBad) => {
      const { order, start } = readMark(bytes, rules, 4)
      return decodeUtf32(bytes, start, order, onBad)
    },
    newDecoder: () => decoderAfterMark(rules, 4, decodeUtf32),
    encode: text => {
      const codes = rules.writesMark && text !== '' ? [MARK] : []
      for (let at = 0; at < text.length; at++) {
        const code = wholeCodePoint(text, at)
        codes.push(code < 0 ? NO_CHARACTER : code)
        if (code > 0xffff) at++
      }
      const bytes = Buffer.alloc(codes.length * 4)
      codes.forEach((code, i) =>
        rules.order === 'big' ? bytes.writeUInt32BE(code, i * 4) : bytes.writeUInt32LE(code, i * 4)
      )
      return bytes
    }
  }
}

function decodeUtf32(bytes: Buffer, start: number, order: ByteOrder, onBad: OnBadBytes): string {
  const sink = new TextSink(bytes.length / 4)
  for (let at = start; at < bytes.length; at += 4) {
    const left = Math.min(4, bytes.length - at)
    const code = left < 4 ? Infinity : order === 'big' ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)
    if (code <= 0x10ffff) sink.add(code)
    else sink.addText(onBad('malformed', at, left))
  }
  return sink.toString()
}

/** Decodes pieces of one text, whose mark is at its beginning only. */
function decoderAfterMark(
  rules: MarkRules,
  width: 2 | 4,
  decode: (bytes: Buffer, start: number, order: ByteOrder, onBad: OnBadBytes) => string
): CharsetCodec['decode'] {
  let known: ByteOrder | undefined
  return (bytes, onBad) => {
    if (known !== undefined) return decode(bytes, 0, known, onBad)
    if (bytes.length < width) return onBad('malformed', 0, bytes.length)
    const { order, start } = readMark(bytes, rules, width)
    known = order
    return decode(bytes, start, order, onBad)
  }
}

/** The byte order that a mark at the start tells, and where the text begins. */
function readMark(bytes: Buffer, rules: MarkRules, width: 2 | 4): { order: ByteOrder; start: number } {
  const { order, readsMark } = rules
  const mark = bytes.length < width ? 0 : bytes.readUIntBE(0, width)
  const found = mark === MARK ? 'big' : mark === (width === 2 ? 0xfffe : 0xfffe0000) ? 'little' : undefined
  if (found === undefined || readsMark === 'none' || (readsMark === 'own' && found !== order))
    return { order, start: 0 }
  return { order: found, start: width }
}
