import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import type { Environment } from '../../core/contracts.ts'
import { AgentError, messageOf } from '../../core/errors.ts'
import { EXPORT_FORMATS, type ExportFormat } from './channel-export.ts'

/** Where the command reads its surroundings and writes to. */
export interface ChannelStreams {
  readonly environment: Environment
  readonly stdout: Writable
  readonly stderr: Writable
}

/** What the words after the subcommand say. */
export interface ChannelCall extends ChannelStreams {
  readonly folders: readonly string[]
  readonly json: boolean
  readonly dryRun: boolean
  readonly format: ExportFormat
  readonly file: string | undefined
  /** Folders of Flume's checkpoints, to be moved aside too. */
  readonly checkpoints: readonly string[]
}

/** A command line that cannot be followed: the usage is to be shown. */
export function wrong(message: string): AgentError {
  return new AgentError('ERR_CONFIG', message, { usage: true })
}

const OPTIONS = {
  json: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  format: { type: 'string' },
  output: { type: 'string', short: 'o' },
  checkpoint: { type: 'string', multiple: true }
} as const

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  inspect: ['json'],
  verify: ['json'],
  export: ['format', 'output'],
  repair: ['dry-run', 'checkpoint', 'json']
}

/** Reads the words after the subcommand. Throws ERR_CONFIG. */
export function parseCall(name: string, words: readonly string[], streams: ChannelStreams): ChannelCall {
  const { values, positionals } = parseWords(words)
  for (const option of Object.keys(values))
    if (ALLOWED[name]?.includes(option) !== true) throw wrong(`${name} has no option --${option}.`)
  if (positionals.length === 0) throw wrong('Name the folders of the channel (dataDirs).')
  const format = values.format ?? 'json'
  if (!isFormat(format)) throw wrong(`--format is one of ${EXPORT_FORMATS.join(', ')}.`)
  return {
    ...streams,
    format,
    folders: [...new Set(positionals.map(folder => resolve(folder)))],
    json: values.json ?? false,
    dryRun: values['dry-run'] ?? false,
    file: values.output,
    checkpoints: (values.checkpoint ?? []).map(folder => resolve(folder))
  }
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw wrong(messageOf(error))
  }
}

function isFormat(format: string): format is ExportFormat {
  return (EXPORT_FORMATS as readonly string[]).includes(format)
}
