import { TextSink, wholeCodePoint, type CharsetCodec, type OnBadBytes } from './charset-codec.ts'
import { pairTable, type PairTable } from './charset-double-byte.ts'

/** Signs of JIS X 0208, in EUC, that Java reads unlike the code pages of Windows. */
const SIGNS: Readonly<Record<number, number>> = {
  0xa1bd: 0x2014,
  0xa1c1: 0x301c,
  0xa1c2: 0x2016,
  0xa1dd: 0x2212,
  0xa1f1: 0xa2,
  0xa1f2: 0xa3,
  0xa2cc: 0xac
}

/** JIS X 0208 in EUC, without the rows that vendors filled. */
function jis0208Of(pair: number, code: number): number {
  const lead = pair >>> 8
  const trail = pair & 0xff
  if (trail < 0xa1 || lead < 0xa1 || lead > 0xf4 || (lead > 0xa8 && lead < 0xb0)) return 0
  if ((lead === 0xa8 && trail > 0xc0) || (lead === 0xf4 && trail > 0xa6)) return 0
  return SIGNS[pair] ?? code
}

/** What Java's Shift_JIS reads for a pair: JIS X 0208 only. */
export function shiftJisOf(pair: number, code: number): number {
  const lead = pair >>> 8
  const trail = pair & 0xff
  if (lead > 0xef || trail < 0x40 || trail === 0x7f || trail > 0xfc) return 0
  const row = (lead - (lead < 0xa0 ? 0x81 : 0xc1)) * 2 + (trail < 0x9f ? 0 : 1)
  const cell = trail - (trail < 0x7f ? 0x40 : trail < 0x9f ? 0x41 : 0x9f)
  return jis0208Of(((row + 0xa1) << 8) | (cell + 0xa1), code)
}

interface Tables {
  readonly jis0208: PairTable
  /** Code point by pair of JIS X 0212, and the other way round. */
  readonly jis0212: Uint16Array
  readonly pairs0212: ReadonlyMap<number, number>
}

let made: Tables | undefined

function tables(): Tables {
  if (made !== undefined) return made
  const decoder = new TextDecoder('euc-jp')
  const jis0212 = new Uint16Array(65_536)
  const pairs0212 = new Map<number, number>()
  for (let pair = 0xa2a1; pair <= 0xedfe; pair++) {
    if ((pair & 0xff) < 0xa1 || (pair & 0xff) === 0xff) continue
    const text = decoder.decode(Uint8Array.of(0x8f, pair >>> 8, pair & 0xff))
    if (text.length !== 1 || text === '\uFFFD') continue
    jis0212[pair] = text.charCodeAt(0)
    pairs0212.set(text.charCodeAt(0), pair)
  }
  made = { jis0208: pairTable({ label: 'euc-jp', read: jis0208Of }), jis0212, pairs0212 }
  return made
}

/**
 * EUC-JP: ASCII; pairs of A1–FE for JIS X 0208; 8E and a byte for half-width katakana; 8F and a pair for JIS X 0212.
 * A byte that begins nothing spoils the next one too, as in Java.
 */
export const EUC_JP: CharsetCodec = {
  decode: (bytes, onBad) => {
    const { jis0208, jis0212 } = tables()
    const sink = new TextSink(bytes.length)
    for (let at = 0; at < bytes.length;) {
      const first = bytes[at] ?? 0
      const length = first < 0x80 ? 1 : first === 0x8f ? 3 : 2
      const left = bytes.length - at
      const pair =
        length === 3
          ? ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
          : (first << 8) | (bytes[at + 1] ?? 0)
      const code =
        length === 1
          ? first
          : length === 3
            ? (jis0212[pair] ?? 0)
            : (kanaOf(pair) ?? jis0208.codes[pair] ?? 0)
      if (left < length) sink.addText(onBad('malformed', at, left))
      else if (code > 0 || length === 1) sink.add(code)
      else sink.addText(onBad('unmappable', at, length))
      at += length
    }
    return sink.toString()
  },
  encode: text => {
    const { jis0208, pairs0212 } = tables()
    const bytes: number[] = []
    for (let at = 0; at < text.length; at++) {
      const code = wholeCodePoint(text, at)
      const pair = jis0208.pairs.get(code)
      const pair0212 = pairs0212.get(code)
      const single = singleOf(code)
      if (single !== undefined) bytes.push(single)
      else if (isKana(code)) bytes.push(0x8e, code - 0xfec0)
      else if (pair !== undefined) bytes.push(pair >>> 8, pair & 0xff)
      else if (pair0212 !== undefined) bytes.push(0x8f, pair0212 >>> 8, pair0212 & 0xff)
      else bytes.push(0x3f)
      if (code > 0xffff) at++
    }
    return Buffer.from(bytes)
  }
}

function kanaOf(pair: number): number | undefined {
  if (pair >>> 8 !== 0x8e) return undefined
  const trail = pair & 0xff
  return trail >= 0xa1 && trail <= 0xdf ? trail + 0xfec0 : 0
}

function isKana(code: number): boolean {
  return code >= 0xff61 && code <= 0xff9f
}

/** ASCII; the yen sign and the overline stand where Japanese ASCII has them. */
function singleOf(code: number): number | undefined {
  if (code >= 0 && code < 0x80) return code
  return code === 0xa5 ? 0x5c : code === 0x203e ? 0x7e : undefined
}

type Mode = 'ascii' | 'roman' | 'kana' | 'kanji'

const ESCAPES: Readonly<Record<string, Mode>> = {
  '\x1b(B': 'ascii',
  '\x1b(J': 'roman',
  '\x1b(I': 'kana',
  '\x1b$B': 'kanji',
  '\x1b$@': 'kanji'
}
const ESCAPE_TO: Readonly<Record<Mode, string>> = {
  ascii: '\x1b(B',
  roman: '\x1b(J',
  kana: '\x1b(I',
  kanji: '\x1b$B'
}

/** In EUC; what Java writes for characters that the charset lacks. */
const WIDE_QUESTION_MARK = 0xa1a9

/** ISO-2022-JP: seven bits, with escape sequences between ASCII, Japanese ASCII, half-width katakana and JIS X 0208. */
export const ISO_2022_JP: CharsetCodec = {
  decode: (bytes, onBad) => decodeIso2022(bytes, onBad, { mode: 'ascii', before: 'ascii' }),
  newDecoder: () => {
    const shift: Shift = { mode: 'ascii', before: 'ascii' }
    return (bytes, onBad) => decodeIso2022(bytes, onBad, shift)
  },
  encode: text => {
    const bytes: number[] = []
    let mode: Mode = 'ascii'
    const to = (wanted: Mode) => {
      if (mode !== wanted) bytes.push(...Buffer.from(ESCAPE_TO[wanted]))
      mode = wanted
    }
    for (let at = 0; at < text.length; at++) {
      const code = wholeCodePoint(text, at)
      const single = singleOf(code)
      if (single !== undefined) {
        to(single === code ? 'ascii' : 'roman')
        bytes.push(single)
      } else if (isKana(code)) {
        to('kana')
        bytes.push(code - 0xff40)
      } else {
        const pair = (tables().jis0208.pairs.get(code) ?? WIDE_QUESTION_MARK) & 0x7f7f
        to('kanji')
        bytes.push(pair >>> 8, pair & 0xff)
      }
      if (code > 0xffff) at++
    }
    to('ascii')
    return Buffer.from(bytes)
  }
}

const SHIFT_OUT = 0x0e
const SHIFT_IN = 0x0f
const ESCAPE = 0x1b

/** What a byte stands for now, and what it stood for before a shift-out. */
interface Shift {
  mode: Mode
  before: Mode
}

/** Shift-out stands for katakana until shift-in, as in Java. Leaves `shift` as it is after the last byte. */
function decodeIso2022(bytes: Buffer, onBad: OnBadBytes, shift: Shift): string {
  const sink = new TextSink(bytes.length)
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0
    if (first === ESCAPE) {
      const length = escapeLength(bytes, at)
      const wanted = ESCAPES[bytes.toString('latin1', at, at + length)]
      if (wanted === undefined) sink.addText(onBad('malformed', at, length))
      else shift.mode = wanted
      at += length
    } else if (first === SHIFT_OUT || first === SHIFT_IN) {
      if (first === SHIFT_OUT) shift.before = shift.mode
      shift.mode = first === SHIFT_OUT ? 'kana' : shift.before
      at++
    } else at += decodeInMode(bytes, at, shift.mode, { sink, onBad })
  }
  return sink.toString()
}

/** Bytes that Java takes for one escape sequence, known or not. */
function escapeLength(bytes: Buffer, at: number): number {
  const second = bytes[at + 1]
  const length = second === 0x24 || second === 0x28 ? 3 : 2
  return Math.min(length, bytes.length - at)
}

/** Decodes one character; returns its length. */
function decodeInMode(
  bytes: Buffer,
  at: number,
  mode: Mode,
  out: { readonly sink: TextSink; readonly onBad: OnBadBytes }
): number {
  const first = bytes[at] ?? 0
  const length = mode === 'kanji' && first < 0x80 && at + 1 < bytes.length ? 2 : 1
  const code = length === 2 ? kanjiAt(bytes, at) : singleIn(mode, first)
  if (code >= 0) out.sink.add(code)
  else out.sink.addText(out.onBad(length === 2 ? 'unmappable' : 'malformed', at, length))
  return length
}

function kanjiAt(bytes: Buffer, at: number): number {
  const pair = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  return (pair & 0x8080) === 0 ? tables().jis0208.codes[pair | 0x8080] || -1 : -1
}

function singleIn(mode: Mode, byte: number): number {
  if (byte > 0x7f || mode === 'kanji') return -1
  if (mode === 'kana' && byte > 0x20) return byte < 0x60 ? byte + 0xff40 : -1
  if (mode === 'roman' && byte === 0x5c) return 0xa5
  return mode === 'roman' && byte === 0x7e ? 0x203e : byte
}
