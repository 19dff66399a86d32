import { isInner, type AnyDefinition, type InnerSetting, type Problem, type Resolution } from './component.ts'
import type { Context } from './contracts.ts'
import { AgentError } from './errors.ts'
import { nearest } from './nearest.ts'
import type { Kind } from './plan.ts'
import type { Setting, Settings, Values } from './schema.ts'

/** Type names of inner components, looked up beforehand; undefined when the name was not looked up. */
export type Resolved = (kind: Kind, type: string) => Resolution | undefined

export interface SettingsReading<S extends Settings> {
  /** Undefined when a problem of level `error` stands in the way. */
  readonly values: Values<S> | undefined
  readonly problems: readonly Problem[]
}

/** The inner components that `properties` ask for, to be looked up before `readSettings`. */
export function innerTypes(
  settings: Settings,
  properties: Readonly<Record<string, string>>
): { kind: Kind; type: string }[] {
  return Object.values(settings)
    .filter(isInner)
    .map(setting => innerType(setting, properties))
}

/** Reads all settings of one component. Reports every problem, never throws. */
export function readSettings<S extends Settings>(
  definition: { readonly settings: S; check?(values: Values<S>): readonly Problem[] },
  properties: Readonly<Record<string, string>>,
  resolved: Resolved
): SettingsReading<S> {
  const problems: Problem[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(definition.settings)) {
    values[name] = isInner(setting)
      ? readInner(setting, properties, resolved, problems)
      : readOne(setting, properties, problems)
  }
  for (const problem of unknownKeys(definition.settings, properties)) problems.push(problem)
  if (problems.some(isFatal)) return { values: undefined, problems }
  const typed = values as Values<S>
  problems.push(...(definition.check?.(typed) ?? []))
  return { values: problems.some(isFatal) ? undefined : typed, problems }
}

/** Whether the problem keeps its component from being made. */
export function isFatal({ level, keeps }: Problem): boolean {
  return level === 'error' && keeps !== true
}

/** The same for a component that was checked before; rejects what should not have come this far. */
export function settingsOf<S extends Settings>(
  definition: { readonly type: string; readonly settings: S; check?(values: Values<S>): readonly Problem[] },
  properties: Readonly<Record<string, string>>,
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

function readOne(
  setting: Setting<unknown>,
  properties: Readonly<Record<string, string>>,
  problems: Problem[]
): unknown {
  if (setting.type === 'prefix') return below(properties, setting.key)
  const key = [setting.key, ...setting.aliases].find(name => properties[name] !== undefined)
  const given = key === undefined ? undefined : properties[key]
  if (key === undefined || given === undefined) {
    if (setting.required) problems.push(missing(setting))
    return setting.default
  }
  const parsed = setting.parse(given)
  if ('value' in parsed) {
    if (parsed.remark !== undefined) problems.push(oddity(key, parsed.remark))
    return parsed.value
  }
  const shown = setting.secret ? 'has a value that cannot be used' : parsed.problem
  problems.push({
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

function readInner(
  setting: InnerSetting<unknown>,
  properties: Readonly<Record<string, string>>,
  resolved: Resolved,
  problems: Problem[]
): unknown {
  const { kind, type } = innerType(setting, properties)
  const resolution = resolved(kind, type)
  if (resolution?.status === 'not-installed') {
    problems.push({
      level: 'error',
      code: 'NEEDS_PACKAGE',
      key: setting.key,
      message: `${type} needs the package ${resolution.what}, which is not installed. Install it: ${resolution.command}`,
      hint: ''
    })
    return undefined
  }
  if (resolution?.status !== 'found') {
    problems.push({
      level: 'error',
      code: resolution?.status === 'third-party' ? 'CUSTOM_SERIALIZER' : 'NOT_IN_THIS_VERSION',
      key: setting.key,
      message: `${setting.key} names ${type}, which cannot run here.`,
      hint: 'Name one that the manual page lists; Java classes cannot be loaded.'
    })
    return undefined
  }
  const definition: AnyDefinition = resolution.definition
  const reading = readSettings(definition, below(properties, setting.inner.prefix), resolved)
  for (const problem of reading.problems)
    problems.push({ ...problem, key: setting.inner.prefix + problem.key })
  const { values } = reading
  if (values === undefined) return undefined
  return { type: definition.type, create: (context: Context) => definition.create(values, context as never) }
}

function innerType(
  setting: InnerSetting<unknown>,
  properties: Readonly<Record<string, string>>
): { kind: Kind; type: string } {
  return { kind: setting.inner.kind, type: properties[setting.key] ?? setting.inner.defaultType }
}

/** Properties whose key starts with `prefix`, the prefix cut off. */
export function below(properties: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith(prefix) && key.length > prefix.length) found[key.slice(prefix.length)] = value
  }
  return found
}

/** So many unknown keys are compared with the known ones; more are only named. */
const MOST_GUESSES = 1000

function unknownKeys(settings: Settings, properties: Readonly<Record<string, string>>): Problem[] {
  const declared = Object.values(settings)
  const names = declared
    .filter(({ type }) => type !== 'prefix')
    .flatMap(({ key, aliases }) => [key, ...aliases])
  const prefixes = declared.flatMap(setting => {
    if (isInner(setting)) return [setting.inner.prefix]
    return setting.type === 'prefix' ? [setting.key] : []
  })
  return Object.keys(properties)
    .filter(key => !names.includes(key) && !prefixes.some(prefix => key.startsWith(prefix)))
    .map((key, index) => unknownKey(key, index < MOST_GUESSES ? names : []))
}

function unknownKey(key: string, names: readonly string[]): Problem {
  const sameButCase = names.find(name => name.toLowerCase() === key.toLowerCase())
  const ending = names.find(name => name.endsWith(`.${key}`))
  const close = sameButCase ?? ending ?? nearest(key, names)
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
