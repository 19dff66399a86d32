import { VERTICAL } from './char-names.ts'
import { charsOf, type CharSet } from './char-set.ts'

export type Mode = 'greedy' | 'lazy' | 'possessive'

/**
 * Places that take no text. `end` is the end of the text, `lastLineEnd` also the place before a line terminator that ends
 * it; `lineEnd` and `lineStart` are those of every line. With `unix` only a line feed ends lines.
 */
export type Place =
  | 'begin'
  | 'end'
  | 'lastLineEnd'
  | 'lastLineEndUnix'
  | 'lineEnd'
  | 'lineEndUnix'
  | 'lineStart'
  | 'lineStartUnix'
  | 'wordEdge'
  | 'noWordEdge'
  | 'wordEdgeUnicode'
  | 'noWordEdgeUnicode'
  | 'lastMatch'

/** How texts are compared: as they are, ASCII letters in any case, all letters in any case. */
export type CaseRule = 'exact' | 'ascii' | 'unicode'

/** A parsed pattern. Case, comments, quotes and named classes are gone: a character is a set of those that match. */
export type Node =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  /** Index 0: the group captures nothing. */
  | { readonly kind: 'group'; readonly index: number; readonly body: Node }
  | {
      readonly kind: 'repeat'
      readonly body: Node
      readonly min: number
      readonly max: number
      readonly mode: Mode
    }
  | { readonly kind: 'atomic'; readonly body: Node }
  | { readonly kind: 'look'; readonly ahead: boolean; readonly negative: boolean; readonly body: Node }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'again'; readonly group: number; readonly rule: CaseRule }

export const EMPTY: Node = { kind: 'sequence', items: [] }

/** `\R`: the two characters of Windows, else one. Known by identity: repeated, it is not tried in another way. */
export const LINE_END: Node = {
  kind: 'choice',
  options: [
    { kind: 'sequence', items: ['\r', '\n'].map(char => ({ kind: 'set', set: charsOf(char) }) as const) },
    { kind: 'set', set: VERTICAL }
  ]
}

export interface Syntax {
  readonly root: Node
  readonly groupCount: number
  readonly groupNames: ReadonlyMap<string, number>
}

/** The parts of a node, in their order. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'sequence':
      return node.items
    case 'choice':
      return node.options
    case 'group':
    case 'repeat':
    case 'atomic':
    case 'look':
      return [node.body]
    case 'set':
    case 'place':
    case 'again':
      return []
  }
}

/** Whether the node or a part of it is as asked for. */
export function contains(node: Node, wanted: (part: Node) => boolean): boolean {
  return wanted(node) || childrenOf(node).some(part => contains(part, wanted))
}

export function hasCaptures(node: Node): boolean {
  return contains(node, part => part.kind === 'group' && part.index > 0)
}

/** The lengths of what a node can match, in code points; `max` is Infinity where there is no bound. */
export function lengthsOf(node: Node): { readonly min: number; readonly max: number } {
  switch (node.kind) {
    case 'set':
      return { min: 1, max: 1 }
    case 'place':
    case 'look':
      return { min: 0, max: 0 }
    case 'again':
      return { min: 0, max: Infinity }
    case 'group':
    case 'atomic':
      return lengthsOf(node.body)
    case 'repeat': {
      const { min, max } = lengthsOf(node.body)
      return { min: min * node.min, max: max === 0 || node.max === 0 ? 0 : max * node.max }
    }
    case 'sequence':
      return node.items
        .map(lengthsOf)
        .reduce((sum, { min, max }) => ({ min: sum.min + min, max: sum.max + max }), { min: 0, max: 0 })
    case 'choice': {
      const lengths = node.options.map(lengthsOf)
      return {
        min: Math.min(...lengths.map(({ min }) => min)),
        max: Math.max(...lengths.map(({ max }) => max))
      }
    }
  }
}
