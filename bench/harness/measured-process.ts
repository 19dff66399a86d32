import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { figuresOf, isListening, type Figures } from './process-figures.ts'

const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** How to start a program that is measured. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly port: number
  /** Both outputs go here. */
  readonly logFile: string
  /** Beside the variables of this process. */
  readonly environment?: Readonly<Record<string, string>>
}

/** A program under measurement, run as a process of its own. */
export class MeasuredProcess {
  readonly port: number
  readonly logFile: string
  /** From exec until the port was open. */
  startMs = 0
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #over = false

  private constructor(program: Program) {
    const log = openSync(program.logFile, 'a')
    this.port = program.port
    this.logFile = program.logFile
    this.#child = spawn(program.command, program.args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...program.environment }
    })
    closeSync(log)
    running.add(this.#child)
    this.#ended = new Promise(resolve => {
      this.#child.once('error', () => {
        this.#end(resolve, null)
      })
      this.#child.once('exit', code => {
        this.#end(resolve, code)
      })
    })
  }

  /** Starts the program; resolves once its port is open, rejects with the end of its log when that does not come. */
  static async start(program: Program): Promise<MeasuredProcess> {
    const began = process.hrtime.bigint()
    const measured = new MeasuredProcess(program)
    const deadline = Date.now() + READY_TIMEOUT_MS
    while (!isListening(program.port)) {
      if (measured.#over || Date.now() > deadline) {
        await measured.stop()
        throw new Error(`${program.command} does not listen on port ${program.port}.\n${measured.logEnd()}`)
      }
      await sleep(1)
    }
    measured.startMs = Number(process.hrtime.bigint() - began) / 1e6
    return measured
  }

  /** CPU time and peak memory so far. */
  figures(): Figures {
    return this.#child.pid === undefined ? { cpuSeconds: 0, peakMegabytes: 0 } : figuresOf(this.#child.pid)
  }

  /** Whether it ended by itself. */
  get over(): boolean {
    return this.#over
  }

  /** Asks it to stop; resolves to how long that took and how it ended (null: killed for taking too long). */
  async stop(): Promise<{ ms: number; exitCode: number | null }> {
    const began = performance.now()
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    const exitCode = await this.#ended
    clearTimeout(timer)
    return { ms: performance.now() - began, exitCode }
  }

  /** The last lines of its log. */
  logEnd(): string {
    return readFileSync(this.logFile, 'utf8').split('\n').slice(-20).join('\n')
  }

  #end(resolve: (code: number | null) => void, code: number | null): void {
    this.#over = true
    running.delete(this.#child)
    resolve(code)
  }
}
