import { AgentError } from '../core/errors.ts'
import { calendarFields, weekOfMonth, weekOfYear, type CalendarFields } from './calendar.ts'
import { AMERICAN_SYMBOLS as symbols } from './date-symbols.ts'
import { timeZoneNames } from './time-zone-names.ts'
import type { TimeZone } from './time-zone.ts'

/** One moment in every form that a pattern letter may ask for. */
interface Moment {
  readonly epochMs: number
  readonly offsetMs: number
  readonly fields: CalendarFields
}

type Piece = (moment: Moment) => string

/**
 * Compiles a java.text.SimpleDateFormat pattern to a function from epoch milliseconds to text in American English.
 * Throws ERR_CONFIG with Java's reason for a bad pattern.
 */
export function simpleDateFormat(
  pattern: string,
  options: { readonly zone: TimeZone }
): (epochMs: number) => string {
  const { zone } = options
  const pieces = scan(pattern).map(part => (typeof part === 'string' ? () => part : pieceOf(part, zone)))
  return epochMs => {
    const offsetMs = zone.offset(epochMs)
    const moment = { epochMs, offsetMs, fields: calendarFields(epochMs + offsetMs) }
    let text = ''
    for (const piece of pieces) text += piece(moment)
    return text
  }
}

const LETTERS = 'GyMdkHmsSEDFwWahKzZYuXL'

interface Run {
  readonly letter: string
  readonly count: number
}

/** Two quotes for one, a quoted text, a quote without end, a run of one letter, or other characters. */
const TOKEN = /('')|'((?:[^']|'')+)'|(')|(([a-zA-Z])\5*)|[^a-zA-Z']+/gs

function scan(pattern: string): (string | Run)[] {
  const parts: (string | Run)[] = []
  for (const [text, quote, quoted, unclosed, run, letter] of pattern.matchAll(TOKEN)) {
    if (unclosed !== undefined) throw badPattern(pattern, 'Unterminated quote')
    if (run !== undefined && letter !== undefined) parts.push(checkedRun(pattern, letter, run.length))
    else if (quote !== undefined) parts.push("'")
    else parts.push(quoted === undefined ? text : quoted.replaceAll("''", "'"))
  }
  return parts
}

function checkedRun(pattern: string, letter: string, count: number): Run {
  if (!LETTERS.includes(letter)) throw badPattern(pattern, `Illegal pattern character '${letter}'`)
  if (letter === 'X' && count > 3) throw badPattern(pattern, `invalid ISO 8601 format: length=${count}`)
  return { letter, count }
}

function badPattern(pattern: string, reason: string): AgentError {
  return new AgentError('ERR_CONFIG', reason, { pattern })
}

function pieceOf({ letter, count }: Run, zone: TimeZone): Piece {
  switch (letter) {
    case 'G':
      return ({ fields }) => symbols.eras[fields.signedYear > 0 ? 1 : 0]
    case 'y':
      return yearPiece(count, fields => fields.year)
    case 'Y':
      return yearPiece(count, fields => weekOfYear(fields, symbols).weekYear)
    case 'M':
    case 'L':
      return monthPiece(count)
    case 'E':
      return wordPiece(count >= 4 ? symbols.weekdays : symbols.shortWeekdays, fields => fields.weekday)
    case 'a':
      return ({ fields }) => symbols.dayHalves[fields.hour < 12 ? 0 : 1]
    case 'z':
      return zonePiece(count, zone)
    case 'Z':
      return ({ offsetMs }) => hoursMinutes(offsetMs, '')
    case 'X':
      return ({ offsetMs }) => isoOffset(offsetMs, count)
    default:
      return numberPiece(letter, count)
  }
}

function zonePiece(count: number, zone: TimeZone): Piece {
  const names = timeZoneNames(zone)
  return ({ epochMs }) => (count >= 4 ? names(epochMs).long : names(epochMs).short)
}

function yearPiece(count: number, yearOf: (fields: CalendarFields) => number): Piece {
  if (count === 2) return ({ fields }) => pad(yearOf(fields) % 100, 2)
  return ({ fields }) => pad(yearOf(fields), count)
}

function monthPiece(count: number): Piece {
  if (count < 3) return ({ fields }) => pad(fields.month + 1, count)
  return wordPiece(count === 3 ? symbols.shortMonths : symbols.months, fields => fields.month)
}

function wordPiece(words: readonly string[], indexOf: (fields: CalendarFields) => number): Piece {
  return ({ fields }) => words[indexOf(fields)] ?? ''
}

const NUMBERS: Readonly<Record<string, (fields: CalendarFields) => number>> = {
  d: fields => fields.day,
  k: fields => (fields.hour === 0 ? 24 : fields.hour),
  H: fields => fields.hour,
  m: fields => fields.minute,
  s: fields => fields.second,
  S: fields => fields.millisecond,
  D: fields => fields.dayOfYear,
  F: fields => Math.floor((fields.day - 1) / 7) + 1,
  w: fields => weekOfYear(fields, symbols).week,
  W: fields => weekOfMonth(fields, symbols),
  h: fields => (fields.hour % 12 === 0 ? 12 : fields.hour % 12),
  K: fields => fields.hour % 12,
  u: fields => (fields.weekday === 0 ? 7 : fields.weekday)
}

function numberPiece(letter: string, count: number): Piece {
  const numberOf = NUMBERS[letter]
  return numberOf === undefined ? () => '' : ({ fields }) => pad(numberOf(fields), count)
}

function pad(value: number, digits: number): string {
  return value < 0 ? '-' + String(-value).padStart(digits, '0') : String(value).padStart(digits, '0')
}

/** `+0530`, with `separator` between hours and minutes; seconds of an offset are dropped. */
function hoursMinutes(offsetMs: number, separator: string): string {
  const minutes = Math.trunc(Math.abs(offsetMs) / 60_000)
  const sign = offsetMs <= -60_000 ? '-' : '+'
  return sign + pad(Math.trunc(minutes / 60), 2) + separator + pad(minutes % 60, 2)
}

function isoOffset(offsetMs: number, count: number): string {
  if (offsetMs === 0) return 'Z'
  const text = hoursMinutes(offsetMs, count === 3 ? ':' : '')
  return count === 1 ? text.slice(0, 3) : text
}
