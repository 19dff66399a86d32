/**
 * Java's number syntax, as Flume's `Context` reads settings. Texts are trimmed of characters up to U+0020 first.
 * Source: java.lang.Integer/Long/Double of JDK 17; the golden tables hold their answers.
 */
const INT_MIN = -2147483648n
const INT_MAX = 2147483647n
const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 63n - 1n

/** Whole text as a 32-bit integer, or undefined. */
export function parseJavaInt(text: string): number | undefined {
  const value = parseDecimal(text)
  return value === undefined || value < INT_MIN || value > INT_MAX ? undefined : Number(value)
}

/** Whole text as a 64-bit integer, or undefined. */
export function parseJavaLong(text: string): bigint | undefined {
  const value = parseDecimal(text)
  return value === undefined || value < LONG_MIN || value > LONG_MAX ? undefined : value
}

/** `true` in any case is true, everything else is false. */
export function parseJavaBoolean(text: string): boolean {
  return trimJava(text).toLowerCase() === 'true'
}

const JAVA_DOUBLE = new RegExp(
  '^[+-]?(?:NaN|Infinity|(?:\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|\\.\\d+(?:[eE][+-]?\\d+)?)[fFdD]?|(HEX)[fFdD]?)$'.replace(
    'HEX',
    '0[xX](?:[0-9a-fA-F]+\\.?|[0-9a-fA-F]*\\.[0-9a-fA-F]+)[pP][+-]?\\d+'
  )
)

/** Whole text as a double, or undefined. */
export function parseJavaDouble(text: string): number | undefined {
  const trimmed = trimJava(text)
  const match = JAVA_DOUBLE.exec(trimmed)
  if (match === null) return undefined
  if (match[1] !== undefined) return parseHexDouble(trimmed)
  if (/(?:NaN|Infinity)$/.test(trimmed)) return trimmed.endsWith('NaN') ? NaN : Number(trimmed)
  return Number(trimmed.replace(/[fFdD]$/, ''))
}

function parseHexDouble(text: string): number {
  const match = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)/.exec(text)
  if (match === null) return NaN
  const digits = BigInt('0x0' + (match[2] ?? '') + (match[3] ?? ''))
  const value = roundToDouble(digits, Number(match[4]) - 4 * (match[3] ?? '').length)
  return match[1] === '-' ? -value : value
}

/** `digits` × 2^`exponent`, rounded once, half to even. */
function roundToDouble(digits: bigint, exponent: number): number {
  const top = digits.toString(2).length + exponent
  if (digits === 0n || top < -1074) return 0
  if (top > 1024) return Infinity
  const dropped = Math.max(top - 53, -1074) - exponent
  if (dropped <= 0) return Number(digits) * 2 ** exponent
  const bits = BigInt(dropped)
  const kept = digits >> bits
  const rest = digits - (kept << bits)
  const half = 1n << (bits - 1n)
  const up = rest > half || (rest === half && kept % 2n === 1n)
  return Number(up ? kept + 1n : kept) * 2 ** (exponent + dropped)
}

/** Without the characters up to U+0020 at both ends, as Java's `trim`. */
export function trimJava(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) <= 0x20) start++
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--
  return text.slice(start, end)
}

const DIGIT = /^\p{Nd}$/u

/** More digits than this, leading zeros aside, fit no long; keeps a hostile text cheap. */
const MAX_DIGITS = 19

function parseDecimal(text: string): bigint | undefined {
  const match = /^([+-]?)(.+)$/s.exec(trimJava(text))
  if (match?.[2] === undefined) return undefined
  const digits = asciiDigits(match[2])?.replace(/^0+(?=.)/, '')
  if (digits === undefined || digits.length > MAX_DIGITS) return undefined
  return match[1] === '-' ? -BigInt(digits) : BigInt(digits)
}

/** The digits in ASCII, or undefined. Java looks at UTF-16 units: digits beyond U+FFFF are none. */
function asciiDigits(text: string): string | undefined {
  if (/^[0-9]+$/.test(text)) return text
  const digits: number[] = []
  for (const character of text.split('')) {
    const digit = unicodeDigit(character)
    if (digit === undefined) return undefined
    digits.push(digit)
  }
  return digits.join('')
}

/** Value of a decimal digit of any script; their blocks start at the digit zero and are ten long. */
function unicodeDigit(character: string): number | undefined {
  if (!DIGIT.test(character)) return undefined
  const code = character.charCodeAt(0)
  let value = 0
  while (value < 9 && DIGIT.test(String.fromCharCode(code - value - 1))) value++
  return value
}
