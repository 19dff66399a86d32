import { sizeOf } from './char-set.ts'
import { refusedPattern } from './pattern-reader.ts'
import { childrenOf, lengthsOf, type Node } from './syntax.ts'

/** So many texts a group may have that is asked for again. */
const MOST_TEXTS = 64

/**
 * Throws ERR_UNSUPPORTED for back references to groups that can have many texts: what is known of a place holds for one of
 * them only, so that the steps would not be bounded by the length of the text. One character is allowed, whichever it is.
 */
export function checkRepeated(pattern: string, root: Node): void {
  const groups = new Map<number, Node>()
  const asked = new Set<number>()
  const visit = (node: Node): void => {
    if (node.kind === 'group') groups.set(node.index, node.body)
    if (node.kind === 'again') asked.add(node.group)
    for (const part of childrenOf(node)) visit(part)
  }
  visit(root)
  for (const group of asked) {
    const body = groups.get(group)
    if (body === undefined || lengthsOf(body).max <= 1 || textsOf(body) <= MOST_TEXTS) continue
    throw refusedPattern(
      pattern,
      `the back reference \\${group} asks for a text of many possible ones again; this needs steps without bound`
    )
  }
}

/** At most so many different texts the node matches. */
function textsOf(node: Node): number {
  switch (node.kind) {
    case 'set':
      return sizeOf(node.set)
    case 'place':
    case 'look':
      return 1
    case 'again':
      return Infinity
    case 'group':
    case 'atomic':
      return textsOf(node.body)
    case 'sequence':
      return node.items.map(textsOf).reduce((product, texts) => product * texts, 1)
    case 'choice':
      return node.options.map(textsOf).reduce((sum, texts) => sum + texts, 0)
    case 'repeat': {
      if (node.max === Infinity) return Infinity
      const texts = textsOf(node.body)
      let all = 0
      for (let turns = node.min; turns <= Math.min(node.max, node.min + MOST_TEXTS); turns++)
        all += texts ** turns
      return all
    }
  }
}
