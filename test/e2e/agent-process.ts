import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folder of the repository. */
export const HOME = join(import.meta.dirname, '..', '..')

/** The launcher that users call. */
export const LAUNCHER = join(HOME, 'bin', 'flume-ng')

const PATIENCE_MS = 20_000

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface StartOptions {
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Another program than bin/flume-ng. */
  readonly program?: string
}

/** A running `flume-ng` and everything it said. Ends it when it leaves the scope. */
export class AgentProcess implements AsyncDisposable {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly #ended: Promise<Ending>
  #over = false
  readonly #watchers = new Set<() => void>()

  constructor(args: readonly string[], options: StartOptions = {}) {
    const env = { ...process.env, MILLRACE_NODE: process.execPath, ...options.env }
    this.child = spawn(options.program ?? LAUNCHER, args, {
      cwd: options.cwd ?? HOME,
      env,
      stdio: ['ignore', 'pipe', 'pipe']
    })
    const { stdout, stderr } = this.child
    stdout?.setEncoding('utf8').on('data', (text: string) =>
      this.#heard(() => {
        this.stdout += text
      })
    )
    stderr?.setEncoding('utf8').on('data', (text: string) =>
      this.#heard(() => {
        this.stderr += text
      })
    )
    this.#ended = once(this.child, 'close').then(([code, signal]: unknown[]) => {
      this.#heard(() => {
        this.#over = true
      })
      return { code: code as number | null, signal: signal as NodeJS.Signals | null }
    })
  }

  /** Everything it said, standard output first. */
  get output(): string {
    return this.stdout + this.stderr
  }

  /** Resolves to the first match of what it says; rejects when it ends, or after 20 s, without saying so. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
    const look = (): void => {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (match !== null) resolve(match)
      else if (this.#over) reject(new Error(`It ended without saying ${String(pattern)}:\n${this.output}`))
    }
    const timer = setTimeout(
      () => reject(new Error(`It does not say ${String(pattern)}:\n${this.output}`)),
      PATIENCE_MS
    )
    this.#watchers.add(look)
    look()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#watchers.delete(look)
    }
  }

  /** Resolves once every component has tried to start. */
  async started(): Promise<void> {
    await this.said(/^Agent .* runs\./m)
  }

  /** The port at which a source listens, as the summary tells it. */
  async portOf(source: string): Promise<number> {
    await this.started()
    const [, port = ''] = await this.said(new RegExp(`\\b${source} \\S+ \\S*:(\\d+)`))
    return Number(port)
  }

  /** Sends a signal to this process alone and waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    if (!this.#over) this.child.kill(signal)
    return this.ended()
  }

  /** Waits for its end, at most 20 s. */
  async ended(): Promise<Ending> {
    const timer = setTimeout(() => {
      this.child.kill('SIGKILL')
    }, PATIENCE_MS)
    try {
      return await this.#ended
    } finally {
      clearTimeout(timer)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.child.kill('SIGKILL')
    await this.#ended
  }

  #heard(change: () => void): void {
    change()
    for (const watcher of this.#watchers) watcher()
  }
}

/** Runs a command to its end. */
export async function runProgram(
  args: readonly string[],
  options: StartOptions = {}
): Promise<AgentProcess & Ending> {
  const program = new AgentProcess(args, options)
  return Object.assign(program, await program.ended())
}

/** Starts an agent; resolves once every component has tried to start. */
export async function startAgent(args: readonly string[], options: StartOptions = {}): Promise<AgentProcess> {
  const agent = new AgentProcess(['agent', ...args], options)
  try {
    await agent.started()
    return agent
  } catch (error) {
    await agent[Symbol.asyncDispose]()
    throw error
  }
}

/** A new folder with these files; gone when it leaves the scope. */
export function temporaryFolder(files: Readonly<Record<string, string>> = {}): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'millrace-e2e-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true })
    }
  }
}

/** Sends text to a port and resolves to what comes back, once it holds `lines` lines. */
export async function talk(port: number, text: string, lines: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setEncoding('utf8').setTimeout(PATIENCE_MS, () => {
    socket.destroy(new Error('No answer in time.'))
  })
  await once(socket, 'connect')
  socket.write(text)
  let answer = ''
  try {
    for await (const piece of socket) {
      answer += String(piece)
      if (answer.split('\n').length > lines) return answer
    }
    return answer
  } finally {
    socket.destroy()
  }
}
