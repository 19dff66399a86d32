import type { CharsetCodec } from './charset-codec.ts'
import { doubleByte } from './charset-double-byte.ts'
import { GB18030 } from './charset-gb18030.ts'
import { EUC_JP, ISO_2022_JP, shiftJisOf } from './charset-japanese.ts'

const ascii = (byte: number) => (byte < 0x80 ? byte : -1)

/** Half-width katakana follow ASCII in the single bytes of Shift_JIS. */
const asciiOrKana = (byte: number) => (byte >= 0xa1 && byte <= 0xdf ? byte + 0xfec0 : ascii(byte))

/** Both bytes as in EUC. */
const isEuc = (pair: number) => (pair & 0x8080) === 0x8080 && pair >>> 8 > 0xa0 && (pair & 0xff) > 0xa0

const isPrivate = (code: number) => code >= 0xe000 && code <= 0xf8ff

/** KS X 1001 with the two signs that were added in 1998. */
function koreanOf(pair: number, code: number): number {
  if (pair === 0xa2e6) return 0x20ac
  if (pair === 0xa2e7) return 0xae
  return isEuc(pair) ? code : 0
}

/** The unified Hangul code: KS X 1001, and the syllables that it lacks in the pairs left over. */
function unifiedHangulOf(pair: number, code: number): number {
  addedHangul ??= addHangul()
  return addedHangul.get(pair) ?? koreanOf(pair, code)
}

let addedHangul: ReadonlyMap<number, number> | undefined

/** The added syllables follow one another: leads 81 to A0 have 178 trails, from A1 on 84. */
function addHangul(): ReadonlyMap<number, number> {
  const decoder = new TextDecoder('euc-kr')
  const plain = new Set<string>()
  for (let pair = 0xb0a1; pair <= 0xc8fe; pair++) {
    if (isEuc(pair)) plain.add(decoder.decode(Uint8Array.of(pair >>> 8, pair & 0xff)))
  }
  const added = new Map<number, number>()
  let pair = 0x8141
  for (let code = 0xac00; code <= 0xd7a3; code++) {
    if (plain.has(String.fromCharCode(code))) continue
    added.set(pair, code)
    pair = nextHangulPair(pair)
  }
  return added
}

function nextHangulPair(pair: number): number {
  const trail = pair & 0xff
  if (trail === 0x5a || trail === 0x7a) return pair + 7
  const last = pair >>> 8 <= 0xa0 ? 0xfe : 0xa0
  return trail === last ? (pair & 0xff00) + 0x141 : pair + 1
}

/** Characters that newer editions of GBK moved out of the private area; Java has not. */
const GBK_PRIVATE: Readonly<Record<number, number>> = {
  0xa3a0: 0xe5e5,
  0xa6ec: 0xe794,
  0xa6ed: 0xe795,
  0xa6f3: 0xe796,
  0xa892: 0x2641,
  0xa8bc: 0xe7c7,
  0xa8bf: 0xe7c8
}

function gbkOf(pair: number, code: number): number {
  if (pair >= 0xa6d9 && pair <= 0xa6df) return 0xe78d + pair - 0xa6d9
  if (pair >= 0xa989 && pair <= 0xa995) return 0xe7e7 + pair - 0xa989
  if (pair >= 0xfe50 && pair <= 0xfea0 && pair !== 0xfe7f)
    return 0xe815 + pair - (pair > 0xfe7f ? 0xfe51 : 0xfe50)
  return GBK_PRIVATE[pair] ?? code
}

/** Ranges of GB 2312 in rows that GBK filled up. */
const GB2312_ROWS: Readonly<Record<number, readonly [from: number, to: number][]>> = {
  0xa2: [
    [0xb1, 0xe2],
    [0xe5, 0xee],
    [0xf1, 0xfc]
  ],
  0xa6: [
    [0xa1, 0xb8],
    [0xc1, 0xd8]
  ],
  0xa8: [
    [0xa1, 0xba],
    [0xc5, 0xe9]
  ],
  0xa9: [[0xa4, 0xef]]
}

/** Signs that GB 2312 has and GBK reads otherwise. */
const GB2312_SIGNS: Readonly<Record<number, number>> = { 0xa1a4: 0x30fb, 0xa1aa: 0x2015 }

function gb2312Of(pair: number, code: number): number {
  const rows = GB2312_ROWS[pair >>> 8]
  const trail = pair & 0xff
  if (!isEuc(pair) || isPrivate(code) || rows?.every(([from, to]) => trail < from || trail > to)) return 0
  return GB2312_SIGNS[pair] ?? code
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Kana, Cyrillic and circled digits in Java's Big5, from C6A1 on. */
const BIG5_KANA = [
  0x30fe,
  0x309d,
  0x309e,
  0x3005,
  ...range(0x3041, 0x3093),
  ...range(0x30a1, 0x30f6),
  0x414,
  0x415,
  0x401,
  ...range(0x416, 0x41c),
  ...range(0x423, 0x435),
  0x451,
  ...range(0x436, 0x44f),
  ...range(0x2460, 0x2469),
  ...range(0x2474, 0x247d)
]

/** Signs that code page 950 reads otherwise; 0 where Java's Big5 has none. */
const BIG5_SIGNS: Readonly<Record<number, number>> = {
  0xa145: 0x2022,
  0xa14e: 0xff64,
  0xa15a: 0xff3f,
  0xa1c2: 0x203e,
  0xa1c3: 0,
  0xa1c5: 0,
  0xa1e3: 0x223c,
  0xa1f2: 0x2641,
  0xa1f3: 0x2609,
  0xa1fe: 0x2571,
  0xa240: 0x2572,
  0xa241: 0xff0f,
  0xa242: 0xff3c,
  0xa244: 0xa5,
  0xa246: 0xa2,
  0xa247: 0xa3,
  0xa3e1: 0
}

/** Two numerals that stand among the signs too. */
const BIG5_NUMERALS = { 0x5341: 0xa451, 0x5345: 0xa4ca }

/** Characters of two pairs that Java's Big5 writes as the second. */
const BIG5_SECOND = { ...BIG5_NUMERALS, 0x2571: 0xa2ac, 0x2572: 0xa2ad, 0xff3f: 0xa1c4 }

function big5Of(pair: number, code: number): number {
  if (pair < 0xa140 || pair > 0xf9d5) return 0
  const sign = BIG5_SIGNS[pair]
  if (sign !== undefined) return sign
  const trail = pair & 0xff
  if (pair < 0xc6a1 || pair > 0xc8fe) return code
  return trail > 0x7e && trail < 0xa1 ? 0 : (BIG5_KANA[big5Index(pair) - big5Index(0xc6a1)] ?? 0)
}

/** What users of code page 950 may define themselves: four areas of rows of 157 pairs. */
const BIG5_AREAS = [
  [0xfa40, 0xfefe, 0xe000],
  [0x8e40, 0xa0fe, 0xe311],
  [0x8140, 0x8dfe, 0xeeb8],
  [0xc6a1, 0xc8fe, 0xf6b1]
] as const

function codePage950Of(pair: number, code: number): number {
  const area = BIG5_AREAS.find(([from, to]) => pair >= from && pair <= to)
  const trail = pair & 0xff
  if (area === undefined || (trail > 0x7e && trail < 0xa1)) return code
  return area[2] + big5Index(pair) - big5Index(area[0])
}

function big5Index(pair: number): number {
  const trail = pair & 0xff
  return (pair >>> 8) * 157 + (trail < 0x80 ? trail - 0x40 : trail - 0x62)
}

/** Rows in which NEC repeated IBM's characters; they are written as IBM's. */
const isNecSelection = (pair: number) => pair >= 0xed40 && pair <= 0xeefc

/** Latin-1 characters and one kana that windows-31j writes as their likes. */
const WINDOWS_31J_SIGNS = {
  0xa2: 0x8191,
  0xa3: 0x8192,
  0xa5: 0x5c,
  0xab: 0x81e1,
  0xac: 0x81ca,
  0xaf: 0x8150,
  0xb5: 0x83ca,
  0xb7: 0x8145,
  0xb8: 0x8143,
  0xbb: 0x81e2,
  0x203e: 0x7e,
  0x3094: 0x8394
}

const CODECS: Readonly<Record<string, CharsetCodec>> = {
  Shift_JIS: doubleByte({
    label: 'shift_jis',
    read: shiftJisOf,
    single: asciiOrKana,
    alsoWrites: { 0xa5: 0x5c, 0x203e: 0x7e }
  }),
  'windows-31j': doubleByte({
    label: 'shift_jis',
    read: (_pair, code) => code,
    single: asciiOrKana,
    onlyRead: isNecSelection,
    alsoWrites: WINDOWS_31J_SIGNS
  }),
  'EUC-JP': EUC_JP,
  'ISO-2022-JP': ISO_2022_JP,
  'EUC-KR': doubleByte({
    label: 'euc-kr',
    read: (pair, code) => (pair === 0xa2e8 ? 0x327e : isPrivate(code) ? 0 : koreanOf(pair, code)),
    single: ascii
  }),
  'x-windows-949': doubleByte({ label: 'euc-kr', read: unifiedHangulOf, single: ascii }),
  GBK: doubleByte({ label: 'gbk', read: gbkOf, single: ascii }),
  GB2312: doubleByte({ label: 'gbk', read: gb2312Of, single: ascii }),
  GB18030,
  Big5: doubleByte({ label: 'big5', read: big5Of, single: ascii, alsoWrites: BIG5_SECOND }),
  'x-windows-950': doubleByte({
    label: 'big5',
    read: codePage950Of,
    single: ascii,
    alsoWrites: { ...BIG5_NUMERALS, 0x2550: 0xf9f9, 0x255e: 0xf9e9, 0x2561: 0xf9eb, 0x256a: 0xf9ea }
  })
}

/** The codec of a charset with more than one byte a character; its tables are made on first use. */
export function multiByteCodec(name: string): CharsetCodec | undefined {
  return Object.hasOwn(CODECS, name) ? CODECS[name] : undefined
}
