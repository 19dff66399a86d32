import { isWide, narrow, single, type CharSet } from './char-set.ts'
import { contains, hasCaptures, lengthsOf, LINE_END, type Node, type Place } from './syntax.ts'

/**
 * The texts for which JavaScript's expression matches the same: every text, those without characters that take two units,
 * ASCII.
 */
export type Domain = 'every' | 'pairless' | 'ascii'

export interface Translation {
  readonly source: string
  readonly domain: Domain
}

/** The pattern as one of JavaScript's without flags, with the same groups; undefined where there is none. */
export function toJavaScript(root: Node): Translation | undefined {
  if (contains(root, differs)) return undefined
  const ascii = contains(root, part => part.kind === 'place' && /ordEdge/.test(part.place))
  const pairless = contains(root, part => part.kind === 'set' && isWide(part.set))
  return { source: written(root), domain: ascii ? 'ascii' : pairless ? 'pairless' : 'every' }
}

/** Whether JavaScript has no such thing, or means something else by it. */
function differs(node: Node): boolean {
  switch (node.kind) {
    case 'atomic':
    case 'again':
      return true
    case 'place':
      return node.place === 'lastMatch'
    case 'look':
      return hasCaptures(node.body)
    case 'repeat':
      // Empty turns end loops in another way, and a turn forgets the groups of the one before.
      return (
        node.body === LINE_END ||
        node.mode === 'possessive' ||
        lengthsOf(node.body).min === 0 ||
        (node.max > 1 && contains(node.body, mayLeaveOut))
      )
    case 'set':
    case 'sequence':
    case 'choice':
    case 'group':
      return false
  }
}

/** Whether groups in it may stay as they were. */
function mayLeaveOut(node: Node): boolean {
  return (node.kind === 'choice' || (node.kind === 'repeat' && node.min === 0)) && hasCaptures(node)
}

function written(node: Node): string {
  switch (node.kind) {
    case 'set':
      return writtenSet(node.set)
    case 'sequence':
      return node.items.map(written).join('')
    case 'choice':
      return `(?:${node.options.map(written).join('|')})`
    case 'group':
      return `(${node.index > 0 ? '' : '?:'}${written(node.body)})`
    case 'repeat': {
      const { body, min, max, mode } = node
      const counts = `{${min},${max === Infinity ? '' : max}}`
      return `(?:${written(body)})${counts}${mode === 'lazy' ? '?' : ''}`
    }
    case 'look':
      return `(?${node.ahead ? '' : '<'}${node.negative ? '!' : '='}${written(node.body)})`
    case 'place':
      return PLACES[node.place]
    case 'atomic':
    case 'again':
      throw new Error('Nothing in JavaScript is the same.')
  }
}

const LINE_START = '(?:^|(?<=[\\n\\x85\\u2028\\u2029]|\\r(?!\\n)))(?!$)'

const PLACES: Readonly<Record<Place, string>> = {
  begin: '^',
  end: '$',
  lastLineEnd: '(?=(?:\\r\\n|[\\r\\x85\\u2028\\u2029])?$|(?<!\\r)\\n$)',
  lastLineEndUnix: '(?=\\n?$)',
  lineEnd: '(?=[\\r\\x85\\u2028\\u2029]|$|(?<!\\r)\\n)',
  lineEndUnix: '(?=\\n|$)',
  lineStart: LINE_START,
  lineStartUnix: '(?:^|(?<=\\n))(?!$)',
  wordEdge: '\\b',
  noWordEdge: '\\B',
  wordEdgeUnicode: '\\b',
  noWordEdgeUnicode: '\\B',
  lastMatch: ''
}

function writtenSet(set: CharSet): string {
  const one = single(set)
  if (one !== undefined && one <= 0xffff) return writtenChar(one)
  const ranges = narrow(set).map(([from, to]) =>
    from === to ? writtenChar(from) : `${writtenChar(from)}-${writtenChar(to)}`
  )
  return `[${ranges.join('')}]`
}

function writtenChar(code: number): string {
  return /[A-Za-z0-9_ ]/.test(String.fromCharCode(code))
    ? String.fromCharCode(code)
    : `\\u${code.toString(16).padStart(4, '0')}`
}
