import { join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { printable, printableLines } from '../core/printable.ts'
import { openOutputs, openProgram, type Program } from './program.ts'
import { leaveProcess } from './signals.ts'

const FLUSH_MS = 2000

type Command = (program: Program) => Promise<number>

// Loaded when asked for, so that starting an agent does not pay for the rest.
const COMMANDS: Readonly<Record<string, Command>> = {
  agent: runAgentCommand,
  node: program => {
    program.err.line('Warning: The "node" command is deprecated. Please use "agent" instead.')
    return runAgentCommand(program)
  },
  validate: async program => (await import('./commands/validate.ts')).validateCommand(program),
  fs: showFiles,
  version: async program => {
    program.out.line((await import('./version.ts')).versionText())
    return 0
  },
  help: showHelp,
  '--help': showHelp,
  '-h': showHelp,
  '--version': async program => {
    program.out.line((await import('./version.ts')).versionText())
    return 0
  },
  'avro-client': program => notYet(program, 'avro-client', 'Send lines with `nc` to a netcat source'),
  channel: async program =>
    (await import('./commands/channel.ts')).channelCommand(program.words, streamsOf(program)),
  plugin: async program => (await import('./commands/plugin.ts')).pluginCommand(program),
  tool: async program => (await import('./commands/tool.ts')).toolCommand(program.words, streamsOf(program))
}

/** Runs one command line of this process and ends the process with its exit code. Never rejects. */
export async function runProgram(words: readonly string[]): Promise<void> {
  const outputs = openOutputs()
  const { out, err } = outputs
  const [name = '', ...rest] = words
  let code: number | undefined
  try {
    code = await runCommand(name, openProgram(outputs, name, rest))
  } catch (error) {
    err.line(`Error: ${printableLines(messageOf(error))}`)
  }
  await out.flush(FLUSH_MS)
  // Streams tell of a failure a turn later.
  await new Promise(resolve => setImmediate(resolve))
  if (code !== undefined && out.failure !== undefined) {
    err.line(`Error: Standard output cannot be written: ${messageOf(out.failure)}`)
    code ||= 1
  }
  await err.flush(FLUSH_MS)
  await leaveProcess(code ?? 1)
}

async function runCommand(name: string, program: Program): Promise<number> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) {
    const { USAGE } = await import('./help-pages.ts')
    program.err.line(`Error: Unknown or unspecified command '${printable(name)}'`)
    program.out.line(`\n${USAGE.trimEnd()}`)
    return 1
  }
  if (program.launcher.dryRun) {
    const { dryRunText } = await import('./dry-run.ts')
    program.out.line(
      dryRunText(
        [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)],
        [name, ...program.launcher.shown]
      )
    )
    return 0
  }
  return command(program)
}

async function runAgentCommand(program: Program): Promise<number> {
  const { runAgent } = await import('./agent.ts')
  return runAgent(program)
}

async function showFiles(program: Program): Promise<number> {
  const { environment, words } = program
  const { fsCommand } = await import('./commands/fs.ts')
  const { HOME } = await import('./version.ts')
  const { HADOOP_CONF_DIR, HADOOP_HOME } = environment.variables
  const elsewhere = HADOOP_CONF_DIR ?? HADOOP_HOME
  const configDirectory =
    environment.configDirectory ?? (elsewhere === undefined ? join(HOME, 'conf') : undefined)
  return fsCommand(words, { ...streamsOf(program), environment: { ...environment, configDirectory } })
}

// Only here: opening them costs an agent's start a few milliseconds.
function streamsOf({ environment, out, err }: Program) {
  const { stdout, stderr } = process
  stdout.on('error', error => out.noteFailure(error))
  stderr.on('error', error => err.noteFailure(error))
  return { environment, stdout, stderr }
}

async function showHelp({ out, words }: Program): Promise<number> {
  const { helpText } = await import('./help.ts')
  out.line((await helpText(words)).trimEnd())
  return 0
}

function notYet({ err }: Program, name: string, instead: string): Promise<number> {
  err.line(`Error: flume-ng ${name} is not in this version. ${instead}.`)
  return Promise.resolve(1)
}
