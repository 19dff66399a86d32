import { nonSpacingMarks, unicodeWord, wordEdgeChars } from './char-names.ts'
import { CharTest } from './char-set.ts'
import type { Place } from './syntax.ts'

const [LINE_FEED, RETURN, NEXT_LINE] = [0x0a, 0x0d, 0x85]

/** So many marks are passed in search of the letter that they stand on. */
const MOST_MARKS = 64

/** Whether `at` is such a place of the text. `lastEnd` is where the last match ended. */
export function isAtPlace(place: Place, text: string, at: number, lastEnd: number): boolean {
  switch (place) {
    case 'begin':
      return at === 0
    case 'end':
      return at === text.length
    case 'lastMatch':
      return at === lastEnd
    case 'lastLineEnd':
      return at === text.length || (endsLineAt(text, at) && at + lineEndLength(text, at) === text.length)
    case 'lastLineEndUnix':
      return at === text.length || (at === text.length - 1 && text.charCodeAt(at) === LINE_FEED)
    case 'lineEnd':
      return at === text.length || endsLineAt(text, at)
    case 'lineEndUnix':
      return at === text.length || text.charCodeAt(at) === LINE_FEED
    case 'lineStart':
      return at < text.length && (at === 0 || startsLineAt(text, at))
    case 'lineStartUnix':
      return at < text.length && (at === 0 || text.charCodeAt(at - 1) === LINE_FEED)
    case 'wordEdge':
    case 'noWordEdge':
      return isEdge(text, at, wordChars()) === (place === 'wordEdge')
    case 'wordEdgeUnicode':
    case 'noWordEdgeUnicode':
      return isEdge(text, at, unicodeWordChars()) === (place === 'wordEdgeUnicode')
  }
}

function isLineEnd(unit: number): boolean {
  return unit === LINE_FEED || unit === RETURN || unit === NEXT_LINE || (unit | 1) === 0x2029
}

/** Not between the two characters of one line end. */
function endsLineAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return isLineEnd(unit) && !(unit === LINE_FEED && text.charCodeAt(at - 1) === RETURN)
}

function lineEndLength(text: string, at: number): number {
  return text.charCodeAt(at) === RETURN && text.charCodeAt(at + 1) === LINE_FEED ? 2 : 1
}

function startsLineAt(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1)
  return isLineEnd(before) && !(before === RETURN && text.charCodeAt(at) === LINE_FEED)
}

let word: CharTest | undefined
let unicodeWords: CharTest | undefined
let marks: CharTest | undefined

function wordChars(): CharTest {
  word ??= new CharTest(wordEdgeChars())
  return word
}

function unicodeWordChars(): CharTest {
  unicodeWords ??= new CharTest(unicodeWord())
  return unicodeWords
}

function isEdge(text: string, at: number, words: CharTest): boolean {
  const before = at > 0 && isInWord(text, at - unitsBefore(text, at), words)
  const behind = at < text.length && isInWord(text, at, words)
  return before !== behind
}

/** Whether the character at a place belongs to a word: a letter, or a mark on one. */
function isInWord(text: string, at: number, words: CharTest): boolean {
  const code = text.codePointAt(at) ?? 0
  if (words.has(code)) return true
  if (code < 0x300) return false
  marks ??= new CharTest(nonSpacingMarks())
  if (!marks.has(code)) return false
  let place = at
  for (let passed = 0; passed < MOST_MARKS && place > 0; passed++) {
    place -= unitsBefore(text, place)
    const base = text.codePointAt(place) ?? 0
    if (wordChars().has(base)) return base !== 0x5f
    if (!marks.has(base)) return false
  }
  return false
}

/** How many units the character before a place takes. */
export function unitsBefore(text: string, at: number): 1 | 2 {
  const low = text.charCodeAt(at - 1)
  if (low < 0xdc00 || low > 0xdfff) return 1
  const high = text.charCodeAt(at - 2)
  return high >= 0xd800 && high <= 0xdbff ? 2 : 1
}
