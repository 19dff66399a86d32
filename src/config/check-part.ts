import { checkedSettings } from '../core/checked-settings.ts'
import type {
  AnyDefinition,
  Around,
  Catalog,
  Headers,
  Problem,
  ProcessorAround,
  Properties,
  Resolution,
  SelectorAround
} from '../core/component.ts'
import type { Environment } from '../core/contracts.ts'
import { nearest } from '../core/nearest.ts'
import type { AgentPlan, Kind } from '../core/plan.ts'
import { isFatal, resolveInner } from '../core/read-settings.ts'
import type { AgentText } from './agent-text.ts'
import type { Position, Property } from './finding.ts'
import type { Findings } from './findings.ts'
import { knownType } from './known-types.ts'
import { checkOnly, type KnownType } from './known/known-type.ts'
import { strangeHeaders } from './known/third-party.ts'
import { valuesOf } from './part-text.ts'

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
  /** The agent as it is written. */
  readonly written: AgentPlan
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
  /** What is around parts of its kind beside what is around every part. */
  readonly more?: Omit<SelectorAround, keyof Around> | Omit<ProcessorAround, keyof Around>
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
  const properties = valuesOf(part.properties)
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
  const around = aroundOf(part, properties, context)
  const resolved = await resolveInner(definition.settings, properties, (kind, type) =>
    context.catalog.resolve(kind, type)
  )
  const { outer, problems: read } = await checkedSettings(definition, resolved, around as never)
  const problems = [
    ...read,
    ...(known?.rules?.(properties, around) ?? []),
    ...capacityProblems(known, properties)
  ].map(problem => refined(part, problem, properties))
  for (const problem of problems) reportProblem(part, problem, problems, context)
  for (const trap of definition.lint?.(around) ?? []) reportProblem(part, trap, [], context)
  return {
    ...none,
    type: definition.type,
    status: worse(statusOf(resolution), statusAfter(problems)),
    batchSize: outer === undefined ? undefined : definition.batchSize?.(outer),
    transactionCapacity: outer === undefined ? undefined : definition.transactionCapacity?.(outer)
  }
}

function aroundOf(
  { name, prefix, more }: Part,
  properties: Properties,
  { environment, written }: CheckContext
): Around {
  return { name, prefix, properties, agent: written, environment, ...more }
}

function headersOf(part: Part, definition: AnyDefinition | undefined, properties: Properties): Headers {
  return (
    (definition === undefined ? undefined : definition.headers?.(properties)) ?? strangeHeaders(part.type)
  )
}

const ORDER: readonly Status[] = ['ok', 'not-installed', 'not-in-this-version', 'third-party', 'dropped']

/** The graver of two. */
export function worse(a: Status, b: Status): Status {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b
}

function statusOf(resolution: Resolution): Status {
  return resolution.status === 'found' ? 'ok' : resolution.status
}

/** A class of somebody else inside of a component. */
const STRANGE_INSIDE = ['CUSTOM_SERIALIZER', 'CUSTOM_DESERIALIZER', 'CUSTOM_CLASS']

/** What problems make of a part that could run otherwise. */
const STATUS_AFTER: Readonly<Record<string, Status>> = {
  ...Object.fromEntries(STRANGE_INSIDE.map(code => [code, 'third-party'])),
  NOT_IN_THIS_VERSION: 'not-in-this-version',
  NEEDS_PACKAGE: 'not-installed'
}

function statusAfter(problems: readonly Problem[]): Status {
  return problems
    .filter(isFatal)
    .map(({ code }) => STATUS_AFTER[code] ?? 'dropped')
    .reduce(worse, 'ok')
}

/** Tells a problem of a part where its key stands, else where the part does; `all` are the part's problems. */
export function reportProblem(
  part: Pick<Part, 'properties' | 'at' | 'prefix'>,
  problem: Problem,
  all: readonly Problem[],
  { findings, isGone }: Pick<CheckContext, 'findings' | 'isGone'>
): void {
  const { code, message, hint } = problem
  if (isGone === true && STRANGE_INSIDE.includes(code)) return
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
