import { messageOf } from '../core/errors.ts'
import type { Properties } from './merge.ts'
import { ValueScan, type Outcome, type Surroundings } from './value-scan.ts'

export type InterpolationOptions = Pick<Surroundings, 'lookups' | 'fallback'>

/** Longest sum of all values that hold a variable. */
const LONGEST_SUM = 1 << 26
const DEEPEST = 100

const PLAIN: Omit<Outcome, 'value'> = {
  error: undefined,
  unresolved: [],
  unresolvedBy: undefined,
  circle: undefined,
  isCut: false,
  cause: undefined,
  isFromOutside: false
}

/** Values of properties, each evaluated once. */
export class Evaluation {
  readonly #properties: Properties
  readonly #options: InterpolationOptions
  readonly #done = new Map<string, Outcome>()
  /** Keys being evaluated now: a computed name may lead from one to another. */
  readonly #open = new Set<string>()
  #sum = 0

  constructor(properties: Properties, options: InterpolationOptions) {
    this.#properties = properties
    this.#options = options
  }

  /** The value of a property. Those that it refers to are evaluated already, but for computed names. */
  outcome(key: string): Outcome {
    const done = this.#done.get(key)
    if (done !== undefined) return done
    const outcome = this.#evaluate(key, this.#open)
    this.#done.set(key, outcome)
    return outcome
  }

  /** The properties that a value asks for while those of its group, and all that are not evaluated, have no value. */
  asked(key: string, group: ReadonlySet<string>): ReadonlySet<string> {
    const asked = new Set<string>()
    const property = (name: string): Outcome | undefined => {
      asked.add(name)
      return group.has(name) ? undefined : this.#done.get(name)
    }
    try {
      this.#scan(property).substitute(this.#raw(key), [''])
    } catch {
      // Evaluating says what is wrong.
    }
    return asked
  }

  /** Settles a property of a circle: the others of its circle have no value. `circle` is told of what is no idiom. */
  settleInCircle(key: string, members: ReadonlySet<string>, circle: () => string): void {
    const outcome = this.#evaluate(key, members)
    // A property that has a default where it names itself is what people write for a default of their own.
    const isMeant = members.size === 1 && !outcome.isCut
    this.#done.set(key, isMeant ? outcome : { ...outcome, circle: circle() })
  }

  #raw(key: string): string {
    return this.#properties.get(key)?.value ?? ''
  }

  #scan(property: (name: string) => Outcome | undefined): ValueScan {
    const hasProperty = (name: string): boolean => this.#properties.has(name)
    return new ValueScan({ ...this.#options, hasProperty, property })
  }

  #evaluate(key: string, unknown: ReadonlySet<string>): Outcome {
    const raw = this.#raw(key)
    if (!raw.includes('${')) return { ...PLAIN, value: raw }
    this.#open.add(key)
    const scan = this.#scan(name => {
      if (unknown.has(name) || this.#open.has(name)) return undefined
      if (this.#open.size > DEEPEST) throw new Error('Properties refer to each other too deeply.')
      return this.outcome(name)
    })
    const met = (): Omit<Outcome, 'value' | 'error'> => {
      const { unresolved, unresolvedBy, cutBy, cause, isFromOutside } = scan
      const circle = cutBy === undefined ? undefined : `${key} -> … -> ${cutBy} -> … -> ${key}`
      const isCut = cutBy !== undefined || cause !== undefined
      return { unresolved, unresolvedBy, circle, isCut, cause, isFromOutside }
    }
    try {
      const value = scan.substitute(raw, [raw])
      this.#sum += value.length
      if (this.#sum > LONGEST_SUM)
        throw new Error(`All values together grow beyond ${LONGEST_SUM} characters.`)
      const outcome = met()
      return { ...outcome, value: outcome.isCut ? raw : value, error: undefined }
    } catch (error) {
      return { ...met(), value: raw, error: messageOf(error) }
    } finally {
      this.#open.delete(key)
    }
  }
}
