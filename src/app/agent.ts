import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Finding } from '../config/finding.ts'
import { loadConfiguration, type Configuration } from '../config/load.ts'
import { configurationFiles } from '../config/read-files.ts'
import { openLogging, type Logging } from './logging.ts'
import { printable } from '../core/printable.ts'
import { readLogSettings } from './log-settings.ts'
import { PROPERTIES, readOptionsFile } from './options-file.ts'
import { checkPropertyNames } from './property-names.ts'
import { AGENT_OPTIONS, parseAgentOptions, type AgentOptions } from './options.ts'
import { packagesOf, type Program } from './program.ts'
import { registryWith } from './registry.ts'
import { runPlan } from './run-plan.ts'

/**
 * `flume-ng agent`: says everything that is wrong with the configuration, runs what can run, and ends with a signal.
 * Resolves to the exit code; rejects with ERR_CONFIG when nothing can be started.
 */
export async function runAgent(given: Program): Promise<number> {
  const defaults = await readOptionsFile(AGENT_OPTIONS, confOf(given))
  const options = parseAgentOptions(given.words, defaults)
  if (options.help) {
    given.out.line((await import('./help-pages.ts')).HELP_PAGES['agent'] ?? '')
    return 0
  }
  const program = withConf(withProperties(given, defaults.get(PROPERTIES) ?? []), options)
  checkPropertyNames(program.environment.properties)
  const logging = await openLogging(
    readLogSettings(program.environment.properties),
    program.err,
    program.environment.variables
  )
  const code = await loadAndRun(program, logging, options)
  await logging.flush()
  return code
}

async function loadAndRun(program: Program, logging: Logging, options: AgentOptions): Promise<number> {
  const { variables, properties, configDirectory } = program.environment
  const files = (await Promise.all(options.files.map(configurationFiles))).flat()
  const packages = packagesOf(program)
  const catalog = registryWith(packages)
  const base = { catalog, variables, properties, configDirectory }
  const configuration = await loadConfiguration(
    files,
    options.agent === undefined ? base : { ...base, agent: options.agent }
  )
  await showFindings(program, configuration.findings)
  const plan = refused(configuration, options) ? undefined : configuration.plan
  if (plan === undefined) {
    program.err.line('The agent was not started.')
    return 1
  }
  if (plan.channels.length === 0) sayEmpty(program, configuration, plan.agent)
  return runPlan(program, logging, { plan, files, catalog, packages })
}

function refused({ findings }: Configuration, { strict }: AgentOptions): boolean {
  return strict && findings.some(({ level }) => level === 'error')
}

async function showFindings({ err }: Program, findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return
  const { findingLines, LEVEL_NAMES } = await import('./commands/validate-report.ts')
  for (const finding of findings) {
    for (const line of findingLines(finding, LEVEL_NAMES[finding.level])) err.line(line)
  }
}

// Flume stays up without components, and start scripts count on it.
function sayEmpty({ err }: Program, { agents }: Configuration, agent: string): void {
  const known = agents.includes(agent)
    ? 'Nothing of it can run; see above.'
    : `The files hold: ${agents.join(', ')}.`
  const idle = `Warning: agent ${agent} has no components and does nothing until it is stopped. ${known}`
  err.line(printable(idle))
}

// What flume.opts sets counts where the command line does not say.
function withProperties(program: Program, pairs: readonly string[]): Program {
  const { environment } = program
  const given = pairs.map(pair => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)])
  const properties = { ...Object.fromEntries(given), ...environment.properties }
  return pairs.length === 0 ? program : { ...program, environment: { ...environment, properties } }
}

// A folder given with -f is the configuration folder too.
function withConf(program: Program, { files }: AgentOptions): Program {
  const configDirectory = program.environment.configDirectory ?? files.find(isFolder)
  if (configDirectory === undefined) return program
  return { ...program, environment: { ...program.environment, configDirectory: resolve(configDirectory) } }
}

// flume.opts may stand in the folder of --conf, or of -f when it names one.
function confOf({ environment, words }: Program): string | undefined {
  return (
    environment.configDirectory ??
    words.find((word, at) => /^(?:-f|--?conf-file)$/.test(words[at - 1] ?? '') && isFolder(word))
  )
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
