import { AgentError } from '../core/errors.ts'
import type { CharsetCodec, OnBadBytes } from './charset-codec.ts'
import { CHARSET_ALIASES } from './charset-names.ts'
import { multiByteCodec } from './charset-multi-byte.ts'
import { pieceDecoder } from './charset-pieces.ts'
import {
  changedTable,
  codePageTable,
  decodedTable,
  ebcdicTable,
  ISO_8859_1,
  singleByte,
  US_ASCII,
  type Controls
} from './charset-single-byte.ts'
import { UTF_8, utf16, utf32 } from './charset-unicode.ts'

/** A charset under Java's name, with Java's behaviour. */
export interface Charset {
  /** The canonical name, such as `ISO-8859-1` for `latin1`. */
  readonly name: string
  /** Bad bytes become U+FFFD, as many as Java puts. */
  decode(bytes: Buffer): string
  /**
   * The same for a text that comes in pieces, wherever they are cut: keeps at most the bytes of one character. A
   * character that has no end is left out.
   */
  newDecoder(): (piece: Buffer) => string
  /** Throws ERR_FORMAT with Java's reason, `at` and `length` for the first bad bytes. */
  decodeStrict(bytes: Buffer): string
  /** Leaves bad bytes out. */
  decodeIgnoring(bytes: Buffer): string
  /** What cannot be written becomes the charset's replacement, mostly `?`. */
  encode(text: string): Buffer
}

/** The charset of that name or alias, in any case, as java.nio.charset.Charset.forName; undefined when there is none. */
export function charset(name: string): Charset | undefined {
  const canonical = NAMES.get(name.toLowerCase())
  if (canonical === undefined) return undefined
  const known = made.get(canonical)
  if (known !== undefined) return known
  const codec = codecOf(canonical)
  const value: Charset = {
    name: canonical,
    decode: bytes => codec.decode(bytes, replaceBad),
    newDecoder: () => pieceDecoder(codec),
    decodeStrict: bytes => codec.decode(bytes, refuseBad),
    decodeIgnoring: bytes => codec.decode(bytes, () => ''),
    encode: text => codec.encode(text)
  }
  made.set(canonical, value)
  return value
}

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(CHARSET_ALIASES).flatMap(([name, aliases]) =>
    [name, ...aliases.split(' ')].map(alias => [alias.toLowerCase(), name] as const)
  )
)

/** One object per charset, because tables are made once. */
const made = new Map<string, Charset>()

const replaceBad: OnBadBytes = () => '\uFFFD'

const refuseBad: OnBadBytes = (reason, at, length) => {
  throw new AgentError('ERR_FORMAT', 'The bytes are not text of the charset.', { reason, at, length })
}

const UNICODE: Readonly<Record<string, CharsetCodec>> = {
  'UTF-8': UTF_8,
  'UTF-16': utf16({ order: 'big', readsMark: 'any', writesMark: true }),
  'UTF-16BE': utf16({ order: 'big', readsMark: 'none', writesMark: false }),
  'UTF-16LE': utf16({ order: 'little', readsMark: 'none', writesMark: false }),
  'x-UTF-16LE-BOM': utf16({ order: 'little', readsMark: 'any', writesMark: true }),
  'UTF-32': utf32({ order: 'big', readsMark: 'any', writesMark: false }),
  'UTF-32BE': utf32({ order: 'big', readsMark: 'own', writesMark: false }),
  'UTF-32LE': utf32({ order: 'little', readsMark: 'own', writesMark: false }),
  'X-UTF-32BE-BOM': utf32({ order: 'big', readsMark: 'any', writesMark: true }),
  'ISO-8859-1': ISO_8859_1,
  'US-ASCII': US_ASCII
}

/** Label of TextDecoder and its view of 0x80 to 0x9F, where they are not the name itself and `asDecoded`. */
const DECODED: Readonly<Record<string, readonly [label: string, controls: Controls]>> = {
  'ISO-8859-9': ['windows-1254', 'controls'],
  'TIS-620': ['windows-874', 'allUnused'],
  'x-iso-8859-11': ['windows-874', 'controls'],
  'x-windows-874': ['windows-874', 'unused'],
  'x-MacCyrillic': ['x-mac-cyrillic', 'asDecoded']
}

function codecOf(name: string): CharsetCodec {
  const codec = UNICODE[name] ?? multiByteCodec(name)
  if (codec !== undefined) return codec
  if (/^IBM(?:037|500|1047|01140)$/.test(name)) {
    return singleByte(changedTable(name, ebcdicTable()), name === 'IBM1047' ? [] : [[NEXT_LINE, 0x15]])
  }
  if (name === 'x-MacRoman' || (name.startsWith('IBM') && name !== 'IBM866'))
    return singleByte(codePageTable(name))
  const [label, controls] = DECODED[name] ?? [name, name.startsWith('windows') ? 'unused' : 'asDecoded']
  return singleByte(changedTable(name, decodedTable(label, controls)))
}

/** A control code that EBCDIC knows; Java writes it like a line feed. */
const NEXT_LINE = 0x85
