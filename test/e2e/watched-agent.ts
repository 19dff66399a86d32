import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { BalanceSheet } from '../../src/engine/balance.ts'
import { AgentProcess, LAUNCHER, temporaryFolder, type Ending } from './agent-process.ts'

const PATIENCE_MS = 20_000
const LOOK_MS = 10
const MIB = 1024 * 1024
/** What an agent with small channels may take, Node's own 60 MiB included. */
const USUAL_MIB = 160

/** Settings of an hdfs sink that writes lines to a folder and never rolls. */
export const EMBEDDED_HDFS = {
  type: 'hdfs',
  'hdfs.path': 'embedded:OUT',
  'hdfs.fileType': 'DataStream',
  'hdfs.rollInterval': '0',
  'hdfs.rollSize': '0',
  'hdfs.rollCount': '0'
}

/** Settings of one flow, without their `a.sources.in.` and so on. What is not given: netcat, memory, file_roll. */
export interface Flow {
  readonly source?: Readonly<Record<string, string>>
  readonly channel?: Readonly<Record<string, string>>
  readonly sink?: Readonly<Record<string, string>>
}

export interface WatchOptions {
  /** More words for the command line. */
  readonly args?: readonly string[]
  /** Most files and sockets that the process may have open. */
  readonly openFiles?: number
  /** Where the files of the sink go; otherwise `out` in the agent's own folder. */
  readonly out?: string
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Bound of the peak memory in MiB. */
  readonly memoryMib?: number
}

/**
 * One agent `in` → `mem` → `out`, with its counters served. When it ends, however it does, the balance sheet must be
 * without differences and its peak memory below the bound.
 */
export class WatchedAgent implements AsyncDisposable {
  readonly process: AgentProcess
  readonly out: string
  readonly #folder: { path: string } & Disposable
  readonly #memoryMib: number
  #counters = ''

  private constructor(
    process: AgentProcess,
    folder: { path: string } & Disposable,
    options: WatchOptions & { out: string }
  ) {
    this.process = process
    this.#folder = folder
    this.out = options.out
    this.#memoryMib = options.memoryMib ?? USUAL_MIB
  }

  /** Resolves once every part has tried to start. */
  static async start(flow: Flow = {}, options: WatchOptions = {}): Promise<WatchedAgent> {
    const folder = temporaryFolder()
    const out = options.out ?? join(folder.path, 'out')
    if (options.out === undefined) mkdirSync(out)
    const conf = join(folder.path, 'a.conf')
    writeFileSync(conf, flowText(flow, out))
    const args = [
      'agent',
      '-n',
      'a',
      '-f',
      conf,
      '-Dflume.monitoring.type=http',
      '-Dflume.monitoring.port=0',
      '-Dflume.monitoring.bind=127.0.0.1',
      ...(options.args ?? [])
    ]
    const agent = new WatchedAgent(run(args, options), folder, { ...options, out })
    try {
      await agent.process.started()
      const [, url = ''] = await agent.process.said(/^Counters: (\S+)\/metrics$/m)
      agent.#counters = url
      return agent
    } catch (error) {
      await agent[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Where its counters are, without a path. */
  get counters(): string {
    return this.#counters
  }

  port(): Promise<number> {
    return this.process.portOf('in')
  }

  /** The balance sheet of this moment, which must have no differences. */
  async balance(): Promise<BalanceSheet> {
    const sheet = (await (await fetch(`${this.#counters}/balance`)).json()) as BalanceSheet
    assert.deepEqual(sheet.differences, [])
    return sheet
  }

  /** Resolves to a balance sheet that looks like this; rejects after 20 s. */
  async balanced(accept: (sheet: BalanceSheet) => boolean): Promise<BalanceSheet> {
    let last: BalanceSheet | undefined
    await until(
      async () => accept((last = await this.balance())),
      () => JSON.stringify(last)
    )
    return last ?? this.balance()
  }

  /** Resolves once so many events were delivered. */
  async delivered(events: number): Promise<void> {
    await this.balanced(({ sinks }) => (sinks[0]?.delivered ?? 0) >= events)
  }

  /** Ends it with a signal; checks what must hold for every agent. `accepted` are the events of the source. */
  async stop(
    signal: NodeJS.Signals = 'SIGTERM'
  ): Promise<Ending & { readonly ms: number; readonly accepted: number }> {
    await this.balance()
    this.#checkMemory()
    const startedAt = performance.now()
    const ending = await this.process.stop(signal)
    const ms = performance.now() - startedAt
    if (signal !== 'SIGKILL') this.#checkLastWords(ending)
    assert.doesNotMatch(this.process.stderr, /unexpected (?:error|rejection)|FATAL ERROR/)
    const [, accepted] = /^source in: received \d+, accepted (\d+)/m.exec(this.process.stdout) ?? []
    return { ...ending, ms, accepted: Number(accepted) }
  }

  /** What lies in the folder of the sink, in the order of the names of the files. */
  stored(): Buffer {
    return Buffer.concat(
      readdirSync(this.out)
        .sort(byNumbers)
        .map(name => readFileSync(join(this.out, name)))
    )
  }

  /** The lines in the folder of the sink. */
  storedLines(): string[] {
    return this.stored().toString().split('\n').slice(0, -1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]()
    this.#folder[Symbol.dispose]()
  }

  /** The balance and the final counters: accepted = stored = taken + lost, taken = delivered. */
  #checkLastWords(ending: Ending): void {
    const { stdout, stderr } = this.process
    // One that ends itself by a signal, because a part of it hangs, may be gone before that was written.
    if (ending.code !== null)
      assert.match(stdout, /^Every event is accounted for(?:, \d+ of them as LOST)?\.$/m)
    const count = (pattern: RegExp): number => Number(pattern.exec(stderr)?.[1] ?? 0)
    const stored = count(/name: mem\. channel\.event\.put\.success == (\d+)/)
    const taken = count(/name: mem\. channel\.event\.take\.success == (\d+)/)
    const lost = count(/and are lost\. channel=mem events=(\d+)/)
    assert.deepEqual(
      {
        accepted: count(/name: in\. src\.events\.accepted == (\d+)/),
        delivered: count(/name: out\. sink\.event\.drain\.sucess == (\d+)/),
        stored
      },
      { accepted: stored, delivered: taken, stored: taken + lost }
    )
  }

  #checkMemory(): void {
    const peak = peakMib(this.process.child.pid ?? 0)
    assert.ok(
      peak === undefined || peak <= this.#memoryMib,
      `The agent took ${peak} MiB, more than ${this.#memoryMib}.`
    )
  }
}

/** Resolves once `accept` says so; rejects with what `describe` says after 20 s. */
export async function until(
  accept: () => boolean | Promise<boolean>,
  describe = (): string => ''
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await accept())) {
    if (performance.now() > deadline) throw new Error(`It did not come to that: ${describe()}`)
    await pause(LOOK_MS)
  }
}

function run(args: readonly string[], { openFiles, env = {} }: WatchOptions): AgentProcess {
  if (openFiles === undefined) return new AgentProcess(args, { env })
  const limited = ['-c', `ulimit -n ${openFiles} && exec "$0" "$@"`, LAUNCHER, ...args]
  return new AgentProcess(limited, { program: '/bin/sh', env })
}

function flowText({ source = {}, channel = {}, sink = {} }: Flow, out: string): string {
  const fileRoll = { type: 'file_roll', 'sink.directory': out, 'sink.rollInterval': '0' }
  const section = (prefix: string, settings: Readonly<Record<string, string>>): string[] =>
    Object.entries(settings).map(([key, value]) => `a.${prefix}.${key} = ${value.replaceAll('OUT', out)}`)
  return (
    [
      'a.sources = in',
      'a.channels = mem',
      'a.sinks = out',
      ...section('sources.in', { type: 'netcat', bind: '127.0.0.1', port: '0', channels: 'mem', ...source }),
      ...section('channels.mem', { type: 'memory', ...channel }),
      ...section('sinks.out', { channel: 'mem', ...('type' in sink ? {} : fileRoll), ...sink })
    ].join('\n') + '\n'
  )
}

// 1700000000000-10 behind 1700000000000-9.
function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/** The most memory that a process ever had; undefined where /proc does not tell. */
function peakMib(pid: number): number | undefined {
  try {
    const [, kib = ''] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Math.ceil((Number(kib) * 1024) / MIB)
  } catch {
    return undefined
  }
}
