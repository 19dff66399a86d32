import type { Writable } from 'node:stream'
import type { Environment, Log } from '../../core/contracts.ts'
import { AgentError, messageOf } from '../../core/errors.ts'
import { fileErrorKind } from '../../fs/file-errors.ts'
import type { FileErrorKind, FileStatus, FileSystem } from '../../fs/file-system.ts'
import { expandGlob } from '../../fs/glob.ts'
import { FileSystems } from '../../fs/open.ts'
import { joinPath, splitUri } from '../../fs/paths.ts'
import { ownText } from '../plain-text.ts'
import { ByteOutput } from './byte-output.ts'
import { listingLines, type Listed } from './fs-listing.ts'

/** Where the command reads its surroundings and writes to. */
export interface FsStreams {
  readonly environment: Environment
  readonly stdout: Writable
  readonly stderr: Writable
}

interface Call extends FsStreams {
  readonly flags: ReadonlySet<string>
  readonly stores: FileSystems
  readonly output: ByteOutput
}

/** One file or folder that an argument names. */
interface Target {
  /** Path as the user would write it. */
  readonly shown: string
  readonly fileSystem: FileSystem
  readonly path: string
  readonly status: FileStatus | undefined
}

interface Command {
  readonly usage: string
  readonly flags: string
  /** Arguments when none are given. */
  readonly otherwise?: readonly string[]
  run(target: Target, call: Call): Promise<void>
}

const TAIL_BYTES = 1024

const COMMANDS: Readonly<Record<string, Command>> = {
  '-ls': { usage: '-ls [-C] [-d] [-h] [-R] [URI…]', flags: 'CdhR', otherwise: [''], run: list },
  '-cat': { usage: '-cat URI…', flags: '', run: async (target, call) => await print(target, call, 0) },
  '-text': { usage: '-text URI…', flags: '', run: printDecoded },
  '-tail': { usage: '-tail URI…', flags: '', run: printEnd },
  '-mkdir': { usage: '-mkdir [-p] URI…', flags: 'p', run: makeFolder },
  '-rm': { usage: '-rm [-f] [-r] URI…', flags: 'frR', run: remove }
}

/** Sentences of Hadoop's shell. */
const REASONS: Partial<Record<FileErrorKind, string>> = {
  missing: 'No such file or directory',
  denied: 'Permission denied',
  full: 'No space left'
}

/** Facts of errors that help whoever typed the command. */
const DETAILS = [
  { name: 'reason', label: '' },
  { name: 'server', label: 'server ' },
  { name: 'uri', label: 'uri ' },
  { name: 'authority', label: 'host ' },
  { name: 'file', label: 'file ' },
  { name: 'line', label: 'line ' },
  { name: 'hint', label: '' }
]

/**
 * `flume-ng fs -ls|-cat|-text|-tail|-mkdir|-rm URI…`: prints like `hadoop fs`. Resolves to the exit status: 0, 1 when
 * something failed, 255 for a wrong command line. A reader of stdout that leaves ends it quietly.
 */
export async function fsCommand(args: readonly string[], io: FsStreams): Promise<number> {
  const [name = '', ...rest] = args
  const command = COMMANDS[name]
  if (command === undefined)
    return usage(name === '' ? 'A command is missing.' : `${name}: Unknown command`, io)
  const firstPath = rest.findIndex(argument => !/^-[A-Za-z]+$/.test(argument))
  const flags = firstPath < 0 ? rest : rest.slice(0, firstPath)
  const paths = firstPath < 0 ? (command.otherwise ?? []) : rest.slice(firstPath)
  const letters = flags.filter(flag => flag !== '-skipTrash').flatMap(flag => flag.slice(1).split(''))
  const wrong = letters.find(letter => !command.flags.includes(letter))
  if (wrong !== undefined) return usage(`${name}: Illegal option -${wrong}`, io)
  if (paths.length === 0) return usage(`${name}: Not enough arguments: expected 1 but got 0`, io)
  const stores = new FileSystems({ environment: io.environment, log: warningsTo(io.stderr) })
  const call = { ...io, flags: new Set(letters), stores, output: new ByteOutput(io.stdout) }
  try {
    return await runAll({ name, command, paths }, call)
  } finally {
    await call.output.end()
    await call.stores.close()
  }
}

function warningsTo(stderr: Writable): Log {
  const say: Log['warn'] = (message, facts = {}) => {
    const shown = Object.entries(facts).map(([name, value]) => ` ${name}=${String(value)}`)
    stderr.write(`${message}${shown.join('')}\n`)
  }
  const quiet = (): void => undefined
  return { debug: quiet, info: quiet, warn: say, error: say }
}

async function runAll(
  {
    name,
    command,
    paths
  }: { readonly name: string; readonly command: Command; readonly paths: readonly string[] },
  call: Call
): Promise<number> {
  let failures = 0
  for (const path of paths) {
    try {
      for (const target of await targets(path, call)) await command.run(target, call)
    } catch (error) {
      if (call.output.closed) break
      failures++
      const { variables } = call.environment
      call.stderr.write(ownText(`${name.slice(1)}: ${explain(error, path)}\n`, variables))
    }
  }
  return failures === 0 ? 0 : 1
}

/** What an argument stands for; one target without status when there is nothing. */
async function targets(argument: string, { stores }: Call): Promise<readonly Target[]> {
  const { fileSystem, path } = await stores.open(argument === '' ? '.' : argument)
  const found = await expandGlob(fileSystem, path)
  const prefix = splitUri(argument).scheme === undefined ? '' : fileSystem.uri
  if (found.length === 0) return [{ shown: argument, fileSystem, path, status: undefined }]
  return found.map(status => ({
    shown: status.path === path ? argument : prefix + status.path,
    fileSystem,
    path: status.path,
    status
  }))
}

async function list(target: Target, call: Call): Promise<void> {
  const { fileSystem, shown } = target
  const status = present(target)
  if (status.type === 'file' || call.flags.has('d'))
    return await call.output.lines(linesOf([{ shown: shown === '' ? '.' : shown, status }], call))
  const entries = (await fileSystem.list(status.path)).map(entry => ({
    shown: shown === '' ? entry.name : joinPath(shown, entry.name),
    status: entry
  }))
  const recursive = call.flags.has('R')
  if (!recursive && !call.flags.has('C') && entries.length > 0)
    await call.output.lines([`Found ${entries.length} items`])
  const lines = linesOf(entries, call)
  for (const [i, entry] of entries.entries()) {
    await call.output.lines(lines.slice(i, i + 1))
    if (recursive && entry.status.type === 'directory')
      await list({ ...entry, fileSystem, path: entry.status.path }, call)
  }
}

/** With -C nothing but the paths. */
function linesOf(entries: readonly Listed[], { flags }: Call): readonly string[] {
  return flags.has('C') ? entries.map(({ shown }) => shown) : listingLines(entries, { human: flags.has('h') })
}

async function print(target: Target, { output }: Call, offset: number): Promise<void> {
  const { path } = presentFile(target)
  for await (const piece of target.fileSystem.read(path, offset)) await output.write(piece)
}

async function printDecoded(target: Target, { output }: Call): Promise<void> {
  const { decodedText } = await import('./fs-text.ts')
  const { path, name } = presentFile(target)
  for await (const piece of decodedText(target.fileSystem.read(path), name)) await output.write(piece)
}

async function printEnd(target: Target, call: Call): Promise<void> {
  await print(target, call, Math.max(0, presentFile(target).size - TAIL_BYTES))
}

async function makeFolder(target: Target, call: Call): Promise<void> {
  const { fileSystem, path, status } = target
  const withParents = call.flags.has('p')
  if (status !== undefined && !(withParents && status.type === 'directory'))
    throw new Refusal('File exists', target)
  const parent = path.slice(0, path.lastIndexOf('/')) || '/'
  if (!withParents && (await fileSystem.stat(parent)) === undefined)
    throw new Refusal('No such file or directory', target)
  await fileSystem.mkdirs(path)
}

async function remove(target: Target, call: Call): Promise<void> {
  if (target.status === undefined && call.flags.has('f')) return
  const recursive = call.flags.has('r') || call.flags.has('R')
  if (present(target).type === 'directory' && !recursive) throw new Refusal('Is a directory', target)
  await target.fileSystem.delete(target.path, { recursive })
  await call.output.lines([`Deleted ${target.shown}`])
}

function present(target: Target): FileStatus {
  if (target.status === undefined) throw new Refusal('No such file or directory', target)
  return target.status
}

function presentFile(target: Target): FileStatus {
  const status = present(target)
  if (status.type === 'directory') throw new Refusal('Is a directory', target)
  return status
}

/** A finding of the shell itself, in Hadoop's words. */
class Refusal extends AgentError {
  constructor(reason: string, target: Target) {
    super('ERR_FILE_SYSTEM', `\`${target.shown === '' ? '.' : target.shown}': ${reason}`)
  }
}

function explain(error: unknown, path: string): string {
  if (error instanceof Refusal) return error.message
  const facts = error instanceof AgentError ? error.facts : {}
  const details = DETAILS.flatMap(({ name, label }) => {
    const value = facts[name]
    return typeof value === 'string' || typeof value === 'number' ? [`${label}${value}`] : []
  })
  return `\`${path}': ${[REASONS[fileErrorKind(error)] ?? messageOf(error), ...details].join(' · ')}`
}

function usage(problem: string, { stderr, environment }: FsStreams): number {
  const lines = Object.values(COMMANDS).map(command => `  flume-ng fs ${command.usage}`)
  stderr.write(ownText([problem, 'Usage:', ...lines, ''].join('\n'), environment.variables))
  return 255
}
