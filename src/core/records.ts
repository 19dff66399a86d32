import { isInner } from './inner.ts'
import { setting, type Setting, type Settings, type Values } from './schema.ts'

/** Several records of the same settings, each with a name, which stands within the keys. */
export interface RecordsSetting<E extends Settings> extends Setting<ReadonlyMap<string, Values<E>>> {
  readonly records: RecordsForm
}

export interface RecordsForm {
  /** The word that stands for a record's name in the keys of `each`. */
  readonly placeholder: string
  /** Keys of the settings that list the names; empty: whatever stands in the keys is a name. */
  readonly namedBy: readonly string[]
  readonly each: Settings
}

interface RecordsOptions<E extends Settings> {
  /** The word that stands for a record's name in the keys of `each`, in capitals: `GROUP`. */
  name: string
  /** Keys of the settings that name them. Absent: they are named by what is written. */
  namedBy?: readonly string[]
  /** The settings of one record, with whole keys: `filegroups.GROUP`, `headers.GROUP.`. */
  each: E
}

/**
 * Named records, by name in the order of the list, or of the file where none names them. What is written for a name that is
 * not listed is told and not used.
 */
export function records<const E extends Settings>({
  name: placeholder,
  namedBy = [],
  each
}: RecordsOptions<E>): RecordsSetting<E> {
  const wrong = Object.values(each).find(one => isRecords(one) || !namesOne(one, placeholder))
  if (wrong !== undefined)
    throw new Error(`${wrong.key} must hold ${placeholder} once, and not at the end of a prefix.`)
  const none: ReadonlyMap<string, Values<E>> = new Map()
  const key = Object.values(each)[0]?.key ?? placeholder
  return {
    ...setting(key, 'records', { doc: '', default: none }, () => ({ value: none })),
    records: { placeholder, namedBy, each }
  }
}

export function isRecords(given: Setting<unknown>): given is RecordsSetting<Settings> {
  return 'records' in given
}

/** The settings of a record with that name. */
export function recordSettings({ placeholder, each }: RecordsForm, name: string): Settings {
  return renamed(each, key => key.replace(placeholder, () => name))
}

/** The settings of an inner component with the keys that they have in the outermost one. */
export function settingsBelow(prefix: string, settings: Settings): Settings {
  return renamed(settings, key => prefix + key)
}

function renamed(settings: Settings, rename: (key: string) => string): Settings {
  return Object.fromEntries(Object.entries(settings).map(([name, one]) => [name, renamedOne(one, rename)]))
}

function renamedOne(one: Setting<unknown>, rename: (key: string) => string): Setting<unknown> {
  const copy = { ...one, key: rename(one.key), aliases: one.aliases.map(rename) }
  if (isInner(one))
    return { ...copy, inner: { ...one.inner, prefix: rename(one.inner.prefix) } } as typeof copy
  if (!isRecords(one)) return copy
  const { placeholder, namedBy, each } = one.records
  const form: RecordsForm = { placeholder, namedBy: namedBy.map(rename), each: renamed(each, rename) }
  return { ...copy, records: form } as typeof copy
}

/** What is written for the records: properties by name, and keys of records that no list names. */
export interface WrittenRecords {
  readonly byName: ReadonlyMap<string, Readonly<Record<string, string>>>
  readonly strays: readonly Stray[]
}

/** A key for a name that nothing lists. */
export interface Stray {
  readonly key: string
  readonly name: string
  /** Where in the key the name begins. */
  readonly at: number
}

/** Sorts properties by the record that they belong to. `names` are those that the records have, where something lists them. */
export function writtenRecords(
  form: RecordsForm,
  names: readonly string[] | undefined,
  properties: Readonly<Record<string, string>>
): WrittenRecords {
  const templates = templatesOf(form)
  const byName = new Map<string, Record<string, string>>((names ?? []).map(name => [name, {}]))
  const strays: Stray[] = []
  for (const [key, value] of Object.entries(properties)) {
    const found = templates.flatMap(template => namesIn(template, key))
    const [first] = found
    if (first === undefined) continue
    const owners = names === undefined ? [first] : found.filter(({ name }) => byName.has(name))
    if (owners.length === 0) strays.push({ key, ...first })
    for (const { name } of owners) {
      const own = byName.get(name) ?? {}
      own[key] = value
      byName.set(name, own)
    }
  }
  return { byName, strays }
}

/** A key before and behind the name; an open one goes on behind that. */
interface Template {
  readonly before: string
  readonly after: string
  readonly isOpen: boolean
}

// The longest ends first: they say most surely what is the name.
function templatesOf({ placeholder, each }: RecordsForm): Template[] {
  const all = Object.values(each).flatMap(one => {
    const closed = one.type === 'prefix' ? [] : [one.key, ...one.aliases].map(key => cut(key, false))
    const open = one.type === 'prefix' ? [one.key] : isInner(one) ? [one.inner.prefix] : []
    return [...closed, ...open.map(key => cut(key, true))]
  })
  return all.toSorted((a, b) => Number(a.isOpen) - Number(b.isOpen) || b.after.length - a.after.length)

  function cut(key: string, isOpen: boolean): Template {
    const at = key.indexOf(placeholder)
    return { before: key.slice(0, at), after: key.slice(at + placeholder.length), isOpen }
  }
}

/** What may be the name in a key: in an open one with several ends, all that may be. */
function namesIn({ before, after, isOpen }: Template, key: string): { name: string; at: number }[] {
  if (!key.startsWith(before)) return []
  const at = before.length
  const rest = key.slice(at)
  if (!isOpen) {
    const name = rest.slice(0, rest.length - after.length)
    return name !== '' && rest.endsWith(after) ? [{ name, at }] : []
  }
  const found: { name: string; at: number }[] = []
  for (let end = rest.indexOf(after, 1); end > 0; end = rest.indexOf(after, end + 1))
    if (end + after.length < rest.length) found.push({ name: rest.slice(0, end), at })
  return found
}

function namesOne(one: Setting<unknown>, placeholder: string): boolean {
  const open = one.type === 'prefix' ? [one.key] : isInner(one) ? [one.inner.prefix] : []
  const all = [one.key, ...one.aliases, ...open]
  return all.every(key => key.split(placeholder).length === 2) && !open.some(key => key.endsWith(placeholder))
}
