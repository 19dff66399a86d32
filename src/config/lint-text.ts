import { logicalLines, parseLogicalLine, type LogicalLine, type PropertyEntry } from '../java/properties.ts'
import type { Position } from './finding.ts'
import type { Findings } from './findings.ts'
import type { Source } from './merge.ts'
import { strangeBlank, withoutStrangeBlanks } from './misread.ts'

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u
/** A letter or sign that a properties file does not give a meaning behind a backslash. */
const LOST_BACKSLASH = /(?:^|[^\\])(?:\\\\)*\\([^\\tnrfu:=#! \t])/
/** A drive and a single backslash, where a value begins. */
const WINDOWS_PATH = /(?:[=:]|[^\\=:\s]\s)\s*([A-Za-z]):\\(?!\\)/

/** Says what the text itself tells: line ends, lost backslashes, blanks behind values. */
export function lintText({ file, text }: Source, findings: Findings): void {
  const first = { file, line: 1 }
  if (text.includes('\r\n'))
    findings.add('CRLF', { at: first, message: 'The lines end with CR LF, as on Windows; that works.' })
  if (text !== '' && !/[\r\n]$/.test(text)) {
    findings.add('NO_FINAL_NEWLINE', {
      at: first,
      message: 'The last line has no end; that works, but appending to the file would join two lines.'
    })
  }
  const cjk = text.search(CJK)
  if (cjk >= 0)
    findings.add('CJK', {
      at: { file, line: lineAt(text, cjk) },
      message: 'There is Chinese, Japanese or Korean text.'
    })
  lintLines(file, text, findings)
}

function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

function lintLines(file: string, text: string, findings: Findings): void {
  const seen = new Set<string>()
  const once = (code: 'TRAIL_WS' | 'CONT_LINE', at: Position, message: string): void => {
    if (seen.has(code)) return
    seen.add(code)
    findings.add(code, { at, message })
  }
  for (const line of logicalLines(text)) {
    const at = { file, line: line.line }
    if (line.joins.length > 0) once('CONT_LINE', at, 'A line goes on behind a backslash.')
    const entry = entryOf(line)
    if (entry === undefined) continue
    const { key } = entry
    lintBlanks(entry, at, findings)
    if (/[ \t\f]$/.test(line.text)) once('TRAIL_WS', at, 'There are blanks behind values; they are cut off.')
    const lost = LOST_BACKSLASH.exec(line.text)
    const drive = WINDOWS_PATH.exec(line.text)?.[1]
    if (drive !== undefined) {
      findings.add('BACKSLASH_LOST', {
        at,
        key,
        message: `The path in ${key} has single backslashes; they vanish, or make a tab or a new line.`,
        hint: `Write ${drive}:/… or ${drive}:\\\\….`
      })
    } else if (lost !== null) {
      findings.add('BACKSLASH_LOST', {
        at,
        key,
        message: `The backslash before "${lost[1] ?? ''}" in ${key} vanishes.`,
        hint: `Write \\\\${lost[1] ?? ''} for one backslash.`
      })
    }
  }
}

function lintBlanks(entry: PropertyEntry, at: Position, findings: Findings): void {
  const blank = strangeBlank(entry)
  if (blank === undefined) return
  const code = `U+${blank.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  const shown = withoutStrangeBlanks(entry.key)
  const what = strangeBlank({ key: entry.key, value: '' }) === undefined ? 'value' : 'key'
  findings.add('NBSP', {
    at,
    key: entry.key,
    message: `There is a ${NAMES[blank] ?? 'blank of another kind'} (${code}) in the line of ${shown}; it becomes part of the ${what}.`,
    hint: 'Replace it by a plain blank, or remove it.'
  })
}

const NAMES: Readonly<Record<string, string>> = {
  '\u00a0': 'no-break space',
  '\u202f': 'narrow no-break space',
  '\u200b': 'zero-width space',
  '\u3000': 'full-width space',
  '\ufeff': 'byte order mark'
}

function entryOf(line: LogicalLine): PropertyEntry | undefined {
  try {
    return parseLogicalLine(line)
  } catch {
    return undefined
  }
}
