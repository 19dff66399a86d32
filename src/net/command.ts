import { PassThrough, type Readable } from 'node:stream'
import type { Clock } from '../core/contracts.ts'
import { checkProgram } from './find-program.ts'
import {
  type CommandRequest,
  type GuardedProcess,
  isGroupRunning,
  signalGroup,
  startGuarded
} from './process-group.ts'

const FIRST_LOOK_MS = 10
/** How long processes that were killed may take to be gone; longer is up to the system. */
const KILLED_MS = 1000
/** From asking to killing, where nobody says otherwise. */
const GRACE_MS = 2000

/** What the end of a command is waited for by. */
export type CommandClock = Pick<Clock, 'monotonic' | 'sleep'>

/** How a command ended: its exit code, or the signal that ended it. */
export interface CommandEnding {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * A command that runs. Leaving scope ends it and everything that it started. Nothing of its outputs is read before
 * somebody does: a command that writes more than the pipe holds (and a few hundred KiB in the agent) stands still until then.
 */
export interface Command extends AsyncDisposable {
  readonly pid: number
  /** Ends when nobody has it open any more, which may be long after the command itself ended, or before. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when the command itself is over, whatever it left running. */
  readonly ended: Promise<CommandEnding>
  /**
   * SIGTERM to the command and everything that it started, after `graceMs` SIGKILL. Resolves once nothing of it runs; what is
   * not read by then is dropped. A process that made itself a group of its own (setsid) is out of reach. Twice is fine.
   */
  end(graceMs: number): Promise<void>
  /** What the command left running may go on, also without the agent. Call it when the command itself has ended. */
  release(): void
}

/** Starts a command; rejects with ERR_START when there is no such program, else with the error of the system. */
export type StartCommand = (request: CommandRequest, clock: CommandClock) => Promise<Command>

/**
 * Starts a command with the agent's working folder, no input, and its own process group, which ends with the agent, also
 * with one that is killed.
 */
export const startCommand: StartCommand = async (request, clock) => {
  await checkProgram(request.program, (request.variables ?? process.env)['PATH'])
  return new RunningCommand(await startGuarded(request), clock)
}

class RunningCommand implements Command {
  readonly pid: number
  readonly stdout: Readable
  readonly stderr: Readable
  readonly ended: Promise<CommandEnding>
  readonly #release: () => void
  readonly #clock: CommandClock
  /** Nothing of it is left, so that its number may be that of others. */
  #gone = false
  #ending: Promise<void> | undefined

  constructor({ child, pid, release }: GuardedProcess, clock: CommandClock) {
    this.#release = release
    this.#clock = clock
    this.pid = pid
    this.stdout = kept(child.stdout)
    this.stderr = kept(child.stderr)
    this.ended = new Promise(resolve => {
      child.once('exit', (code, signal) => {
        if (!signalGroup(pid, 0)) this.#over()
        resolve({ code, signal })
      })
    })
  }

  end(graceMs: number): Promise<void> {
    this.#ending ??= this.#end(graceMs)
    return this.#ending
  }

  release(): void {
    this.#ending ??= Promise.resolve()
    this.#close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end(GRACE_MS)
  }

  async #end(graceMs: number): Promise<void> {
    for (const [signal, patienceMs] of [
      ['SIGTERM', graceMs],
      ['SIGKILL', KILLED_MS]
    ] as const) {
      if (this.#gone) break
      signalGroup(this.pid, signal)
      await this.#wait(patienceMs)
    }
    this.#close()
  }

  /** Resolves once the whole group is over, or after `ms`. */
  async #wait(ms: number): Promise<void> {
    const clock = this.#clock
    const end = clock.monotonic() + ms
    const late = new AbortController()
    await Promise.race([this.ended, clock.sleep(ms, late.signal)])
    late.abort()
    for (let pauseMs = FIRST_LOOK_MS; !this.#gone; pauseMs *= 2) {
      if (!(await isGroupRunning(this.pid))) this.#over()
      const leftMs = end - clock.monotonic()
      if (leftMs <= 0) return
      if (!this.#gone) await clock.sleep(Math.min(pauseMs, leftMs))
    }
  }

  #over(): void {
    this.#gone = true
    this.#release()
  }

  #close(): void {
    this.#over()
    this.stdout.destroy()
    this.stderr.destroy()
  }
}

/**
 * The output, whenever it is read: of what comes from the process itself Node throws away what nobody reads at the moment
 * when that exits.
 */
function kept(output: Readable | null): Readable {
  const kept = new PassThrough()
  kept.on('error', () => {})
  output?.on('error', () => {})
  output?.on('close', () => {
    if (output.readableEnded) return
    kept.destroy()
  })
  kept.on('close', () => output?.destroy())
  output?.pipe(kept)
  return kept
}
