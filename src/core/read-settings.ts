import type { AnyDefinition, Problem, Resolution } from './component.ts'
import type { Context } from './contracts.ts'
import { AgentError } from './errors.ts'
import { isInner, unmade, type InnerSetting } from './inner.ts'
import type { Kind } from './plan.ts'
import { isRecords, recordSettings, settingsBelow } from './records.ts'
import type { Setting, Settings, Values } from './schema.ts'
import { nameList, unknownKeys, writtenOf, type Properties } from './written-keys.ts'

/** Type names of inner components, looked up beforehand; undefined when the name was not looked up. */
export type Resolved = (kind: Kind, type: string) => Resolution | undefined

export interface SettingsReading<S extends Settings> {
  /** Undefined when a problem of level `error` stands in the way. */
  readonly values: Values<S> | undefined
  /** The same where only inner components are wrong: they cannot be made, what is beside them can be looked at. */
  readonly outer: Values<S> | undefined
  readonly problems: readonly Problem[]
  /** The inner components that were read, those inside them included. */
  readonly parts: readonly InnerReading[]
}

/** An inner component whose settings can be used. */
export interface InnerReading {
  readonly definition: AnyDefinition
  readonly values: Values<Settings>
  /** What stands before its keys, below the outermost component. */
  readonly prefix: string
  readonly properties: Properties
}

/** An inner component that is asked for, with its own settings, before it is looked up. */
export interface WantedInner {
  readonly setting: InnerSetting<unknown>
  readonly kind: Kind
  readonly type: string
  readonly properties: Properties
  /** Keys beside its own that the outer one declares. */
  readonly neighbours: readonly string[]
}

/** The inner components that `properties` ask for, to be looked up before `readSettings`. */
export function innerTypes(settings: Settings, properties: Properties): WantedInner[] {
  const found: WantedInner[] = []
  for (const setting of Object.values(settings)) {
    if (isInner(setting)) found.push(wantedInner(setting, settings, properties))
    if (!isRecords(setting)) continue
    const { byName } = writtenOf(setting.records, settings, properties)
    for (const [name, own] of byName) found.push(...innerTypes(recordSettings(setting.records, name), own))
  }
  return found
}

/** Looks up the inner components that `properties` ask for, and those inside them. */
export async function resolveInner(
  settings: Settings,
  properties: Properties,
  resolve: (kind: Kind, type: string) => Promise<Resolution>
): Promise<Resolved> {
  const found = new Map<string, Resolution>()
  const look = async (inside: Settings, given: Properties): Promise<void> => {
    for (const { kind, type, properties: own } of innerTypes(inside, given)) {
      const resolution = await resolve(kind, type)
      found.set(`${kind} ${type}`, resolution)
      if (resolution.status === 'found') await look(resolution.definition.settings, own)
    }
  }
  await look(settings, properties)
  return (kind, type) => found.get(`${kind} ${type}`)
}

/** Reads all settings of one component as they are declared; rules between them are for its check. Never throws. */
export function readSettings<S extends Settings>(
  { settings }: { readonly settings: S },
  properties: Properties,
  resolved: Resolved
): SettingsReading<S> {
  const reader = new SettingsReader(resolved)
  const read = reader.read(settings, properties) as Values<S>
  const problems = [...reader.problems, ...unknownKeys(settings, properties)]
  const fatal = problems.filter(isFatal)
  return {
    values: fatal.length === 0 ? read : undefined,
    outer: fatal.every(problem => reader.ofInner.has(problem)) ? read : undefined,
    problems,
    parts: reader.parts
  }
}

/** Whether the problem keeps its component from being made. */
export function isFatal({ level, keeps }: Problem): boolean {
  return level === 'error' && keeps !== true
}

/** The same for a component that was checked before; rejects what should not have come this far. */
export function settingsOf<S extends Settings>(
  definition: { readonly type: string; readonly settings: S },
  properties: Properties,
  resolved: Resolved
): Values<S> {
  const { values, problems } = readSettings(definition, properties, resolved)
  if (values !== undefined) return values
  const first = problems.find(isFatal)
  throw new AgentError('ERR_CONFIG', first?.message ?? 'The settings are wrong.', {
    type: definition.type,
    problems
  })
}

/** Goes through declarations and collects what is wrong. */
class SettingsReader {
  readonly problems: Problem[] = []
  /** Those among them that are about inner components. */
  readonly ofInner = new Set<Problem>()
  readonly parts: InnerReading[] = []
  readonly #resolved: Resolved

  constructor(resolved: Resolved) {
    this.#resolved = resolved
  }

  read(settings: Settings, properties: Properties): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    for (const [name, setting] of Object.entries(settings)) {
      values[name] = isInner(setting)
        ? this.#inner(wantedInner(setting, settings, properties))
        : isRecords(setting)
          ? this.#records(setting, settings, properties)
          : this.#one(setting, properties)
    }
    return values
  }

  #records(
    { records }: { readonly records: Parameters<typeof writtenOf>[0] },
    settings: Settings,
    properties: Properties
  ): ReadonlyMap<string, unknown> {
    const { byName } = writtenOf(records, settings, properties)
    return new Map([...byName].map(([name, own]) => [name, this.read(recordSettings(records, name), own)]))
  }

  #one(setting: Setting<unknown>, properties: Properties): unknown {
    if (setting.type === 'prefix') return below(properties, setting.key)
    const key = [setting.key, ...setting.aliases].find(name => properties[name] !== undefined)
    const given = key === undefined ? undefined : properties[key]
    if (key === undefined || given === undefined) {
      if (setting.required) this.problems.push(missing(setting))
      return setting.default
    }
    const parsed = setting.parse(given)
    if ('value' in parsed) {
      if (parsed.remark !== undefined) this.problems.push(oddity(key, parsed.remark))
      return parsed.value
    }
    const shown = setting.secret ? 'has a value that cannot be used' : parsed.problem
    this.problems.push({
      level: setting.lenient ? 'warning' : 'error',
      code: parsed.code,
      key,
      message: setting.lenient
        ? `${key} ${shown}; ${shownDefault(setting.default)} is used.`
        : `${key} ${shown}.`,
      hint: parsed.hint
    })
    return setting.default
  }

  #inner({ setting, kind, type, properties, neighbours }: WantedInner): unknown {
    const resolution = this.#resolved(kind, type)
    if (resolution?.status === 'not-installed') {
      this.#report({
        level: 'error',
        code: 'NEEDS_PACKAGE',
        key: setting.key,
        message: `${type} needs the package ${resolution.what}, which is not installed. Install it: ${resolution.command}`,
        hint: ''
      })
      return unmade(type)
    }
    if (resolution?.status !== 'found') {
      const isStrange = resolution?.status === 'third-party'
      this.#report({
        level: 'error',
        code: isStrange ? (THIRD_PARTY[kind] ?? 'CUSTOM_CLASS') : 'NOT_IN_THIS_VERSION',
        key: setting.key,
        message: `${setting.key} names ${type}, which cannot run here.`,
        hint: 'Name one that the manual page lists; Java classes cannot be loaded.'
      })
      return unmade(type)
    }
    const { definition } = resolution
    const { prefix } = setting.inner
    // Read with its whole keys, so that problems show them.
    const settings = settingsBelow(prefix, definition.settings)
    const whole = Object.fromEntries(Object.entries(properties).map(([key, value]) => [prefix + key, value]))
    const reader = new SettingsReader(this.#resolved)
    const values = reader.read(settings, whole) as Values<Settings>
    const problems = [...reader.problems, ...unknownKeys(settings, whole, neighbours)]
    for (const problem of problems) this.#report(problem)
    this.parts.push(...reader.parts)
    if (problems.some(isFatal)) return unmade(definition.type)
    this.parts.push({ definition, values, prefix, properties })
    return {
      type: definition.type,
      create: (context: Context) => definition.create(values, context as never)
    }
  }

  #report(problem: Problem): void {
    this.problems.push(problem)
    this.ofInner.add(problem)
  }
}

/** What a class of somebody else is called, by the kind that it is named for. */
const THIRD_PARTY: Readonly<Partial<Record<Kind, string>>> = {
  serializer: 'CUSTOM_SERIALIZER',
  deserializer: 'CUSTOM_DESERIALIZER'
}

function oddity(
  key: string,
  { problem, hint }: { readonly problem: string; readonly hint: string }
): Problem {
  return { level: 'warning', code: 'BAD_VALUE', key, message: `${key} ${problem}.`, hint }
}

function shownDefault(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : 'the default'
}

function missing(setting: Setting<unknown>): Problem {
  return {
    level: 'error',
    code: 'MISSING_REQUIRED',
    key: setting.key,
    message: `Required parameter ${setting.key} must exist and may not be null.`,
    hint: `Add ${setting.key} = VALUE. ${setting.doc}`
  }
}

// What the outer one declares is its own, also where it stands below the prefix.
function wantedInner(
  setting: InnerSetting<unknown>,
  settings: Settings,
  properties: Properties
): WantedInner {
  const { kind, prefix, defaultType } = setting.inner
  const neighbours = nameList(Object.values(settings)).filter(key => key.startsWith(prefix))
  const given = Object.fromEntries(Object.entries(properties).filter(([key]) => !neighbours.includes(key)))
  const type = properties[setting.key] ?? defaultType
  return { setting, kind, type, properties: below(given, prefix), neighbours }
}

/** Properties whose key starts with `prefix`, the prefix cut off. */
export function below(properties: Properties, prefix: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith(prefix) && key.length > prefix.length) found[key.slice(prefix.length)] = value
  }
  return found
}
