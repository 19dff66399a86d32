import { namesBehindSign } from './comment-behind.ts'
import type { Property } from './finding.ts'

/** Blanks that Java takes for letters: they become part of keys, names and values. */
const STRANGE_BLANKS = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]/
const ALL_STRANGE_BLANKS = new RegExp(STRANGE_BLANKS, 'g')
const AT_THE_ENDS = new RegExp(`^${STRANGE_BLANKS.source}|${STRANGE_BLANKS.source}$`)

/** The first such blank of a property that was surely meant as one: any in a key, at the ends of a value, or U+00A0. */
export function strangeBlank({ key, value }: Pick<Property, 'key' | 'value'>): string | undefined {
  return (STRANGE_BLANKS.exec(key) ?? AT_THE_ENDS.exec(value) ?? /\u00a0/.exec(value))?.[0]
}

export function hasStrangeBlank(name: string): boolean {
  return STRANGE_BLANKS.test(name)
}

/** The text without such blanks. */
export function withoutStrangeBlanks(text: string): string {
  return text.replaceAll(ALL_STRANGE_BLANKS, '')
}

/** Whether a name of a list is none that anybody meant: it has such a blank, or stands in a comment behind the list. */
export function isMisread(list: Property | undefined, name: string): boolean {
  return hasStrangeBlank(name) || namesBehindSign(list).has(name)
}
