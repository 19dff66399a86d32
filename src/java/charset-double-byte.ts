import {
  NO_CHARACTER,
  TextSink,
  wholeCodePoint,
  type CharsetCodec,
  type OnBadBytes
} from './charset-codec.ts'

/** One double-byte charset in terms of a decoder that the runtime has. */
export interface DoubleByteRules {
  /** The TextDecoder whose pairs are taken. */
  readonly label: string
  /** What Java reads for a pair, 0 for nothing, given what the decoder reads. */
  readonly read: (pair: number, codePoint: number) => number
  /** Code point of a byte that stands alone, -1 when there is none. */
  readonly single: (byte: number) => number
  /** Pairs that are read and not written. */
  readonly onlyRead?: (pair: number) => boolean
  /** Byte or pair of characters that are only written, or written unlike the first pair that reads so. */
  readonly alsoWrites?: Readonly<Record<number, number>>
}

/** Pairs and their characters. */
export interface PairTable {
  /** Code point by `lead << 8 | trail`; 0 = none. */
  readonly codes: Uint32Array
  /** Which bytes begin at least one pair. */
  readonly leads: Uint8Array
  /** `lead << 8 | trail` by code point. */
  readonly pairs: ReadonlyMap<number, number>
}

/** Asks the runtime's decoder for all 24,000 pairs; takes some 20 ms, so do it on first use. */
export function pairTable(rules: Pick<DoubleByteRules, 'label' | 'read' | 'onlyRead'>): PairTable {
  const { label, read, onlyRead } = rules
  const decoder = new TextDecoder(label)
  const codes = new Uint32Array(65_536)
  const leads = new Uint8Array(256)
  const pairs = new Map<number, number>()
  for (let pair = 0x8140; pair < 0xff00; pair++) {
    if ((pair & 0xff) < 0x40 || (pair & 0xff) === 0xff) continue
    const text = decoder.decode(Uint8Array.of(pair >>> 8, pair & 0xff))
    const code = read(pair, oneCharacter(text))
    if (code === 0) continue
    codes[pair] = code
    leads[pair >>> 8] = 1
    if (!pairs.has(code) && onlyRead?.(pair) !== true) pairs.set(code, pair)
  }
  return { codes, leads, pairs }
}

/** The only code point of a text, or 0. */
function oneCharacter(text: string): number {
  const code = Math.max(0, wholeCodePoint(text, 0))
  return code === NO_CHARACTER || text.length !== (code > 0xffff ? 2 : 1) ? 0 : code
}

/** A charset of single bytes and pairs; its tables are made on first use. */
export function doubleByte(rules: DoubleByteRules): CharsetCodec {
  let table: PairTable | undefined
  let singles: Map<number, number> | undefined
  return {
    decode: (bytes, onBad) => decodePairs(bytes, rules, (table ??= pairTable(rules)), onBad),
    encode: text => encodePairs(text, (table ??= pairTable(rules)), (singles ??= singleBytes(rules)))
  }
}

function singleBytes(rules: DoubleByteRules): Map<number, number> {
  const singles = new Map<number, number>()
  for (let byte = 0; byte < 256; byte++) if (rules.single(byte) >= 0) singles.set(rules.single(byte), byte)
  for (const [code, byte] of Object.entries(rules.alsoWrites ?? {})) singles.set(Number(code), byte)
  return singles
}

function decodePairs(bytes: Buffer, rules: DoubleByteRules, table: PairTable, onBad: OnBadBytes): string {
  const sink = new TextSink(bytes.length)
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0
    const single = rules.single(first)
    const second = bytes[at + 1]
    const code = single >= 0 ? single : second === undefined ? 0 : (table.codes[(first << 8) | second] ?? 0)
    if (code > 0 || single >= 0) {
      sink.add(code)
      at += single >= 0 ? 1 : 2
      continue
    }
    const isPair =
      second !== undefined &&
      table.leads[first] === 1 &&
      table.leads[second] === 0 &&
      rules.single(second) < 0
    sink.addText(onBad(isPair ? 'unmappable' : 'malformed', at, isPair ? 2 : 1))
    at += isPair ? 2 : 1
  }
  return sink.toString()
}

function encodePairs(text: string, table: PairTable, singles: ReadonlyMap<number, number>): Buffer {
  const bytes = Buffer.allocUnsafe(text.length * 2)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = wholeCodePoint(text, at)
    const pair = singles.get(code) ?? table.pairs.get(code) ?? 0x3f
    if (pair > 0xff) bytes[length++] = pair >>> 8
    bytes[length++] = pair & 0xff
    if (code > 0xffff) at++
  }
  return bytes.subarray(0, length)
}
