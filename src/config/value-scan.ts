import type { Lookups } from './lookups.ts'

/** What a value became. */
export interface Outcome {
  readonly value: string
  readonly error: string | undefined
  readonly unresolved: readonly string[]
  /** A property with names that nothing has, which are in this value too. */
  readonly unresolvedBy: string | undefined
  /** A circle that the property is on: `a -> b -> a`. */
  readonly circle: string | undefined
  /** The text stays, as a reference of a circle has no default. */
  readonly isCut: boolean
  /** The property whose error or circle this one shares. */
  readonly cause: string | undefined
  /** Something of the value comes from the environment. */
  readonly isFromOutside: boolean
}

/** What a value may refer to. */
export interface Surroundings {
  readonly lookups: Lookups
  /** Where `${NAME}` falls back to when no property has the name; with EnvVarResolverProperties the environment. */
  readonly fallback?: (name: string) => string | undefined
  hasProperty(name: string): boolean
  /** Undefined while the value is not known. */
  property(name: string): Outcome | undefined
}

/** Longest value and deepest nesting that interpolation makes; beyond it the value is an error. */
const LONGEST_VALUE = 1 << 20
const DEEPEST = 100

/** A config filter's reference is for a later stage. */
const FILTER_REFERENCE = /^[^[\]{}]+\[(?:'[\w-]+'|"[\w-]+"|[\w-]+)\]$/
/** The lookup that reads what others may not see. */
const ENVIRONMENT = 'env'

interface Found {
  readonly value: string
  /** The property it is the value of, where names are left in it that nothing has. */
  readonly unresolvedBy?: string
  /** It is a text with variables that stay. */
  readonly isCut?: boolean
}

/** Replaces the variables of one value, and remembers what it met. */
export class ValueScan {
  /** Names that nothing has. */
  readonly unresolved: string[] = []
  /** A property without a known value that there is no default for. */
  cutBy: string | undefined
  /** A property that shares its error or its circle with this value. */
  cause: string | undefined
  /** A property that has names which nothing has. */
  unresolvedBy: string | undefined
  isFromOutside = false
  readonly #around: Surroundings
  #depth = 0

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** `prior` holds the text this began with and the variables being replaced, as Commons Text does. */
  substitute(text: string, prior: readonly string[]): string {
    if (this.#depth >= DEEPEST) throw new Error('Variables are nested too deeply.')
    this.#depth++
    try {
      return this.#scan(text, prior)
    } finally {
      this.#depth--
    }
  }

  #scan(text: string, prior: readonly string[]): string {
    let out = ''
    let last: string | undefined
    let at = 0
    for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', at)) {
      out += text.slice(at, open)
      if (open > at) last = text[open - 1]
      if (last === '$') {
        // the escape: one of the two goes
        out += '{'
        last = '{'
        at = open + 2
        continue
      }
      const end = closing(text, open)
      if (end < 0) return out + text.slice(open)
      const value = this.#variable(text.slice(open + 2, end), prior) ?? text.slice(open, end + 1)
      out += value
      last = value.at(-1) ?? last
      if (out.length > LONGEST_VALUE) throw new Error(`The value grows beyond ${LONGEST_VALUE} characters.`)
      at = end + 1
    }
    return out + text.slice(at)
  }

  #variable(inner: string, prior: readonly string[]): string | undefined {
    const { name, otherwise } = this.#split(inner)
    if (prior.includes(name, 1)) {
      throw new Error(
        `Infinite loop in property interpolation of ${prior[0] ?? ''}: ${prior.slice(1).join('->')}`
      )
    }
    const { cutBy } = this
    const found = this.#lookup(name)
    if (found !== undefined) return this.#again(found, name, prior)
    if (otherwise !== undefined) {
      this.cutBy = cutBy
      return this.substitute(this.substitute(otherwise, [otherwise]), [...prior, name])
    }
    if (this.cutBy === undefined && !FILTER_REFERENCE.test(name)) this.unresolved.push(name)
    return undefined
  }

  /** Name and default; the name may be computed, and a default counts only where it is needed. */
  #split(inner: string): { name: string; otherwise: string | undefined } {
    const at = defaultOf(inner)
    const written = at < 0 ? inner : inner.slice(0, at)
    const expression = this.substitute(written, [written])
    const split = expression.indexOf(':-')
    const otherwise = at < 0 ? undefined : inner.slice(at + 2)
    if (split < 0) return { name: expression, otherwise }
    const computed = expression.slice(split + 2)
    return {
      name: expression.slice(0, split),
      otherwise: otherwise === undefined ? computed : `${computed}:-${otherwise}`
    }
  }

  /** What a name stands for may hold variables; what they leave is the business of a property that has it. */
  #again({ value, unresolvedBy, isCut }: Found, name: string, prior: readonly string[]): string {
    if (isCut === true) return value
    const { length } = this.unresolved
    const substituted = this.substitute(value, [...prior, name])
    if (unresolvedBy !== undefined) this.unresolved.length = length
    return substituted
  }

  #lookup(name: string): Found | undefined {
    const colon = name.indexOf(':')
    if (colon < 0) return this.#property(name)
    const prefix = name.slice(0, colon).toLowerCase()
    const found = this.#around.lookups.get(prefix)?.(name.slice(colon + 1))
    if (found !== undefined && prefix === ENVIRONMENT) this.isFromOutside = true
    return found === undefined ? this.#property(name.slice(colon + 1)) : { value: found }
  }

  #property(name: string): Found | undefined {
    const outcome = this.#around.hasProperty(name) ? this.#around.property(name) : undefined
    if (outcome === undefined) return this.#fallback(name)
    const { value, error, isCut, isFromOutside, unresolved, unresolvedBy } = outcome
    if (error !== undefined || isCut) this.cause ??= outcome.cause ?? name
    if (error !== undefined) throw new Error(error)
    this.isFromOutside ||= isFromOutside
    const owner = unresolved.length > 0 ? name : unresolvedBy
    if (owner === undefined) return { value, isCut }
    this.unresolvedBy ??= owner
    return { value, unresolvedBy: owner }
  }

  #fallback(name: string): Found | undefined {
    const value = this.#around.fallback?.(name)
    if (value !== undefined) this.isFromOutside = true
    else if (this.#around.hasProperty(name)) this.cutBy ??= name
    return value === undefined ? undefined : { value }
  }
}

/** Where the variable that opens at `open` ends, nested ones counted; -1 when nowhere. */
function closing(text: string, open: number): number {
  let depth = 0
  for (let at = open + 2; at < text.length; at++) {
    if (text.startsWith('${', at)) {
      depth++
      at++
    } else if (text[at] === '}') {
      if (depth === 0) return at
      depth--
    }
  }
  return -1
}

/** Where the sign before a default stands, outside of variables in the name; -1 when nowhere. */
function defaultOf(inner: string): number {
  let depth = 0
  for (let at = 0; at < inner.length; at++) {
    if (inner.startsWith('${', at)) {
      depth++
      at++
    } else if (inner[at] === '}') depth--
    else if (depth === 0 && inner.startsWith(':-', at)) return at
  }
  return -1
}
