import { foldAscii, foldUnicode } from './case-folding.ts'
import { complement, type CharSet } from './char-set.ts'
import { isUnknownHere, letterClass, namedChars } from './char-names.ts'
import { charCode, END, plain, type PatternReader } from './pattern-reader.ts'
import type { CaseRule } from './syntax.ts'

export interface Flags {
  readonly ignoreCase: boolean
  readonly unicodeCase: boolean
  readonly unicodeClasses: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  readonly unixLines: boolean
}

/** A character, or the set of those meant. */
export type Escaped = { readonly code: number } | { readonly set: CharSet }

export function caseRule({ ignoreCase, unicodeCase }: Flags): CaseRule {
  if (!ignoreCase) return 'exact'
  return unicodeCase ? 'unicode' : 'ascii'
}

/** The characters of a range, as the flags see upper and lower case. */
export function rangeAs(from: number, to: number, flags: Flags): CharSet {
  switch (caseRule(flags)) {
    case 'exact':
      return [[from, to]]
    case 'ascii':
      return foldAscii(from, to)
    case 'unicode':
      return foldUnicode(from, to)
  }
}

/** One character, likewise. */
export function charAs(code: number, flags: Flags): CharSet {
  return rangeAs(code, code, flags)
}

const CONTROLS: Readonly<Record<string, number>> = { a: 7, e: 0x1b, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09 }

/**
 * The letter behind a backslash is the current character: reads it and what belongs to it. Undefined, nothing read, when
 * it is none of those that stand for characters. `beforeRange`: a minus follows it in a class.
 */
export function parseEscape(
  reader: PatternReader,
  flags: Flags,
  beforeRange: boolean = false
): Escaped | undefined {
  const code = reader.nextRaw()
  if (code === END) throw reader.error('Unexpected internal error')
  const letter = String.fromCodePoint(plain(code))
  const control = CONTROLS[letter]
  if (control !== undefined) return { code: control }
  if (letter === 'v' && beforeRange) return { code: 0x0b }
  const set = letterClass(letter, flags.unicodeClasses)
  if (set !== undefined) return { set }
  switch (letter) {
    case 'p':
    case 'P':
      return { set: parseFamily(reader, flags, letter === 'P') }
    case '0':
      return { code: octal(reader) }
    case 'c':
      return { code: controlOf(reader) }
    case 'x':
      return { code: hexadecimal(reader) }
    case 'u':
      return { code: unicode(reader) }
    case 'N':
      if (reader.peekRaw() !== charCode('{'))
        throw reader.error('Illegal character name escape sequence', reader.at)
      throw reader.refused('\\N{…} names a character, and the names are not known here; write \\x{…}')
  }
  if (!/[A-Za-z1-9]/.test(letter)) return { code: plain(code) }
  reader.back()
  return undefined
}

function parseFamily(reader: PatternReader, flags: Flags, negated: boolean): CharSet {
  const first = reader.next()
  let name = first === END ? '' : String.fromCodePoint(plain(first))
  if (name === '{') {
    const start = reader.at
    const inside = reader.upTo('}')
    if (inside === undefined) {
      while (reader.peekRaw() !== END) reader.nextRaw()
      throw reader.error('Unclosed character family', reader.at)
    }
    if (inside === '') throw reader.error('Empty character family', start)
    name = inside
  }
  const rules = { unicode: flags.unicodeClasses, ignoreCase: flags.ignoreCase }
  if (isUnknownHere(name))
    throw reader.refused(`the characters of \\p{${name}} are not known here; write them as ranges`)
  const found = namedChars(name, rules)
  if (typeof found === 'string') throw reader.error(found)
  return negated ? complement(found) : found
}

function digitOf(code: number, radix: number): number | undefined {
  const value = code < 0 || code > 0x7f ? NaN : parseInt(String.fromCharCode(code), radix)
  return Number.isNaN(value) ? undefined : value
}

function octal(reader: PatternReader): number {
  const first = digitOf(reader.nextRaw(), 8)
  if (first === undefined) throw reader.error('Illegal octal escape sequence')
  let value = first
  for (let digits = 1; digits < (first <= 3 ? 3 : 2); digits++) {
    const digit = digitOf(reader.peekRaw(), 8)
    if (digit === undefined) break
    value = value * 8 + digit
    reader.nextRaw()
  }
  return value
}

function controlOf(reader: PatternReader): number {
  if (reader.peekRaw() === END) throw reader.error('Illegal control escape sequence')
  return plain(reader.nextRaw()) ^ 64
}

function hexadecimal(reader: PatternReader): number {
  const first = digitOf(reader.nextRaw(), 16)
  if (first !== undefined) {
    const second = digitOf(reader.nextRaw(), 16)
    if (second !== undefined) return first * 16 + second
  } else if (reader.peekRaw(-1) === charCode('{')) {
    let [value, digits] = [0, 0]
    for (let digit; (digit = digitOf(reader.peekRaw(), 16)) !== undefined; digits++) {
      value = value * 16 + digit
      if (value > 0x10ffff) throw reader.error('Hexadecimal codepoint is too big')
      reader.nextRaw()
    }
    if (digits > 0 && reader.peekRaw() !== charCode('}'))
      throw reader.error('Unclosed hexadecimal escape sequence', reader.at)
    if (digits > 0) {
      reader.nextRaw()
      return value
    }
  }
  throw reader.error('Illegal hexadecimal escape sequence')
}

/** `\uXXXX`, and two of them that make a pair. */
function unicode(reader: PatternReader): number {
  const high = unit(reader)
  if (high < 0xd800 || high > 0xdbff) return high
  const start = reader.at
  if (reader.nextRaw() === charCode('\\') && reader.nextRaw() === charCode('u')) {
    const low = unit(reader)
    if (low >= 0xdc00 && low <= 0xdfff) return (high - 0xd800) * 0x400 + low - 0xdc00 + 0x10000
  }
  reader.at = start
  return high
}

function unit(reader: PatternReader): number {
  let value = 0
  for (let i = 0; i < 4; i++) {
    const digit = digitOf(reader.nextRaw(), 16)
    if (digit === undefined) throw reader.error('Illegal Unicode escape sequence')
    value = value * 16 + digit
  }
  return value
}
