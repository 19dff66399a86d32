import { AgentError } from '../core/errors.ts'
import type { Match } from './patterns/match.ts'

/** What a replacement needs to know of its pattern. */
interface Groups {
  readonly groupCount: number
  readonly groupNames: ReadonlyMap<string, number>
}

/** A text put in the place of a match. */
export type Replacement = (match: Match) => string

/**
 * Reads a replacement as `Matcher.replaceAll` does: `$1` and `${name}` are groups (nothing where they did not take part),
 * a backslash takes the meaning from the next character. Throws ERR_CONFIG, with Java's sentence, for groups that the
 * pattern does not have, too: Java would only say so at the first match.
 */
export function compileReplacement(text: string, groups: Groups): Replacement {
  const parts = new ReplacementReader(text, groups).read()
  const [only] = parts
  if (parts.length <= 1 && typeof only !== 'number') return () => only ?? ''
  return match => parts.map(part => (typeof part === 'string' ? part : (match.group(part) ?? ''))).join('')
}

class ReplacementReader {
  readonly #text: string
  readonly #groups: Groups
  readonly #parts: (string | number)[] = []
  #plain = ''
  #at = 0

  constructor(text: string, groups: Groups) {
    this.#text = text
    this.#groups = groups
  }

  read(): readonly (string | number)[] {
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at++] ?? ''
      if (char === '$') this.#readGroup()
      else this.#plain += char === '\\' ? this.#readEscaped() : char
    }
    if (this.#plain !== '') this.#parts.push(this.#plain)
    return this.#parts
  }

  #readEscaped(): string {
    const char = this.#text[this.#at++]
    if (char === undefined) throw this.#error('character to be escaped is missing')
    return char
  }

  #readGroup(): void {
    const char = this.#text[this.#at]
    if (char === undefined) throw this.#error('Illegal group reference: group index is missing')
    if (char !== '{' && !isDigit(char)) throw this.#error('Illegal group reference')
    if (this.#plain !== '') this.#parts.push(this.#plain)
    this.#plain = ''
    this.#parts.push(char === '{' ? this.#readNamed() : this.#readNumber())
  }

  #readNamed(): number {
    const [name = ''] = /^[A-Za-z0-9]*/.exec(this.#text.slice(this.#at + 1)) ?? []
    this.#at += 1 + name.length
    if (name === '') throw this.#error('named capturing group has 0 length name')
    if (this.#text[this.#at++] !== '}') throw this.#error("named capturing group is missing trailing '}'")
    if (isDigit(name[0] ?? ''))
      throw this.#error(`capturing group name {${name}} starts with digit character`)
    const group = this.#groups.groupNames.get(name)
    if (group === undefined) throw this.#error(`No group with name {${name}}`)
    return group
  }

  /** As many digits as there are groups for. */
  #readNumber(): number {
    const { groupCount } = this.#groups
    let group = Number(this.#text[this.#at++])
    if (group > groupCount) throw this.#error(`No group ${group}`)
    for (;;) {
      const char = this.#text[this.#at] ?? ''
      const longer = group * 10 + Number(char)
      if (!isDigit(char) || longer > groupCount) return group
      group = longer
      this.#at++
    }
  }

  #error(reason: string): AgentError {
    return new AgentError('ERR_CONFIG', 'The replacement is wrong.', { reason, replacement: this.#text })
  }
}

function isDigit(char: string): boolean {
  return /^[0-9]$/.test(char)
}
