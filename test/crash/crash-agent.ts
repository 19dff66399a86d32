import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AgentProcess, temporaryFolder } from '../e2e/agent-process.ts'

const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 20
const SAID_LAST = 4000

/**
 * An agent that is ended and started again and again: netcat → file channel → file_roll, each life into a folder of its own.
 * In settings `CHANNEL` stands for the channel's folder, `LIFE` for the number of the life, from 0.
 */
export class CrashAgent implements Disposable {
  readonly channel: string
  readonly #folder = temporaryFolder()
  #settings: Readonly<Record<string, string>>
  #lives = 0

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.channel = join(this.#folder.path, 'channel')
    this.#settings = settings
  }

  /** Number of the latest life, from 0. */
  get life(): number {
    return this.#lives - 1
  }

  /** Begins a life; returns before the agent has started. */
  begin(): AgentProcess {
    mkdirSync(this.#output(this.#lives), { recursive: true })
    const configuration = this.#configuration(this.#lives++)
    const counters = ['-Dflume.monitoring.type=http', '-Dflume.monitoring.port=0']
    return new AgentProcess(['agent', '-n', 'a', '-f', configuration, ...counters])
  }

  /** Other settings from the next life on. */
  change(settings: Readonly<Record<string, string>>): void {
    this.#settings = { ...this.#settings, ...settings }
  }

  /** The lines delivered in each life so far, in order. */
  delivered(): string[][] {
    return Array.from({ length: this.#lives }, (_, life) => linesBelow(this.#output(life)))
  }

  /** The lines that the latest life, which has ended, delivered; its files are removed. */
  harvest(): string[] {
    const output = this.#output(this.life)
    const lines = linesBelow(output)
    rmSync(output, { recursive: true, force: true })
    return lines
  }

  /** Resolves once this is the last line that the latest life delivered; rejects when that takes more than a minute. */
  async deliveredLine(life: AgentProcess, line: string): Promise<void> {
    let grownAt = Date.now()
    for (let size = 0; !endsWith(this.#output(this.life), `${line}\n`);) {
      const grown = outputSize(this.#output(this.life))
      if (grown !== size) grownAt = Date.now()
      size = grown
      if (Date.now() - grownAt > PATIENCE_MS) {
        throw new Error(`"${line}" does not arrive.\n${await this.condition(life)}`)
      }
      await pause(LOOK_EVERY_MS)
    }
  }

  /** What there is to know of a life that does not do what it should: its files, counters, and last words. */
  async condition(life: AgentProcess): Promise<string> {
    const counters = await countersOf(life).catch((error: unknown) => `no counters: ${String(error)}`)
    const parts = [
      `state: ${stateOf(life)}`,
      `channel: ${filesBelow(this.channel)}`,
      `output: ${filesBelow(this.#output(this.life))}`,
      `counters: ${typeof counters === 'string' ? counters : JSON.stringify(counters)}`,
      `it said:\n${life.output.slice(-SAID_LAST)}`
    ]
    return parts.join('\n')
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }

  #output(life: number): string {
    return join(this.#folder.path, `out-${life}`)
  }

  #configuration(life: number): string {
    const settings: Record<string, string> = {
      sources: 'in',
      channels: 'file',
      sinks: 'out',
      'sources.in.type': 'netcat',
      'sources.in.bind': '127.0.0.1',
      'sources.in.port': '0',
      'sources.in.channels': 'file',
      'channels.file.type': 'file',
      'channels.file.checkpointDir': 'CHANNEL/checkpoint',
      'channels.file.dataDirs': 'CHANNEL/data',
      'sinks.out.type': 'file_roll',
      'sinks.out.channel': 'file',
      'sinks.out.sink.directory': this.#output(life),
      'sinks.out.sink.rollInterval': '0',
      ...this.#settings
    }
    const path = join(this.#folder.path, `life-${life}.conf`)
    const lines = Object.entries(settings).map(
      ([key, value]) =>
        `a.${key} = ${value.replaceAll('CHANNEL', this.channel).replaceAll('LIFE', String(life))}\n`
    )
    writeFileSync(path, lines.join(''))
    return path
  }
}

/** The ports at which the netcat sources of an agent listen, once its channel runs. */
export async function listeningPorts(agent: AgentProcess, sources = 1): Promise<number[]> {
  const listening = /Listening\. address=\S+:(\d+)/g
  await agent.said(new RegExp(`(?:${listening.source}[^]*?){${sources}}`))
  return [...agent.output.matchAll(listening)].map(([, port]) => Number(port))
}

/** The port at which the agent listens, once its channel runs. */
export async function listeningPort(agent: AgentProcess): Promise<number> {
  const [port = 0] = await listeningPorts(agent)
  return port
}

/** The counters of the components, as the agent serves them. */
export async function countersOf(agent: AgentProcess): Promise<Record<string, Record<string, string>>> {
  const [, url = ''] = await agent.said(/Counters are served\. url=(\S+)/)
  const response = await fetch(url.replace('localhost', '127.0.0.1'), { signal: AbortSignal.timeout(5000) })
  return (await response.json()) as Record<string, Record<string, string>>
}

function stateOf({ child }: AgentProcess): string {
  if (child.exitCode !== null || child.signalCode !== null)
    return `ended with ${child.exitCode ?? child.signalCode}`
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'latin1')
    return (status.match(/^(?:State|Threads|VmRSS):.*$/gm) ?? []).join(', ').replaceAll('\t', ' ')
  } catch {
    return 'running'
  }
}

function filesBelow(folder: string): string {
  if (!existsSync(folder)) return 'missing'
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return names
    .map(name => `${name} ${statSync(join(folder, name), { throwIfNoEntry: false })?.size}`)
    .join(', ')
}

/** Files of a folder, oldest first. */
function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
    .map(name => join(folder, name))
}

function outputSize(folder: string): number {
  return filesOf(folder).reduce((sum, path) => sum + statSync(path).size, 0)
}

function endsWith(folder: string, text: string): boolean {
  const path = filesOf(folder).at(-1)
  if (path === undefined) return false
  const file = openSync(path, 'r')
  try {
    const end = Buffer.alloc(text.length)
    const { size } = statSync(path)
    return size >= end.length && readSync(file, end, 0, end.length, size - end.length) === end.length
      ? end.toString('latin1') === text
      : false
  } finally {
    closeSync(file)
  }
}

/** Whole lines of the files of a folder, oldest file first; what stands behind the last newline was cut by a kill. */
function linesBelow(folder: string): string[] {
  return filesOf(folder).flatMap(path => readFileSync(path, 'latin1').split('\n').slice(0, -1))
}
