import type {
  AnyDefinition,
  Around,
  Headers,
  Problem,
  ProcessorAround,
  Properties,
  SelectorAround,
  Written
} from '../../core/component.ts'
import type { Kind } from '../../core/plan.ts'
import { undocumentedKeys } from './undocumented.ts'
import { integer, long, optional, prefixed, text, type Setting, type Settings } from '../../core/schema.ts'
import { pattern } from '../../java/pattern-setting.ts'

/**
 * A component of Flume that this version does not have. Enough is said of it to judge a configuration: which keys it
 * reads, which it needs, what limits its batches.
 */
export interface KnownType {
  readonly kind: Kind
  /** The word users write; for those that Flume knows only by class, a short name. */
  readonly type: string
  readonly classes: readonly string[]
  /**
   * Keys in one text, separated by blanks. `key!` is required; `key|old` may be written `old`; `key:int`, `key:long`, `key:pattern`
  
   */
  readonly keys: string
  /** Most events of one transaction: its key and default; without default only a written size counts. */
  readonly batch?: { readonly key: string; readonly default?: number }
  readonly transaction?: { readonly key: string; readonly default: number }
  readonly capacity?: { readonly key: string; readonly default: number }
  /** Not in Flume 1.11 either. */
  readonly removed?: boolean
  /** Flume needs extra libraries for it. */
  readonly extraJars?: boolean
  /** Keys whose quotes the component takes away itself. */
  readonly unquotes?: (properties: Properties) => readonly string[]
  /** Rules that go beyond single keys. */
  readonly rules?: (properties: Properties, around: KnownAround) => readonly Problem[]
  /** As in a definition. */
  readonly lint?: (written: Written) => readonly Problem[]
  readonly headers?: (properties: Properties) => Headers
  readonly shared?: true
}

/** What is around a part of any kind. */
export type KnownAround = Around & Partial<SelectorAround & ProcessorAround>

/** A definition good for checking, not for running. */
export function checkOnly(known: KnownType): AnyDefinition {
  const { kind, type, classes, batch, transaction, keys } = known
  const settings = settingsOf(keys)
  const number = (values: unknown, limit: { key: string; default?: number }): number => {
    const value = (values as Record<string, unknown>)[limit.key]
    return typeof value === 'number' ? value : (limit.default ?? 0)
  }
  return {
    kind,
    type,
    classes,
    settings,
    stability: 'stable',
    summary: `${type}, not in this version.`,
    ...(batch === undefined ? {} : { batchSize: (values: unknown) => number(values, batch) }),
    ...(transaction === undefined
      ? {}
      : {
          transactionCapacity: (values: unknown) => positive(number(values, transaction), transaction.default)
        }),
    ...hooksOf(known),
    create: () => {
      throw new Error('This component is not in this version.')
    }
  }
}

function hooksOf(known: KnownType): Partial<AnyDefinition> {
  const { lint, headers, unquotes, shared } = known
  return {
    undocumented: undocumentedKeys(known.kind, known.type),
    ...(lint === undefined ? {} : { lint }),
    ...(headers === undefined ? {} : { headers }),
    ...(unquotes === undefined ? {} : { unquotes }),
    ...(shared === undefined ? {} : { shared })
  }
}

function positive(value: number, otherwise: number): number {
  return value > 0 ? value : otherwise
}

const WORD = /^([^!:|]+)((?:\|[^!:|]+)*)(!?)(?::(~?)(int|long|pattern)(?:>(-?\d+))?(?:=(-?\d+))?)?$/

function settingsOf(keys: string): Settings {
  const settings: Record<string, Setting<unknown>> = {}
  for (const word of keys.split(/\s+/).filter(part => part !== '')) {
    const match = WORD.exec(word)
    if (match === null) throw new Error(`Not a key: ${word}`)
    const [, key = '', aliases = '', required, lenient, form, above, otherwise] = match
    if (key.endsWith('.*')) settings[key] = prefixed(key.slice(0, -1), { doc: 'Passed on.' })
    else {
      const setting = one(key, {
        aliases: aliases.split('|').slice(1),
        lenient: lenient === '~',
        form,
        above,
        otherwise
      })
      settings[key] = required === '!' ? setting : optional(setting)
    }
  }
  return settings
}

interface Given {
  readonly aliases: readonly string[]
  readonly lenient: boolean
  readonly form: string | undefined
  readonly above: string | undefined
  readonly otherwise: string | undefined
}

function one(key: string, given: Given): Setting<unknown> {
  const { aliases, lenient, form, above, otherwise } = given
  const doc = 'see the reference of Flume.'
  const bounds = above === undefined ? {} : { min: Number(above) + 1 }
  const options = {
    doc,
    aliases,
    lenient,
    ...bounds,
    ...(otherwise === undefined ? {} : { default: Number(otherwise) })
  }
  if (form === 'pattern') return pattern(key, { doc, aliases })
  if (form === 'int') return integer(key, options)
  return form === 'long' ? long(key, options) : text(key, { doc, aliases })
}
