import { charSet, charsOf, complement, EVERY_CHAR, union, without, type CharSet } from './char-set.ts'
import { block, property, script } from './char-properties.ts'

export const LINE_ENDS = charsOf('\n\r\u0085\u2028\u2029')
export const DIGIT: CharSet = [[0x30, 0x39]]
export const WORD = charSet([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a])
export const SPACE = charsOf(' \t\n\v\f\r')
export const HORIZONTAL = charsOf(
  ' \t\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000'
)
export const VERTICAL = charsOf('\n\v\f\r\u0085\u2028\u2029')

const UPPER: CharSet = [[0x41, 0x5a]]
const LOWER: CharSet = [[0x61, 0x7a]]
const ALPHA = union(UPPER, LOWER)
const ALNUM = union(ALPHA, DIGIT)
const GRAPH: CharSet = [[0x21, 0x7e]]

/** POSIX names, which mean ASCII unless the flag U says otherwise. */
const POSIX: Readonly<Record<string, CharSet>> = {
  ASCII: [[0, 0x7f]],
  Alnum: ALNUM,
  Alpha: ALPHA,
  Blank: charsOf(' \t'),
  Cntrl: charSet([0, 0x1f], [0x7f, 0x7f]),
  Digit: DIGIT,
  Graph: GRAPH,
  Lower: LOWER,
  Print: [[0x20, 0x7e]],
  Punct: without(GRAPH, ALNUM),
  Space: SPACE,
  Upper: UPPER,
  XDigit: union(DIGIT, [[0x41, 0x46]], [[0x61, 0x66]])
}

/** The same names, for the flag U, and those of `Is`. Upper case, without `_`. */
const UNICODE: Readonly<Record<string, () => CharSet>> = {
  ALPHABETIC: () => property('Alphabetic'),
  LETTER: () => property('L'),
  IDEOGRAPHIC: () => property('Ideographic'),
  LOWERCASE: () => property('Lowercase'),
  UPPERCASE: () => property('Uppercase'),
  TITLECASE: () => property('Lt'),
  WHITESPACE: () => property('White_Space'),
  CONTROL: () => property('Cc'),
  PUNCTUATION: () => property('P'),
  HEXDIGIT: () => union(property('Nd'), property('Hex_Digit')),
  ASSIGNED: () => complement(property('Cn')),
  NONCHARACTERCODEPOINT: () => property('Noncharacter_Code_Point'),
  DIGIT: () => property('Nd'),
  ALNUM: () => union(property('Alphabetic'), property('Nd')),
  BLANK: () => blank(),
  GRAPH: () => graph(),
  PRINT: () => without(union(graph(), blank()), property('Cc')),
  WORD: () => unicodeWord(),
  JOINCONTROL: () => property('Join_Control')
}

function blank(): CharSet {
  return union(property('Zs'), charsOf('\t'))
}

function graph(): CharSet {
  return complement(union(property('White_Space'), property('Cc'), property('Cs'), property('Cn')))
}

/** `\w` with the flag U. */
export function unicodeWord(): CharSet {
  return union(...['Alphabetic', 'M', 'Nd', 'Pc', 'Join_Control'].map(property))
}

/** Letters and digits of all scripts, and `_`: what `\b` looks for. */
export function wordEdgeChars(): CharSet {
  return union(property('L'), property('Nd'), charsOf('_'))
}

export function nonSpacingMarks(): CharSet {
  return property('Mn')
}

const OF_POSIX: Readonly<Record<string, string>> = {
  Alnum: 'ALNUM',
  Alpha: 'ALPHABETIC',
  Blank: 'BLANK',
  Cntrl: 'CONTROL',
  Digit: 'DIGIT',
  Graph: 'GRAPH',
  Lower: 'LOWERCASE',
  Print: 'PRINT',
  Punct: 'PUNCTUATION',
  Space: 'WHITESPACE',
  Upper: 'UPPERCASE',
  XDigit: 'HEXDIGIT'
}

const JAVA: Readonly<Record<string, () => CharSet>> = {
  javaLowerCase: () => property('Lowercase'),
  javaUpperCase: () => property('Uppercase'),
  javaAlphabetic: () => property('Alphabetic'),
  javaIdeographic: () => property('Ideographic'),
  javaTitleCase: () => property('Lt'),
  javaDigit: () => property('Nd'),
  javaDefined: () => complement(property('Cn')),
  javaLetter: () => property('L'),
  javaLetterOrDigit: () => union(property('L'), property('Nd')),
  javaSpaceChar: () => property('Z'),
  javaWhitespace: () =>
    charSet(...without(property('Z'), charsOf('\u00a0\u2007\u202f')), [0x09, 0x0d], [0x1c, 0x1f]),
  javaISOControl: () => property('Cc'),
  javaMirrored: () => property('Bidi_Mirrored')
}

const CATEGORY = /^(?:C[cfnos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/

function category(name: string): CharSet | undefined {
  if (CATEGORY.test(name)) return property(name)
  if (name === 'LC') return union(property('Lu'), property('Ll'), property('Lt'))
  if (name === 'LD') return union(property('L'), property('Nd'))
  if (name === 'L1') return [[0, 0xff]]
  return name === 'all' ? EVERY_CHAR : undefined
}

/** With any case ignored, a letter's case is no property. */
const CASED = ['Lu', 'Ll', 'Lt']
const CASED_WORDS = ['LOWERCASE', 'UPPERCASE', 'TITLECASE', 'javaLowerCase', 'javaUpperCase', 'javaTitleCase']
const ANY_CASE = 'LC'

export interface NameRules {
  /** The flag U. */
  readonly unicode: boolean
  readonly ignoreCase: boolean
}

/** Names that Java knows, or may know, and this version does not. */
export function isUnknownHere(name: string): boolean {
  const [, word = ''] = /^(?:In|(?:blk|block)=)(.+)$/i.exec(name) ?? []
  if (/^java(?:Java|Unicode)Identifier(?:Start|Part)$|^javaIdentifierIgnorable$/.test(name)) return true
  return (name.startsWith('In') || name.includes('=')) && word !== '' && block(word) === undefined
}

/** What a name inside `\p{…}` stands for; a text says why there is nothing. */
export function namedChars(name: string, rules: NameRules): CharSet | string {
  const equals = name.indexOf('=')
  if (equals >= 0) return valued(name.slice(0, equals), name.slice(equals + 1), rules)
  const word = name.slice(2)
  if (name.startsWith('In')) return block(word) ?? unknown(name)
  if (name.startsWith('Is'))
    return unicodeNamed(word, rules) ?? cased(word, rules) ?? script(word) ?? unknown(name)
  const posix = rules.unicode ? unicodeNamed(own(OF_POSIX, name) ?? '', rules) : undefined
  return posix ?? posixNamed(name, rules) ?? javaNamed(name, rules) ?? cased(name, rules) ?? unknown(name)
}

const unknown = (name: string): string => `Unknown character property name {${name}}`

function posixNamed(name: string, { ignoreCase }: NameRules): CharSet | undefined {
  return ignoreCase && (name === 'Lower' || name === 'Upper') ? ALPHA : own(POSIX, name)
}

function javaNamed(name: string, { ignoreCase }: NameRules): CharSet | undefined {
  return ignoreCase && CASED_WORDS.includes(name) ? anyCase() : own(JAVA, name)?.()
}

function anyCase(): CharSet {
  return union(property('Lowercase'), property('Uppercase'), property('Lt'))
}

function unicodeNamed(word: string, { ignoreCase }: NameRules): CharSet | undefined {
  const key = (own(OF_POSIX, word) ?? word).toUpperCase()
  const plain = ['WHITE_SPACE', 'HEX_DIGIT', 'NONCHARACTER_CODE_POINT', 'JOIN_CONTROL'].includes(key)
    ? key.replaceAll('_', '')
    : key
  return ignoreCase && CASED_WORDS.includes(plain) ? anyCase() : own(UNICODE, plain)?.()
}

function cased(name: string, { ignoreCase }: NameRules): CharSet | undefined {
  return own(POSIX, name) ?? category(ignoreCase && CASED.includes(name) ? ANY_CASE : name)
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function valued(key: string, value: string, rules: NameRules): CharSet | string {
  const otherwise = `Unknown Unicode property {name=<${key}>, value=<${value}>}`
  switch (key.toLowerCase()) {
    case 'sc':
    case 'script':
      return script(value) ?? otherwise
    case 'blk':
    case 'block':
      return block(value) ?? otherwise
    case 'gc':
    case 'general_category':
      return cased(value, rules) ?? otherwise
    default:
      return otherwise
  }
}

/** `\d`, `\h`, `\s`, `\v`, `\w`, and in upper case everything else; undefined for other letters. */
export function letterClass(letter: string, unicode: boolean): CharSet | undefined {
  const set = { d: DIGIT, h: HORIZONTAL, s: SPACE, v: VERTICAL, w: WORD }[letter.toLowerCase()]
  if (set === undefined) return undefined
  const name = { d: 'DIGIT', s: 'WHITESPACE', w: 'WORD' }[letter.toLowerCase()]
  const wide = unicode && name !== undefined ? UNICODE[name]?.() : undefined
  const found = wide ?? set
  return letter === letter.toLowerCase() ? found : complement(found)
}

/** What `.` stands for. */
export function dot(lineEnds: 'every' | 'unix' | 'none'): CharSet {
  if (lineEnds === 'none') return EVERY_CHAR
  return complement(lineEnds === 'unix' ? charsOf('\n') : LINE_ENDS)
}
