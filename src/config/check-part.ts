import {
  isInner,
  type AnyDefinition,
  type Catalog,
  type Headers,
  type Problem,
  type Properties,
  type Resolution
} from '../core/component.ts'
import type { Environment } from '../core/contracts.ts'
import type { Kind } from '../core/plan.ts'
import { isFatal, innerTypes, readSettings, type Resolved } from '../core/read-settings.ts'
import type { Settings, Values } from '../core/schema.ts'
import { nearest } from '../core/nearest.ts'
import type { AgentText } from './agent-text.ts'
import type { Position, Property } from './finding.ts'
import type { Findings } from './findings.ts'
import { knownType } from './known-types.ts'
import { checkOnly, type KnownType } from './known/known-type.ts'
import { strangeHeaders } from './known/third-party.ts'

export type Status = 'ok' | 'not-installed' | 'dropped' | 'not-in-this-version' | 'third-party'

/** A catalog that can say what it has, for hints. */
export interface ListedCatalog extends Catalog {
  /** Type and class names of one kind. */
  names?(kind: Kind): readonly string[]
}

export interface CheckContext {
  readonly agent: AgentText
  readonly catalog: ListedCatalog
  readonly findings: Findings
  readonly environment: Environment
  /** What is checked falls for another reason already, before Flume would look for classes inside of it. */
  readonly isGone?: true
}

/** Something with a type and settings: a component, an interceptor, a selector, a processor. */
export interface Part {
  readonly kind: Kind
  readonly name: string
  readonly type: string
  /** Where the type stands, or what to point at when nobody wrote it. */
  readonly at: Position
  /** What stands before the part's keys in the file: `a1.sinks.k1.` */
  readonly prefix: string
  /** By key below the prefix; keys of the frame are not among them. */
  readonly properties: ReadonlyMap<string, Property>
}

export interface CheckedPart {
  readonly status: Status
  /** The definition's type when it is known, else as written. */
  readonly type: string
  readonly properties: Readonly<Record<string, string>>
  /** Most events of one transaction, where the part declares one. */
  readonly batchSize: number | undefined
  readonly transactionCapacity: number | undefined
  /** Set when nothing can load the type. */
  readonly resolution: Resolution
  readonly known: KnownType | undefined
  /** What is said of the type; good for checking only where this version does not have it. */
  readonly definition: AnyDefinition | undefined
  readonly headers: Headers
}

/** Finds the part's type and reads its settings; says everything that is wrong with them. */
export async function checkPart(part: Part, context: CheckContext): Promise<CheckedPart> {
  const resolution = await context.catalog.resolve(part.kind, part.type)
  const properties = Object.fromEntries([...part.properties].map(([key, { value }]) => [key, value]))
  const known = resolution.status === 'not-in-this-version' ? knownType(part.kind, part.type) : undefined
  const definition =
    'definition' in resolution ? resolution.definition : known === undefined ? undefined : checkOnly(known)
  const none = {
    batchSize: undefined,
    transactionCapacity: undefined,
    resolution,
    known,
    properties,
    definition,
    headers: headersOf(part, definition, properties)
  }
  if (definition === undefined) return { ...none, status: statusOf(resolution), type: part.type }
  reportUndocumented(part, definition, context.findings)
  const resolved = await resolveInner(definition, properties, context.catalog)
  const reading = readSettings(definition, properties, resolved)
  const problems = [
    ...reading.problems,
    ...(await aroundProblems(definition, reading.values, context)),
    ...(known?.rules?.(properties) ?? []),
    ...capacityProblems(known, properties)
  ].map(problem => refined(part, problem, properties))
  for (const problem of problems) reportProblem(part, problem, problems, context)
  for (const trap of definition.lint?.({ ...part, properties }) ?? []) reportProblem(part, trap, [], context)
  const values =
    reading.values ?? readSettings(definition, withoutInner(definition, properties), resolved).values
  return {
    ...none,
    type: definition.type,
    status: worse(statusOf(resolution), statusAfter(problems)),
    batchSize: values === undefined ? undefined : definition.batchSize?.(values),
    transactionCapacity: values === undefined ? undefined : definition.transactionCapacity?.(values)
  }
}

function headersOf(part: Part, definition: AnyDefinition | undefined, properties: Properties): Headers {
  return (
    (definition === undefined ? undefined : definition.headers?.(properties)) ?? strangeHeaders(part.type)
  )
}

async function aroundProblems(
  definition: AnyDefinition,
  values: Values<Settings> | undefined,
  { environment }: CheckContext
): Promise<readonly Problem[]> {
  return values === undefined ? [] : ((await definition.checkSurroundings?.(values, environment)) ?? [])
}

const ORDER: readonly Status[] = ['ok', 'not-installed', 'not-in-this-version', 'third-party', 'dropped']

/** The graver of two. */
export function worse(a: Status, b: Status): Status {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b
}

function statusOf(resolution: Resolution): Status {
  return resolution.status === 'found' ? 'ok' : resolution.status
}

/** What problems make of a part that could run otherwise. */
const STATUS_AFTER: Readonly<Record<string, Status>> = {
  CUSTOM_SERIALIZER: 'third-party',
  NOT_IN_THIS_VERSION: 'not-in-this-version',
  NEEDS_PACKAGE: 'not-installed'
}

function statusAfter(problems: readonly Problem[]): Status {
  return problems
    .filter(isFatal)
    .map(({ code }) => STATUS_AFTER[code] ?? 'dropped')
    .reduce(worse, 'ok')
}

async function resolveInner(
  definition: AnyDefinition,
  properties: Readonly<Record<string, string>>,
  catalog: Catalog
): Promise<Resolved> {
  const found = new Map<string, Resolution>()
  const defaults = innerTypes(definition.settings, withoutInner(definition, properties))
  for (const { kind, type } of [...innerTypes(definition.settings, properties), ...defaults]) {
    found.set(`${kind} ${type}`, await catalog.resolve(kind, type))
  }
  return (kind, type) => found.get(`${kind} ${type}`)
}

/** The properties without those of inner components, so that a strange serializer does not hide a batch size. */
function withoutInner(
  definition: AnyDefinition,
  properties: Readonly<Record<string, string>>
): Record<string, string> {
  const inner = Object.values(definition.settings).filter(isInner)
  return Object.fromEntries(
    Object.entries(properties).filter(
      ([key]) => !inner.some(setting => key === setting.key || key.startsWith(setting.inner.prefix))
    )
  )
}

/** Tells a problem of a part where its key stands, else where the part does; `all` are the part's problems. */
export function reportProblem(
  part: Pick<Part, 'properties' | 'at' | 'prefix'>,
  problem: Problem,
  all: readonly Problem[],
  { findings, isGone }: CheckContext
): void {
  const { code, message, hint } = problem
  if (isGone === true && code === 'CUSTOM_SERIALIZER') return
  const property = part.properties.get(problem.key)
  const { file, line } = property ?? part.at
  const at = { file, line }
  const key = problem.key === '' ? part.prefix.slice(0, -1) : part.prefix + problem.key
  const refused = code === 'CAP_LT_TXN' ? refusedCapacities(all) : []
  if (code === 'CAP_LT_TXN' && refused.length > 0) {
    const causes = refused.map(other => part.prefix + other)
    findings.follow(code, { at, key, message, hint }, { causes, codes: ['BAD_NUMBER'] })
  } else findings.push({ ...problem, file, line, key })
}

/** Keys of capacities that are no number: the defaults count in their place. */
function refusedCapacities(problems: readonly Problem[]): string[] {
  return problems
    .filter(({ code, key }) => code === 'BAD_NUMBER' && /capacity$/i.test(key))
    .map(({ key }) => key)
}

/** The same problem, named more closely where the kind of part or the key says more. */
function refined(part: Part, problem: Problem, properties: Readonly<Record<string, string>>): Problem {
  const { code, key } = problem
  if (code === 'MISSING_REQUIRED')
    return { ...problem, hint: problem.hint.replace(`Add ${key} `, `Add ${part.prefix}${key} `) }
  if (code === 'UNK_PROP' && part.kind === 'interceptor') return { ...problem, code: 'UNK_INTERCEPTOR_PROP' }
  if (code === 'UNK_PROP') return { ...problem, hint: frameHint(part, key) ?? problem.hint }
  if (code === 'BAD_NUMBER' && problem.message.includes('which is not')) {
    return { ...problem, message: `${problem.message} For input string: "${properties[key] ?? ''}"` }
  }
  return problem
}

/** Keys that the frame around a component reads. */
const FRAME: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  source: ['type', 'channels', 'interceptors', 'selector'],
  channel: ['type'],
  sink: ['type', 'channel']
}

function frameHint({ kind, prefix }: Part, key: string): string | undefined {
  const [word = '', ...rest] = key.split('.')
  const meant = nearest(word, FRAME[kind] ?? [])
  return meant === undefined ? undefined : `Did you mean ${prefix}${[meant, ...rest].join('.')}?`
}

function reportUndocumented(part: Part, { undocumented = [] }: AnyDefinition, findings: Findings): void {
  const isOne = (key: string): boolean =>
    undocumented.some(name => (name.endsWith('.') ? key.startsWith(name) : key === name))
  for (const [key, property] of part.properties) {
    if (isOne(key))
      findings.add('UNDOC_PROP', {
        at: property,
        key: property.key,
        message: `${key} works, although Flume’s guide does not list it.`
      })
  }
}

function capacityProblems(
  known: KnownType | undefined,
  properties: Readonly<Record<string, string>>
): readonly Problem[] {
  if (known?.transaction === undefined || known.capacity === undefined) return []
  const number = ({ key, default: otherwise }: { key: string; default: number }): number => {
    const value = Number(properties[key] ?? otherwise)
    return Number.isSafeInteger(value) && value > 0 && value < 2 ** 31 ? value : otherwise
  }
  const [most, capacity] = [number(known.transaction), number(known.capacity)]
  if (most <= capacity) return []
  return [
    {
      level: 'error',
      code: 'CAP_LT_TXN',
      key: known.transaction.key,
      message: 'File Channel transaction capacity cannot be greater than the capacity of the channel.',
      hint: `Set ${known.transaction.key} to ${capacity} or less.`
    }
  ]
}
