import { messageOf } from '../core/errors.ts'
import type { Findings, Property } from './finding.ts'
import type { Lookups } from './lookups.ts'
import type { Properties } from './merge.ts'

export interface InterpolationOptions {
  readonly lookups: Lookups
  /** Where `${NAME}` falls back to when no property has the name; with EnvVarResolverProperties the environment. */
  readonly fallback?: (name: string) => string | undefined
}

/** Longest value and deepest nesting that interpolation makes; beyond it the value is an error. */
const LONGEST_VALUE = 1 << 20
const DEEPEST = 100

/**
 * Replaces `${…}` in all values, never in keys. References between properties do not depend on their order. What names
 * nothing stays as it is, with a finding; an endless loop or a name that can never be looked up is fatal.
 */
export function interpolate(
  properties: Properties,
  options: InterpolationOptions,
  findings: Findings
): Properties {
  const run = new Interpolation(properties, options)
  const resolved = new Map<string, Property>()
  for (const property of properties.values()) {
    const outcome = run.value(property.key)
    report(property, outcome, findings)
    resolved.set(property.key, { ...property, value: outcome.value })
  }
  return resolved
}

interface Outcome {
  readonly value: string
  readonly error: string | undefined
  readonly unresolved: readonly string[]
  readonly circle: string | undefined
}

function plain(value: string): Outcome {
  return { value, error: undefined, unresolved: [], circle: undefined }
}

function report(property: Property, { error, unresolved, circle }: Outcome, findings: Findings): void {
  const { key } = property
  if (error !== undefined) {
    findings.fatal('INTERPOLATION', {
      at: property,
      key,
      message: `A variable in ${key} cannot be evaluated: ${error}`,
      hint: 'Correct the ${…}, or write $${…} when the text is meant as it stands.'
    })
  } else if (circle !== undefined) {
    findings.add('INTERPOLATION_CYCLE', {
      at: property,
      key,
      message: `${key} refers to itself: ${circle}; the text stays as it is.`,
      hint: 'Give one of the properties a value of its own.'
    })
  } else if (unresolved.length > 0) {
    const names = [...new Set(unresolved)].map(name => `\${${name}}`)
    findings.add('UNRESOLVED_VARIABLE', {
      at: property,
      key,
      message: `${names.join(', ')} in ${key} names nothing and stays in the value.`,
      hint: 'Use ${env:NAME} for an environment variable, ${sys:name} for -Dname, ${name:-default} for a default, $${…} for the text itself.'
    })
  }
}

/** A config filter's reference is for a later stage. */
const FILTER_REFERENCE = /^[^[\]{}]+\[(?:'[\w-]+'|"[\w-]+"|[\w-]+)\]$/

class Interpolation {
  readonly #properties: Properties
  readonly #options: InterpolationOptions
  readonly #done = new Map<string, Outcome>()
  /** Keys being resolved now, outermost first. */
  readonly #open: string[] = []
  #unresolved: string[] = []
  #circle: string | undefined
  #depth = 0

  constructor(properties: Properties, options: InterpolationOptions) {
    this.#properties = properties
    this.#options = options
  }

  value(key: string): Outcome {
    const done = this.#done.get(key)
    if (done !== undefined) return done
    const raw = this.#properties.get(key)?.value ?? ''
    const outcome = raw.includes('${') ? this.#resolve(key, raw) : plain(raw)
    // What was cut short by an outer reference may come out differently by itself.
    if (outcome.circle === undefined || this.#open.length === 0) this.#done.set(key, outcome)
    return outcome
  }

  #resolve(key: string, raw: string): Outcome {
    const [outerUnresolved, outerCircle] = [this.#unresolved, this.#circle]
    this.#unresolved = []
    this.#circle = undefined
    this.#open.push(key)
    try {
      const value = this.#substitute(raw, [raw])
      const circle = this.#circle
      return {
        value: circle === undefined ? value : raw,
        error: undefined,
        unresolved: this.#unresolved,
        circle
      }
    } catch (error) {
      return { ...plain(raw), error: messageOf(error) }
    } finally {
      this.#open.pop()
      this.#unresolved = outerUnresolved
      this.#circle = outerCircle
    }
  }

  /** `prior` holds the text this began with and the variables being replaced, as Commons Text does. */
  #substitute(text: string, prior: readonly string[]): string {
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
    let at = 0
    for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', at)) {
      out += text.slice(at, open)
      if (out.endsWith('$')) {
        // the escape: one of the two goes
        out += '{'
        at = open + 2
        continue
      }
      const end = closing(text, open)
      if (end < 0) return out + text.slice(open)
      const inner = text.slice(open + 2, end)
      out += this.#variable(this.#substitute(inner, [inner]), prior) ?? text.slice(open, end + 1)
      if (out.length > LONGEST_VALUE) throw new Error(`The value grows beyond ${LONGEST_VALUE} characters.`)
      at = end + 1
    }
    return out + text.slice(at)
  }

  #variable(expression: string, prior: readonly string[]): string | undefined {
    const split = expression.indexOf(':-')
    const name = split < 0 ? expression : expression.slice(0, split)
    if (prior.includes(name, 1)) {
      throw new Error(
        `Infinite loop in property interpolation of ${prior[0] ?? ''}: ${prior.slice(1).join('->')}`
      )
    }
    const [open, unresolved] = [this.#circle, this.#unresolved.length]
    const found = this.#lookup(name)
    if (found !== undefined) return this.#substitute(found, [...prior, name])
    if (split < 0) {
      if (!FILTER_REFERENCE.test(name)) this.#unresolved.push(name)
      return undefined
    }
    this.#circle = open
    this.#unresolved.length = unresolved
    return this.#substitute(expression.slice(split + 2), [...prior, name])
  }

  #lookup(name: string): string | undefined {
    const colon = name.indexOf(':')
    if (colon < 0) return this.#property(name)
    const found = this.#options.lookups.get(name.slice(0, colon).toLowerCase())?.(name.slice(colon + 1))
    return found ?? this.#property(name.slice(colon + 1))
  }

  #property(name: string): string | undefined {
    const { fallback } = this.#options
    if (!this.#properties.has(name)) return fallback?.(name)
    if (this.#open.includes(name)) {
      const elsewhere = fallback?.(name)
      if (elsewhere === undefined)
        this.#circle ??= [...this.#open.slice(this.#open.indexOf(name)), name].join(' -> ')
      return elsewhere
    }
    if (this.#open.length > DEEPEST) throw new Error('Properties refer to each other too deeply.')
    const { value, error, circle } = this.value(name)
    if (error !== undefined) throw new Error(error)
    this.#circle ??= circle
    return value
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
