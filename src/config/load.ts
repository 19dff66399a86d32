import type { AgentPlan } from '../core/plan.ts'
import { simpleDateFormat } from '../java/simple-date-format.ts'
import { userHome } from '../java/system-user.ts'
import { defaultTimeZoneId, timeZone } from '../java/time-zone.ts'
import { agentNames, reportStray, splitByAgent, type AgentText, type AgentTexts } from './agent-text.ts'
import { checkAgent, reportOrphans, type ComponentStatus } from './check-agent.ts'
import type { ListedCatalog } from './check-part.ts'
import type { CheckedAgent } from './checked-agent.ts'
import { applyConfigFilters } from './filters.ts'
import type { Finding, Position, Property } from './finding.ts'
import { someOf } from './finding-text.ts'
import { Findings } from './findings.ts'
import { interpolate } from './interpolation.ts'
import { lintFlow } from './lint-flow.ts'
import { lintQuotes } from './lint-quotes.ts'
import { lintText } from './lint-text.ts'
import { lintValues } from './lint-values.ts'
import { readLookups } from './lookups-file.ts'
import type { Surroundings } from './lookups.ts'
import { mergeSources, type Properties, type Source } from './merge.ts'
import { readConfiguration } from './read-files.ts'
import { nearestName } from './nearest-name.ts'

/** So many names of agents are told. */
const MOST_NAMES = 30

export interface LoadOptions {
  /** The agent asked for; undefined means the only one. */
  readonly agent?: string
  readonly catalog: ListedCatalog
  readonly variables: Readonly<Record<string, string | undefined>>
  /** What was given with `-D`. */
  readonly properties: Readonly<Record<string, string>>
  readonly configDirectory?: string | undefined
  /** Epoch milliseconds for `${date:…}`. */
  readonly now?: number
}

export interface Configuration {
  /** The agent that was checked; undefined when none could be chosen. */
  readonly agent: string | undefined
  /** Undefined when nothing may be started: a type that cannot be loaded, no agent, an unreadable text. */
  readonly plan: AgentPlan | undefined
  /** Names of all agents in the files. */
  readonly agents: readonly string[]
  readonly findings: readonly Finding[]
  readonly components: readonly ComponentStatus[]
  /** Every part as it was checked; undefined when no agent was. */
  readonly checked: CheckedAgent | undefined
  /** Where each property stands, by its whole key. */
  readonly positions: ReadonlyMap<string, Position>
}

/**
 * Turns configuration texts, or the files that hold them, into a checked plan for one agent. Everything that is wrong
 * comes back as findings; rejects with ERR_CONFIG only when a file cannot be read.
 */
export async function loadConfiguration(
  sources: readonly (Source | string)[],
  options: LoadOptions
): Promise<Configuration> {
  return await checkOne(await parse(sources, options), options.agent, options)
}

/** The same for the agent asked for, or for every agent of the files, one after the other. */
export async function loadConfigurations(
  sources: readonly (Source | string)[],
  options: LoadOptions
): Promise<Configuration[]> {
  const parsed = await parse(sources, options)
  const several = options.agent === undefined && parsed.agents.length > 1
  const loaded: Configuration[] = []
  for (const agent of several ? parsed.agents : [options.agent])
    loaded.push(await checkOne(parsed, agent, options))
  return loaded
}

/** What is the same for every agent of the files. */
interface Parsed {
  readonly texts: readonly Source[]
  readonly raw: Properties
  readonly split: AgentTexts
  readonly agents: readonly string[]
  /** What belongs to none of them. */
  readonly orphans: readonly AgentText[]
  readonly rawOf: ReadonlyMap<string, readonly Property[]>
  readonly isReferenced: (key: string) => boolean
  readonly findings: Findings
}

async function parse(sources: readonly (Source | string)[], options: LoadOptions): Promise<Parsed> {
  const texts = await Promise.all(
    sources.map(async source => (typeof source === 'string' ? await readConfiguration(source) : source))
  )
  const findings = new Findings()
  for (const text of texts) lintText(text, findings)
  const raw = mergeSources(texts, findings)
  const properties = await resolveVariables(raw, options, findings)
  const split = splitByAgent(properties)
  const agents = agentNames(split)
  const known = new Set(agents)
  return {
    texts,
    raw,
    split,
    agents,
    orphans: [...split.agents.values()].filter(({ name }) => !known.has(name)),
    rawOf: Map.groupBy(raw.values(), ({ key }) => key.split('.', 1)[0] ?? ''),
    isReferenced: isReferenced(raw),
    findings
  }
}

async function checkOne(
  parsed: Parsed,
  wanted: string | undefined,
  options: LoadOptions
): Promise<Configuration> {
  const { texts, agents, raw } = parsed
  const findings = parsed.findings.copy()
  const chosen = chooseAgent(texts, agents, wanted, findings)
  const agent = chosen === undefined ? undefined : parsed.split.agents.get(chosen)
  const common = { agents, positions: raw }
  const files = texts.map(({ file }) => file)
  if (agent === undefined) {
    const plan = wanted === undefined || agents.length === 0 ? undefined : emptyPlan(wanted)
    const sorted = findings.sorted(files)
    return { ...common, agent: wanted, plan, findings: sorted, components: [], checked: undefined }
  }
  const { plan, components, checked } = await checkChosen(agent, parsed, options, findings)
  return {
    ...common,
    agent: agent.name,
    plan: findings.stopped ? undefined : plan,
    findings: findings.sorted(files),
    components,
    checked
  }
}

async function checkChosen(
  agent: AgentText,
  { split, orphans, agents, rawOf, isReferenced: referenced }: Parsed,
  options: LoadOptions,
  findings: Findings
) {
  const { catalog, variables, properties, configDirectory } = options
  const own = rawOf.get(agent.name) ?? []
  reportStray(split, agent.name, referenced, findings)
  reportOrphans(orphans, agent.name, findings)
  if (agents.length > 1) {
    findings.add('MULTI_AGENT', {
      at: agent.at,
      message: `The files hold ${agents.length} agents: ${someOf(agents, MOST_NAMES)}.`,
      hint: 'Choose one with -n NAME.'
    })
  }
  lintValues(own, agent.name, findings)
  await applyConfigFilters(agent, { variables, configDirectory, findings })
  const context = {
    agent,
    catalog,
    findings,
    environment: { variables, properties, configDirectory }
  }
  const check = await checkAgent(context)
  lintFlow(check.checked, context, userHome(options) ?? '?')
  lintQuotes(agent, own, check.checked, findings)
  return check
}

async function resolveVariables(
  raw: Properties,
  options: LoadOptions,
  findings: Findings
): Promise<Properties> {
  const { variables, properties, now = Date.now() } = options
  const formatDate = (pattern: string, time: number): string =>
    simpleDateFormat(pattern, { zone: timeZone(defaultTimeZoneId({ variables, properties })) })(time)
  const around: Surroundings = { variables, properties, now, formatDate }
  const lookups = await readLookups(around, options.configDirectory, findings)
  const oldStyle = properties['propertiesImplementation'] === 'org.apache.flume.node.EnvVarResolverProperties'
  const fallback = oldStyle
    ? { fallback: (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined) }
    : {}
  return interpolate(raw, { lookups, ...fallback }, findings)
}

function chooseAgent(
  texts: readonly Source[],
  agents: readonly string[],
  wanted: string | undefined,
  findings: Findings
): string | undefined {
  const at = { file: texts[0]?.file ?? '', line: 1 }
  const [only] = agents
  if (only === undefined) {
    findings.fatal('NO_CONFIGURATION', {
      at,
      message: 'No configuration could be found: there is no property of any agent.',
      hint: `${otherFormat(texts)}Write AGENT.sources = …, AGENT.channels = …, AGENT.sinks = ….`
    })
    return undefined
  }
  if (wanted !== undefined) {
    if (agents.includes(wanted)) return wanted
    const close = nearestName(wanted, agents)
    findings.add('NO_AGENT', {
      at,
      message: `No configuration found for this host:${wanted}`,
      hint:
        close === undefined ? `The agents are: ${someOf(agents, MOST_NAMES)}.` : `Did you mean -n ${close}?`
    })
    return undefined
  }
  if (agents.length === 1) return only
  findings.fatal('NO_AGENT', {
    at,
    message: `There are several agents: ${someOf(agents, MOST_NAMES)}.`,
    hint: 'Choose one with -n NAME.'
  })
  return undefined
}

function otherFormat(texts: readonly Source[]): string {
  const text = texts.map(source => source.text.trim()).find(trimmed => trimmed !== '') ?? ''
  const format = /^[{[]/.test(text)
    ? 'JSON'
    : text.startsWith('<')
      ? 'XML'
      : /^[\w-]+:[ \t]*$/m.test(text)
        ? 'YAML'
        : undefined
  return format === undefined ? '' : `This looks like ${format}; an agent is described by Java properties. `
}

function emptyPlan(agent: string): AgentPlan {
  return { agent, channels: [], sources: [], sinks: [], groups: [] }
}

/** Whether a key is the name of a variable somewhere. */
function isReferenced(raw: Properties): (key: string) => boolean {
  const names = new Set<string>()
  for (const { value } of raw.values()) {
    if (value.includes('${'))
      for (const match of value.matchAll(/\$\{([^{}]+?)(?:\}|:-)/g)) names.add(match[1] ?? '')
  }
  return key => names.has(key)
}
