import type { Problem } from './component.ts'
import { isInner } from './inner.ts'
import { nearest } from './nearest.ts'
import {
  isRecords,
  recordSettings,
  writtenRecords,
  type RecordsForm,
  type Stray,
  type WrittenRecords
} from './records.ts'
import type { Setting, Settings } from './schema.ts'

/** Settings as they are written, by key below the component. */
export type Properties = Readonly<Record<string, string>>

/** What is written for records, whose names the settings beside them list. */
export function writtenOf(form: RecordsForm, settings: Settings, properties: Properties): WrittenRecords {
  if (form.namedBy.length === 0) return writtenRecords(form, undefined, properties)
  const names = form.namedBy.flatMap(key => listedNames(key, settings, properties))
  return writtenRecords(form, [...new Set(names)], properties)
}

function listedNames(listKey: string, settings: Settings, properties: Properties): readonly string[] {
  const list = Object.values(settings).find(({ key, type }) => key === listKey && type !== 'records')
  if (list === undefined) throw new Error(`${listKey} names records, but is no setting.`)
  const key = [list.key, ...list.aliases].find(name => properties[name] !== undefined)
  const given = key === undefined ? undefined : properties[key]
  const parsed = given === undefined ? { value: list.default } : list.parse(given)
  const value: unknown = 'value' in parsed ? parsed.value : list.default
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? [value] : []
}

/** The whole keys of settings, old names included; prefixes and records are none. */
export function nameList(settings: readonly Setting<unknown>[]): string[] {
  return settings
    .filter(({ type }) => type !== 'prefix' && type !== 'records')
    .flatMap(({ key, aliases }) => [key, ...aliases])
}

/** So many unknown keys are compared with the known ones, and with so many; more are only named. */
const MOST_GUESSES = 1000

/** Keys, and beginnings of keys, that something declares. */
interface Declared {
  readonly names: readonly string[]
  readonly prefixes: readonly string[]
}

/** A problem for each key that nothing declares, with the one that was meant, perhaps: also one of `others`. */
export function unknownKeys(
  settings: Settings,
  properties: Properties,
  others: readonly string[] = []
): Problem[] {
  const declared = Object.values(settings)
  const { names, prefixes } = declaredBy(declared)
  const known = new Set(names)
  const passed = new Set<string>()
  const ofRecords: string[] = []
  const strays = new Map<string, Problem>()
  for (const { records } of declared.filter(isRecords)) {
    const { byName, strays: unlisted } = writtenOf(records, settings, properties)
    for (const [name, own] of byName) {
      const inside = declaredBy(Object.values(recordSettings(records, name)))
      for (const key of inside.names) known.add(key)
      for (const key of Object.keys(own)) if (inside.prefixes.some(at => key.startsWith(at))) passed.add(key)
      ofRecords.push(...inside.prefixes)
    }
    const listed = [...byName.keys()]
    for (const [i, stray] of unlisted.entries())
      strays.set(stray.key, unnamed(stray, records, i < MOST_GUESSES ? listed : []))
  }
  const isFew = known.size + ofRecords.length <= MOST_GUESSES
  const candidates = isFew
    ? { names: [...known, ...others], prefixes: [...prefixes, ...ofRecords] }
    : { names: [...names, ...others], prefixes }
  return Object.keys(properties)
    .filter(key => !known.has(key) && !passed.has(key) && !prefixes.some(prefix => key.startsWith(prefix)))
    .map((key, i) => strays.get(key) ?? unknownKey(key, i < MOST_GUESSES ? candidates : NOTHING))
}

const NOTHING: Declared = { names: [], prefixes: [] }

function declaredBy(settings: readonly Setting<unknown>[]): Declared {
  const prefixes = settings.flatMap(setting =>
    isInner(setting) ? [setting.inner.prefix] : setting.type === 'prefix' ? [setting.key] : []
  )
  return { names: nameList(settings), prefixes }
}

/** What is written for a name that no list has. */
function unnamed({ key, name, at }: Stray, { namedBy }: RecordsForm, names: readonly string[]): Problem {
  const close = names.length > MOST_GUESSES ? undefined : nearest(name, names)
  const [list = ''] = namedBy
  return {
    level: 'warning',
    code: 'DEFINED_NOT_LISTED',
    key,
    message: `${key} is for ${name}, which ${list} does not name; it is ignored.`,
    hint:
      close === undefined
        ? `Add ${name} to ${list}, or remove the line.`
        : `Did you mean ${key.slice(0, at)}${close}${key.slice(at + name.length)}?`
  }
}

function unknownKey(key: string, { names, prefixes }: Declared): Problem {
  const known = [...names, ...prefixes.flatMap(prefix => below(prefix, key) ?? [])]
  const sameButCase = known.find(name => name.toLowerCase() === key.toLowerCase())
  const ending = names.find(name => name.endsWith(`.${key}`))
  const close = sameButCase ?? ending ?? nearest(key, known)
  const code = sameButCase !== undefined ? 'PROP_CASE' : ending !== undefined ? 'MISSING_PREFIX' : 'UNK_PROP'
  return {
    level: 'warning',
    code,
    key,
    message: `${key} is not a property of this component and is ignored.`,
    hint:
      close === undefined
        ? 'Remove the line, or see the manual page for what there is.'
        : `Did you mean ${close}?`
  }
}

/** The key with this prefix in the place of its first words, where it is like them. */
function below(prefix: string, key: string): string | undefined {
  const words = key.split('.')
  const count = prefix.split('.').length - 1
  const head = `${words.slice(0, count).join('.')}.`
  if (words.length <= count || nearest(head, [prefix]) === undefined) return undefined
  return prefix + words.slice(count).join('.')
}
