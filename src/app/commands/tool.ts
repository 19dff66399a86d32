import type { Writable } from 'node:stream'
import type { Environment } from '../../core/contracts.ts'
import { messageOf } from '../../core/errors.ts'
import { TOOL_OPTIONS, TOOL_USAGE } from '../channel-pages.ts'
import { parseCommandLine, type GivenOptions } from '../command-line.ts'
import { ownText } from '../plain-text.ts'
import { checkIntegrity, type IntegritySummary } from './integrity.ts'

/** Where the tool reads its surroundings and writes to. */
export interface ToolStreams {
  readonly environment: Environment
  readonly stdout: Writable
  readonly stderr: Writable
}

const NAMES = ['FCINTEGRITYTOOL']

/** `flume-ng tool NAME …`. Resolves to the exit code. */
export async function toolCommand(words: readonly string[], streams: ToolStreams): Promise<number> {
  const [name, ...rest] = words
  if (name === undefined) {
    streams.stdout.write(`Please specify a tool to run. The available tools are: ${NAMES.join(', ')}\n`)
    return 1
  }
  if (!NAMES.includes(name.toUpperCase())) {
    streams.stderr.write(`There is no tool "${name}". The available tools are: ${NAMES.join(', ')}\n`)
    return 1
  }
  try {
    return await integrityTool(rest, streams)
  } catch (error) {
    streams.stderr.write(`${messageOf(error)}\n`)
    return 1
  }
}

async function integrityTool(
  words: readonly string[],
  { environment, stdout, stderr }: ToolStreams
): Promise<number> {
  const given = parseCommandLine(TOOL_OPTIONS, words)
  const folders = (given.get('dataDirs') ?? [])
    .flatMap(list => list.split(','))
    .map(folder => folder.trim())
    .filter(folder => folder !== '')
  if (given.has('help') || folders.length === 0) {
    stdout.write(
      `${ownText(TOOL_USAGE, environment.variables)}\nCould not parse command line options. Exiting ...\n`
    )
    return 1
  }
  const summary = await checkIntegrity({
    folders,
    environment,
    properties: { ...environment.properties, ...propertiesOf(given) },
    validator: given.get('validator')?.[0],
    warn: line => {
      stderr.write(`${line}\n`)
    }
  })
  stdout.write(summaryText(summary))
  return 0
}

function propertiesOf(given: GivenOptions): Record<string, string> {
  return Object.fromEntries(
    (given.get('property') ?? []).map(pair => {
      const at = pair.indexOf('=')
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    })
  )
}

function summaryText({ records, puts, valid, invalid, failed, corrupt }: IntegritySummary): string {
  return `---------- Summary --------------------
Number of Events in the Channel = ${records}
Number of Put Events Processed = ${puts}
Number of Valid Put Events = ${valid}
Number of Invalid Put Events = ${invalid}
Number of Put Events that threw Exception during validation = ${failed}
Number of Corrupt Events = ${corrupt}
---------------------------------------
`
}
