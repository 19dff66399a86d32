import { parseJavaBoolean, parseJavaDouble, parseJavaInt, parseJavaLong, trimJava } from './numbers.ts'
import { JAVA_BLANKS } from './words.ts'

/**
 * One setting, said once: from it come the TypeScript type, the default, the check, the manual page and the JSON
 * schema. A setting without default that is not optional is required.
 */
export interface Setting<T> {
  /** Name in the file, below the component. */
  readonly key: string
  /** For the manual: what kind of text it takes. */
  readonly type: SettingType
  readonly doc: string
  readonly default: T | undefined
  readonly required: boolean
  readonly secret: boolean
  /** Other names that Flume's guide or older versions use. */
  readonly aliases: readonly string[]
  /** Wrong text means a warning and the default, as Flume does here; else it is an error. */
  readonly lenient: boolean
  /** Unit of a number, for the manual. */
  readonly unit: string | undefined
  readonly min: number | undefined
  readonly max: number | undefined
  readonly values: readonly string[] | undefined
  parse(text: string): Parsed<T>
}

export type SettingType =
  | 'text'
  | 'integer'
  | 'long'
  | 'number'
  | 'boolean'
  | 'choice'
  | 'list'
  | 'pattern'
  | 'secret'
  | 'secretFile'
  | 'prefix'
  | 'component'
  | 'path'
  | 'bytes'
  | 'url'
  | 'endpoint'
  | 'endpoints'
  | 'records'
/** `remark` is what is odd about a value that is taken all the same. */
export type Parsed<T> =
  | { readonly value: T; readonly remark?: { readonly problem: string; readonly hint: string } }
  | { readonly problem: string; readonly hint: string; readonly code: string }
export type Settings = Readonly<Record<string, Setting<unknown>>>
export type Values<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never
}

/** What is said of a setting, whatever its kind. */
export interface Common<T> {
  doc: string
  default?: T
  secret?: boolean
  aliases?: readonly string[]
  /** A sentence Flume users know for a missing value is built from the key; say more in `doc`. */
  lenient?: boolean
}

interface NumberOptions extends Common<number> {
  min?: number
  max?: number
  unit?: string
}

/** Any text. */
export function text(key: string, options: Common<string>): Setting<string> {
  return setting(key, 'text', options, value => ({ value }))
}

/** A file or folder. */
export function path(key: string, options: Common<string>): Setting<string> {
  return setting(key, 'path', options, value => ({ value }))
}

/** A 32-bit integer in Java's syntax. */
export function integer(key: string, options: NumberOptions): Setting<number> {
  return setting(key, 'integer', options, value =>
    bounded(parseJavaInt(value), value, 'a whole number', options)
  )
}

/** A 64-bit integer in Java's syntax; held as a number, exact up to 2^53. */
export function long(key: string, options: NumberOptions): Setting<number> {
  return setting(key, 'long', options, value => {
    const parsed = parseJavaLong(value)
    return bounded(parsed === undefined ? undefined : Number(parsed), value, 'a whole number', options)
  })
}

/** A number in Java's double syntax. */
export function decimal(key: string, options: NumberOptions): Setting<number> {
  return setting(key, 'number', options, value => bounded(parseJavaDouble(value), value, 'a number', options))
}

const UNITS = ' kmg'

/** A number of bytes: `262144`, or with a binary unit, `256k`, `4m`, `1g`. */
export function bytes(key: string, options: NumberOptions): Setting<number> {
  return setting(key, 'bytes', options, given => {
    const [, digits = '', unit = ''] = /^(\d{1,15})([kmg]?)$/i.exec(trimJava(given)) ?? []
    const value =
      digits === '' ? undefined : Number(digits) * 1024 ** UNITS.indexOf(unit.toLowerCase() || ' ')
    return bounded(value, given, 'a number of bytes', options)
  })
}

/** An address such as `https://host:port/path`, of one of the schemes. */
export function url(
  key: string,
  options: Omit<Common<URL>, 'default'> & { schemes: readonly string[] }
): Setting<URL> {
  const like = `${options.schemes[0]}://host:port/path`
  return setting(key, 'url', options, given => {
    const value = URL.canParse(trimJava(given)) ? new URL(trimJava(given)) : undefined
    return value !== undefined && options.schemes.includes(value.protocol.slice(0, -1))
      ? { value }
      : { problem: `is "${given}", which is not an address`, hint: `Write ${like}.`, code: 'BAD_VALUE' }
  })
}

/** `true` in any case; everything else is false, as in Flume. */
export function flag(key: string, options: Common<boolean>): Setting<boolean> {
  return setting(key, 'boolean', options, given => {
    const value = parseJavaBoolean(given)
    if (value || trimJava(given).toLowerCase() === 'false') return { value }
    return {
      value,
      remark: { problem: `is "${given}", which counts as false`, hint: 'Write true or false.' }
    }
  })
}

interface ChoiceOptions<T extends string> extends Common<T> {
  /** Upper and lower case differ; by default they do not. */
  exactCase?: boolean
  /** Other spellings of a value, such as class names. */
  synonyms?: Readonly<Record<string, T>>
  /** What to do instead of any other value, behind the list of those that there are. */
  otherwise?: string
}

/** One of a few words. */
export function choice<const T extends string>(
  key: string,
  values: readonly T[],
  options: ChoiceOptions<NoInfer<T>>
): Setting<T> {
  const same = (a: string, b: string): boolean =>
    options.exactCase === true ? a === b : a.toLowerCase() === b.toLowerCase()
  const otherwise = options.otherwise === undefined ? '' : ` ${options.otherwise}`
  const parse = (given: string): Parsed<T> => {
    const wanted = trimJava(given)
    const value = values.find(known => same(known, wanted)) ?? options.synonyms?.[wanted]
    return value === undefined
      ? {
          problem: `is "${given}"`,
          hint: `Write one of: ${values.join(', ')}.${otherwise}`,
          code: 'BAD_VALUE'
        }
      : { value }
  }
  return { ...setting(key, 'choice', options, parse), values }
}

interface ListOptions extends Common<readonly string[]> {
  separator?: RegExp
}

/** Words separated by white space, or by what `separator` says. */
export function list(key: string, options: ListOptions): Setting<readonly string[]> {
  const separator = options.separator ?? JAVA_BLANKS
  return setting(key, 'list', options, value => ({
    value: value
      .split(separator)
      .map(trimJava)
      .filter(word => word !== '')
  }))
}

/** Every key that starts with `prefix`, the prefix cut off. Always present, perhaps empty. */
export function prefixed(
  prefix: string,
  options: { doc: string }
): Setting<Readonly<Record<string, string>>> {
  const none: Readonly<Record<string, string>> = {}
  return setting(prefix, 'prefix', { ...options, default: none }, () => ({ value: none }))
}

/** The same setting, without a value when it is not given. */
export function optional<T>(inner: Setting<T>): Setting<T | undefined> {
  return { ...inner, required: false }
}

/**
 * A kind of setting that another layer knows how to read: `make` is given the text, and the default's. It must not find
 * fault with a default.
 */
export function made<T>(
  key: string,
  type: SettingType,
  options: Common<string>,
  make: (text: string) => Parsed<T>
): Setting<T> {
  const { default: otherwise, ...rest } = options
  if (otherwise === undefined) return setting<T>(key, type, rest, make)
  const parsed = make(otherwise)
  if (!('value' in parsed)) throw new Error(`The default of ${key} ${parsed.problem}.`)
  return setting<T>(key, type, { ...rest, default: parsed.value }, make)
}

/** The same setting with a further check; `verify` returns what is wrong with the value, and what to write. */
export function verified<T>(
  inner: Setting<T>,
  verify: (value: T) => { problem: string; hint: string } | undefined
): Setting<T> {
  const parse = (given: string): Parsed<T> => {
    const parsed = inner.parse(given)
    if ('problem' in parsed) return parsed
    const wrong = verify(parsed.value)
    return wrong === undefined ? parsed : { ...wrong, code: 'BAD_VALUE' }
  }
  return { ...inner, parse }
}

/** A setting of a kind that is not among those above: `parse` says what a text means. */
export function setting<T>(
  key: string,
  type: SettingType,
  options: Common<T> & { unit?: string; min?: number; max?: number },
  parse: (value: string) => Parsed<T>
): Setting<T> {
  return {
    key,
    type,
    parse,
    doc: options.doc,
    default: options.default,
    required: options.default === undefined,
    secret: options.secret ?? false,
    aliases: options.aliases ?? [],
    lenient: options.lenient ?? false,
    unit: options.unit,
    min: options.min,
    max: options.max,
    values: undefined
  }
}

function bounded(
  value: number | undefined,
  given: string,
  wanted: string,
  { min, max }: NumberOptions
): Parsed<number> {
  const range = `${wanted}${min === undefined ? '' : ` from ${min}`}${max === undefined ? '' : ` up to ${max}`}`
  if (value === undefined)
    return { problem: `is "${given}", which is not ${wanted}`, hint: `Write ${range}.`, code: 'BAD_NUMBER' }
  const outside = (min !== undefined && value < min) || (max !== undefined && value > max)
  return outside
    ? { problem: `is ${given}, out of range`, hint: `Write ${range}.`, code: 'BAD_NUMBER' }
    : { value }
}
