import { isUtf8 } from 'node:buffer'
import { AgentError } from '../core/errors.ts'

/** One key with its value, and where it stands. */
export interface PropertyEntry {
  readonly key: string
  readonly value: string
  /** Line on which the key starts, from 1. */
  readonly line: number
  /** Character of that line at which the key starts, from 1. */
  readonly column: number
  /** Line on which the value starts, from 1. */
  readonly valueLine: number
}

/** A line as it is after continuations were joined, escapes not yet resolved. Never blank, never a comment. */
export interface LogicalLine {
  readonly text: string
  /** Line of the first character, from 1. */
  readonly line: number
  /** Character of that line at which the text starts, from 1. */
  readonly column: number
  /** Offsets in `text` at which the second, third … physical line begins. */
  readonly joins: readonly number[]
}

/** Text of a configuration file: UTF-8 when the bytes are valid UTF-8 (a byte order mark is dropped), else ISO-8859-1. */
export function decodeProperties(bytes: Buffer): { text: string; encoding: 'utf-8' | 'iso-8859-1' } {
  if (!isUtf8(bytes)) return { text: bytes.toString('latin1'), encoding: 'iso-8859-1' }
  const text = bytes.toString('utf8')
  return { text: text.startsWith('\uFEFF') ? text.slice(1) : text, encoding: 'utf-8' }
}

/**
 * All entries in file order, duplicates kept, exactly as java.util.Properties.load reads them. Throws ERR_FORMAT with
 * `line` for a malformed `\u` escape. Linear in the length of the text.
 */
export function parseProperties(text: string): PropertyEntry[] {
  const entries: PropertyEntry[] = []
  for (const line of logicalLines(text)) entries.push(parseLogicalLine(line))
  return entries
}

const TAB = 0x09
const LINE_FEED = 0x0a
const FORM_FEED = 0x0c
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const EXCLAMATION = 0x21
const HASH = 0x23
const COLON = 0x3a
const EQUALS = 0x3d
const BACKSLASH = 0x5c

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB || code === FORM_FEED
}

/** Part of one line of the file: without leading blanks, line end and joining backslash. */
interface Piece {
  readonly start: number
  readonly end: number
  readonly next: number
  readonly joins: boolean
}

/** The logical lines one after another; lets a caller decide line by line what to do. Linear in the text. */
export function* logicalLines(text: string): Generator<LogicalLine, undefined> {
  let number = 1
  for (let at = 0; at < text.length;) {
    const first = pieceAt(text, at)
    const line = number++
    if (isSkipped(text, first)) {
      at = first.next
      continue
    }
    const column = first.start - at + 1
    at = first.next
    if (!first.joins) {
      yield { text: text.slice(first.start, first.end), line, column, joins: [] }
      continue
    }
    // A line that is only a backslash holds nothing: what follows counts as a first line, unless nothing follows.
    if (first.start === first.end && at < text.length) continue
    const rest = readContinuation(text, first)
    at = rest.next
    number += rest.joins.length
    yield { text: rest.text, line, column, joins: rest.joins }
  }
  return undefined
}

function isSkipped(text: string, piece: Piece): boolean {
  if (piece.start === piece.end) return !piece.joins
  const code = text.charCodeAt(piece.start)
  return code === HASH || code === EXCLAMATION
}

function readContinuation(text: string, first: Piece): { text: string; joins: number[]; next: number } {
  const joins: number[] = []
  const parts = [text.slice(first.start, first.end)]
  let length = first.end - first.start
  let last = first
  while (last.joins && last.next < text.length) {
    last = pieceAt(text, last.next)
    joins.push(length)
    parts.push(text.slice(last.start, last.end))
    length += last.end - last.start
  }
  return { text: parts.join(''), joins, next: last.next }
}

function pieceAt(text: string, from: number): Piece {
  let start = from
  while (start < text.length && isBlank(text.charCodeAt(start))) start++
  let end = start
  let code = 0
  let backslashes = 0
  for (; end < text.length; end++) {
    code = text.charCodeAt(end)
    if (code === LINE_FEED || code === CARRIAGE_RETURN) break
    backslashes = code === BACKSLASH ? backslashes + 1 : 0
  }
  const pair = code === CARRIAGE_RETURN && text.charCodeAt(end + 1) === LINE_FEED
  const next = Math.min(end + (pair ? 2 : 1), text.length)
  const joins = backslashes % 2 === 1
  return { start, end: joins ? end - 1 : end, next, joins }
}

/** Key and value of a logical line, escapes resolved. Throws ERR_FORMAT with `line` for a malformed `\u` escape. */
export function parseLogicalLine(logical: LogicalLine): PropertyEntry {
  const { text } = logical
  const keyEnd = endOfKey(text)
  const valueStart = startOfValue(text, keyEnd)
  return {
    key: unescape(logical, 0, keyEnd),
    value: unescape(logical, valueStart, text.length),
    line: logical.line,
    column: logical.column,
    valueLine: lineAt(logical, valueStart)
  }
}

/** Line of the file, from 1, on which the character at `offset` of the logical line stands. */
export function lineAt(logical: LogicalLine, offset: number): number {
  let joined = 0
  while (joined < logical.joins.length && (logical.joins[joined] ?? 0) <= offset) joined++
  return logical.line + joined
}

function endOfKey(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === EQUALS || code === COLON || isBlank(code)) return at
  }
  return text.length
}

function startOfValue(text: string, keyEnd: number): number {
  let at = keyEnd
  let separated = false
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isBlank(code)) continue
    if (separated || (code !== EQUALS && code !== COLON)) break
    separated = true
  }
  return at
}

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }
const FOUR_HEX_DIGITS = /^[0-9a-fA-F]{4}$/

function unescape(logical: LogicalLine, from: number, to: number): string {
  const { text } = logical
  const parts: string[] = []
  let at = from
  for (let slash = text.indexOf('\\', at); slash >= 0 && slash < to; slash = text.indexOf('\\', at)) {
    const letter = text.charAt(slash + 1)
    parts.push(text.slice(at, slash))
    if (letter === 'u') parts.push(unicodeEscape(logical, slash, to))
    else parts.push(ESCAPED[letter] ?? letter)
    at = slash + (letter === 'u' ? 6 : 2)
  }
  if (at === from) return text.slice(from, to)
  parts.push(text.slice(at, to))
  return parts.join('')
}

function unicodeEscape(logical: LogicalLine, slash: number, to: number): string {
  const digits = logical.text.slice(slash + 2, Math.min(slash + 6, to))
  if (!FOUR_HEX_DIGITS.test(digits)) {
    const facts = { line: lineAt(logical, slash), escape: '\\u' + digits }
    throw new AgentError('ERR_FORMAT', 'Malformed \\uxxxx encoding.', facts)
  }
  return String.fromCharCode(Number.parseInt(digits, 16))
}
