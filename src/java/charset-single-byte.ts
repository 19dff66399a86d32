import { NO_CHARACTER, TextSink, wholeCodePoint, type CharsetCodec } from './charset-codec.ts'
import { EBCDIC_037, TABLE_CHANGES, UPPER_HALVES } from './charset-tables.ts'

/** A question mark; in EBCDIC the code SUBSTITUTE. */
const REPLACEMENT = 0x3f

/** A charset of one byte a character; `characters` holds those of bytes 0x00 to 0xFF, U+FFFD for an unused byte. */
export function singleByte(
  characters: string,
  alsoWrites: readonly (readonly [code: number, byte: number])[] = []
): CharsetCodec {
  const codes = Uint16Array.from({ length: 256 }, (_, byte) => characters.charCodeAt(byte))
  const bytesOf = new Map<number, number>(alsoWrites)
  codes.forEach((code, byte) => {
    if (code !== NO_CHARACTER && !bytesOf.has(code)) bytesOf.set(code, byte)
  })
  return {
    decode: (bytes, onBad) => {
      const sink = new TextSink(bytes.length)
      for (let at = 0; at < bytes.length; at++) {
        const code = codes[bytes[at] ?? 0] ?? NO_CHARACTER
        if (code === NO_CHARACTER) sink.addText(onBad('unmappable', at, 1))
        else sink.add(code)
      }
      return sink.toString()
    },
    encode: text => encodeSingleBytes(text, code => bytesOf.get(code) ?? REPLACEMENT)
  }
}

function encodeSingleBytes(text: string, byteOf: (code: number) => number): Buffer {
  const bytes = Buffer.allocUnsafe(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = wholeCodePoint(text, at)
    bytes[length++] = byteOf(code)
    if (code > 0xffff) at++
  }
  return bytes.subarray(0, length)
}

/** ISO-8859-1: every byte is the character of the same number. */
export const ISO_8859_1: CharsetCodec = {
  decode: bytes => bytes.toString('latin1'),
  encode: text => encodeSingleBytes(text, code => (code < 0 || code > 0xff ? REPLACEMENT : code))
}

/** US-ASCII: bytes above 0x7F are malformed. */
export const US_ASCII: CharsetCodec = {
  decode: (bytes, onBad) => {
    const sink = new TextSink(bytes.length)
    bytes.forEach((byte, at) => {
      if (byte < 0x80) sink.add(byte)
      else sink.addText(onBad('malformed', at, 1))
    })
    return sink.toString()
  },
  encode: text => encodeSingleBytes(text, code => (code < 0 || code > 0x7f ? REPLACEMENT : code))
}

/** Which of the bytes 0x80 to 0x9F TextDecoder's table is wrong about: none, the ones it calls control codes, or all. */
export type Controls = 'asDecoded' | 'unused' | 'controls' | 'allUnused'

/** A table that the runtime's TextDecoder knows by `label`, with Java's view of the control codes. */
export function decodedTable(label: string, controls: Controls): string {
  const decoder = new TextDecoder(label)
  const codes = Array.from({ length: 256 }, (_, byte) => {
    const code = decoder.decode(Uint8Array.of(byte)).charCodeAt(0)
    if (byte < 0x80 || byte > 0x9f) return code
    if (controls === 'controls') return byte
    if (controls === 'allUnused' || (controls === 'unused' && code === byte)) return NO_CHARACTER
    return code
  })
  return String.fromCharCode(...codes)
}

/** A code page that is ASCII below 0x80. */
export function codePageTable(name: string): string {
  const ascii = String.fromCharCode(...Array(128).keys())
  return ascii + (UPPER_HALVES[name] ?? '')
}

/** An EBCDIC code page; reads 15 and, mostly, 25 as a line feed, and writes 15. */
export function ebcdicTable(): string {
  return Buffer.from(EBCDIC_037, 'hex').toString('latin1')
}

/** The table with the bytes that Java reads otherwise. */
export function changedTable(name: string, table: string): string {
  const characters = table.split('')
  for (const [byte, character] of TABLE_CHANGES[name] ?? []) characters[byte] = character
  return characters.join('')
}
