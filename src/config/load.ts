import type { AgentPlan } from '../core/plan.ts'
import { simpleDateFormat } from '../java/simple-date-format.ts'
import { userHome } from '../java/system-user.ts'
import { defaultTimeZoneId, timeZone } from '../java/time-zone.ts'
import { agentNames, reportStray, splitByAgent, type AgentText, type AgentTexts } from './agent-text.ts'
import { checkAgent, reportOrphans, type ComponentStatus } from './check-agent.ts'
import type { ListedCatalog } from './check-part.ts'
import type { CheckedAgent } from './checked-agent.ts'
import { applyConfigFilters } from './filters.ts'
import { Findings, type Finding, type Position } from './finding.ts'
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
  const texts = await Promise.all(
    sources.map(async source => (typeof source === 'string' ? await readConfiguration(source) : source))
  )
  const findings = new Findings()
  for (const text of texts) lintText(text, findings)
  const raw = mergeSources(texts, findings)
  const properties = await resolveVariables(raw, options, findings)
  const split = splitByAgent(properties)
  const agents = agentNames(split)
  const chosen = chooseAgent(texts, agents, options.agent, findings)
  const files = texts.map(({ file }) => file)
  const agent = chosen === undefined ? undefined : split.agents.get(chosen)
  if (agent === undefined) {
    const plan = options.agent === undefined || agents.length === 0 ? undefined : emptyPlan(options.agent)
    return {
      agent: options.agent,
      plan,
      agents,
      findings: findings.sorted(files),
      components: [],
      checked: undefined,
      positions: raw
    }
  }
  const { plan, components, checked } = await checkChosen(agent, { split, raw, agents }, options, findings)
  const startable = findings.stopped ? undefined : plan
  return {
    agent: agent.name,
    plan: startable,
    agents,
    findings: findings.sorted(files),
    components,
    checked,
    positions: raw
  }
}

interface Parsed {
  readonly split: AgentTexts
  readonly raw: Properties
  readonly agents: readonly string[]
}

async function checkChosen(
  agent: AgentText,
  { split, raw, agents }: Parsed,
  options: LoadOptions,
  findings: Findings
) {
  const { catalog, variables, properties, configDirectory } = options
  reportStray(split, agent.name, isReferenced(raw), findings)
  reportOrphans(
    [...split.agents.values()].filter(({ name }) => !agents.includes(name)),
    agent.name,
    findings
  )
  if (agents.length > 1) {
    findings.add('MULTI_AGENT', {
      at: agent.at,
      message: `The files hold ${agents.length} agents: ${agents.join(', ')}.`,
      hint: 'Choose one with -n NAME.'
    })
  }
  lintValues(agent, raw, findings)
  await applyConfigFilters(agent, { variables, configDirectory, findings })
  const check = await checkAgent({
    agent,
    catalog,
    findings,
    environment: { variables, properties, configDirectory }
  })
  lintFlow(agent, check.checked, findings, userHome(options) ?? '?')
  lintQuotes(agent, raw, findings)
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
      hint: close === undefined ? `The agents are: ${agents.join(', ')}.` : `Did you mean -n ${close}?`
    })
    return undefined
  }
  if (agents.length === 1) return only
  findings.fatal('NO_AGENT', {
    at,
    message: `There are several agents: ${agents.join(', ')}.`,
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
