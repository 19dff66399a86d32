import { AgentError } from '../../core/errors.ts'

/** What peek() and next() give behind the last character. */
export const END = -1

/** Set in the code of a character that `\Q…\E` makes an ordinary one. */
const QUOTED = 1 << 24

/** The code point of what the reader gave, quoted or not. */
export function plain(code: number): number {
  return code & (QUOTED - 1)
}

export function charCode(char: string): number {
  return char.codePointAt(0) ?? END
}

/** A pattern that Java does not take either. `description` is Java's sentence. */
export function badPattern(pattern: string, description: string, index: number): AgentError {
  return new AgentError('ERR_CONFIG', 'The regular expression is wrong.', {
    reason: description,
    pattern,
    index
  })
}

/** A pattern that Java takes, and that cannot run here within bounds. `what` names the part of it. */
export function refusedPattern(pattern: string, what: string): AgentError {
  return new AgentError('ERR_UNSUPPORTED', 'The regular expression cannot run here.', {
    reason: what,
    pattern
  })
}

/** Reads a pattern code point by code point; with `comments` set, past blanks and comments. */
export class PatternReader {
  readonly pattern: string
  comments = false
  readonly #codes: readonly number[]
  #at = 0

  constructor(pattern: string) {
    this.pattern = pattern
    this.#codes = unquoted(Array.from(pattern, char => char.codePointAt(0) ?? 0))
  }

  /** The next one that counts, which is then the current one. */
  peek(): number {
    if (this.comments) this.#skipComments()
    return this.peekRaw()
  }

  /** The same, and past it. */
  next(): number {
    const code = this.peek()
    this.#at++
    return code
  }

  /** The one `ahead` of the current one, blanks included. */
  peekRaw(ahead = 0): number {
    return this.#codes[this.#at + ahead] ?? END
  }

  nextRaw(): number {
    const code = this.peekRaw()
    this.#at++
    return code
  }

  /** Passes `char` and says so, or stays. */
  skip(char: string): boolean {
    if (this.peek() !== charCode(char)) return false
    this.#at++
    return true
  }

  back(): void {
    this.#at--
  }

  get at(): number {
    return this.#at
  }

  set at(index: number) {
    this.#at = index
  }

  /** Java points at the character before the current one. */
  error(description: string, index = this.#at - 1): AgentError {
    return badPattern(this.pattern, description, Math.max(0, index))
  }

  refused(what: string): AgentError {
    return refusedPattern(this.pattern, what)
  }

  /** Characters up to `closing`, which is passed; undefined without it. */
  upTo(closing: string): string | undefined {
    const end = this.#codes.indexOf(charCode(closing), this.#at)
    if (end < 0) return undefined
    const text = this.#codes
      .slice(this.#at, end)
      .map(code => String.fromCodePoint(plain(code)))
      .join('')
    this.#at = end + 1
    return text
  }

  #skipComments(): void {
    for (;;) {
      const code = this.peekRaw()
      if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) this.#at++
      else if (code === charCode('#')) while (!endsLine(this.peekRaw())) this.#at++
      else return
      if (endsLine(this.peekRaw())) this.#at++
      if (this.#at > this.#codes.length) this.#at = this.#codes.length
    }
  }
}

function endsLine(code: number): boolean {
  return code === END || code === 0x0a || code === 0x0d || code === 0x85 || (code | 1) === 0x2029
}

/** Takes away `\Q` and `\E`, and marks what stands between them. */
function unquoted(codes: readonly number[]): number[] {
  const left: number[] = []
  const backslash = charCode('\\')
  let quoting = false
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    const following = codes[i + 1]
    if (quoting && code === backslash && following === charCode('E')) {
      quoting = false
      i++
    } else if (quoting) left.push(code | QUOTED)
    else if (code !== backslash || following === undefined) left.push(code)
    else if (following === charCode('Q')) {
      quoting = true
      i++
    } else {
      left.push(code, following)
      i++
    }
  }
  return left
}
