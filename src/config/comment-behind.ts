import { wordsOf } from '../core/words.ts'
import type { Property } from './finding.ts'

/** What people take for a comment behind a value; it is part of the value. */
export interface CommentBehind {
  readonly sign: '#' | '//'
  /** What was meant as the value. */
  readonly value: string
}

/** Values in which such signs are usual: what a shell or a regular expression reads, and words to look for. */
const OWN_SIGNS = /\.(?:command|regex|searchPattern|replaceString|keywords)$/
const HASH = /^[^#].*?[^\s,](?=\s+#)|^[^\s#](?=\s+#)/s
const SLASHES = /^\S+(?=\s+\/\/)/

/** The comment behind a value, if there is one. Words with a hash in a list with commas are none. */
export function commentBehind({ key, value }: Pick<Property, 'key' | 'value'>): CommentBehind | undefined {
  if (!value.includes('#') && !value.includes('//')) return undefined
  const hash = HASH.exec(value)
  const slashes = OWN_SIGNS.test(key) ? null : SLASHES.exec(value)
  if (slashes !== null && (hash === null || slashes[0].length <= hash[0].length))
    return { sign: '//', value: slashes[0] }
  return hash === null ? undefined : { sign: '#', value: hash[0] }
}

/** Names of a list that stand only behind such a sign. */
export function namesBehindSign(list: Property | undefined): ReadonlySet<string> {
  if (list === undefined) return new Set()
  const found = behind.get(list) ?? findBehind(list)
  behind.set(list, found)
  return found
}

/** What was found for a list, which is asked for each of its names. */
const behind = new WeakMap<Property, ReadonlySet<string>>()

function findBehind(list: Property): ReadonlySet<string> {
  const comment = commentBehind(list)
  if (comment === undefined) return new Set()
  const meant = new Set(wordsOf(comment.value))
  return new Set(wordsOf(list.value.slice(comment.value.length)).filter(word => !meant.has(word)))
}
