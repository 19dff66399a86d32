import { stat } from 'node:fs/promises'
import { loadConfigurations } from '../../config/load.ts'
import type { ListedCatalog } from '../../config/check-part.ts'
import type { Finding } from '../../config/finding.ts'
import type { Source } from '../../config/merge.ts'
import { configurationFiles, readConfiguration } from '../../config/read-files.ts'
import type { Environment } from '../../core/contracts.ts'
import type { AgentPlan } from '../../core/plan.ts'
import { AgentError, messageOf } from '../../core/errors.ts'
import { parseCommandLine, type OptionSpec } from '../command-line.ts'
import { packagesOf, type Program } from '../program.ts'
import { checkPropertyNames } from '../property-names.ts'
import { registryWith } from '../registry.ts'
import { reportJson, reportText, type AgentReport } from './validate-report.ts'

export interface ValidateOptions {
  /** Files and folders of `-f`. */
  readonly files: readonly string[]
  /** Undefined: every agent of the files, one after the other. */
  readonly agent: string | undefined
  readonly json: boolean
  /** Warnings count as errors. */
  readonly strict: boolean
  readonly colour: boolean
  readonly environment: Environment
  readonly catalog: ListedCatalog
  /** Takes the whole report. */
  print(text: string): void
}

const OPTIONS: readonly OptionSpec[] = [
  {
    name: 'agent',
    short: 'n',
    long: 'name',
    argument: 'name',
    doc: 'agent to check; all agents when it is not given'
  },
  {
    name: 'file',
    short: 'f',
    long: 'conf-file',
    argument: 'path',
    doc: 'configuration file, or folder with one; may be repeated'
  },
  { name: 'json', long: 'json', doc: 'one JSON object for programs' },
  { name: 'strict', long: 'strict', doc: 'warnings count as errors' }
]

/** `flume-ng validate`: exit code 0 it runs whole, 1 something is wrong, 2 it cannot be read. */
export async function validateCommand(program: Program): Promise<number> {
  const given = parseCommandLine(OPTIONS, program.words)
  checkPropertyNames(program.environment.properties)
  const files = given.get('file') ?? []
  if (files.length === 0)
    throw new AgentError('ERR_CONFIG', 'No configuration was provided. Name a file or a folder with -f.')
  const json = given.has('json')
  return await validate({
    files,
    agent: given.get('agent')?.[0],
    json,
    strict: given.has('strict'),
    colour: process.stdout.isTTY,
    environment: program.environment,
    catalog: registryWith(packagesOf(program)),
    print: text => {
      if (json) program.out.write(`${text}\n`)
      else program.out.line(text)
    }
  })
}

/** Checks the files without running anything and prints one report; resolves to the exit code. */
export async function validate(options: ValidateOptions): Promise<number> {
  const { reports, code } = await check(options)
  options.print(options.json ? reportJson(reports) : reportText(reports, options.colour))
  return code
}

async function check(options: ValidateOptions): Promise<{ reports: readonly AgentReport[]; code: number }> {
  const { agent, environment, catalog, strict } = options
  try {
    const sources = await readAll(options.files)
    const base = {
      catalog,
      variables: environment.variables,
      properties: environment.properties,
      configDirectory: environment.configDirectory ?? (await folderOf(options.files))
    }
    const loaded = await loadConfigurations(sources, agent === undefined ? base : { ...base, agent })
    const reports = loaded.map(({ agent: name, components, findings, plan }) => ({
      agent: name,
      components,
      findings,
      ok: isFine(findings, strict),
      running: plan === undefined ? 0 : sizeOf(plan)
    }))
    return { reports, code: reports.every(({ ok }) => ok) ? 0 : 1 }
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'ERR_CONFIG') throw error
    return {
      reports: [{ agent, components: [], findings: [unreadable(error)], ok: false, running: 0 }],
      code: 2
    }
  }
}

async function readAll(paths: readonly string[]): Promise<Source[]> {
  const files = await Promise.all(paths.map(configurationFiles))
  return await Promise.all(files.flat().map(readConfiguration))
}

/** A folder given to `-f` is the configuration folder too. */
async function folderOf(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if ((await stat(path)).isDirectory()) return path
  return undefined
}

function sizeOf({ sources, channels, sinks, groups }: AgentPlan): number {
  return sources.length + channels.length + sinks.length + groups.length
}

function isFine(findings: readonly Finding[], strict: boolean): boolean {
  return !findings.some(({ level }) => level === 'error' || (strict && level === 'warning'))
}

function unreadable(error: AgentError): Finding {
  const file = typeof error.facts['path'] === 'string' ? error.facts['path'] : ''
  return {
    level: 'error',
    code: 'UNREADABLE',
    file,
    line: 0,
    key: '',
    message: messageOf(error),
    hint: 'Name a readable configuration file with -f.'
  }
}
