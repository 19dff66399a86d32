import { PassThrough } from 'node:stream'
import type { Command, CommandEnding, StartCommand } from '../command.ts'
import type { CommandRequest } from '../process-group.ts'

/** A command whose outputs and end are the test's business. */
export class FakeCommand implements Command {
  readonly pid = 1
  readonly stdout = new PassThrough()
  readonly stderr = new PassThrough()
  readonly ended: Promise<CommandEnding>
  /** What was asked of it at the end. */
  fate: 'runs' | 'ended' | 'released' = 'runs'
  readonly #exit: (ending: CommandEnding) => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<CommandEnding>()
    this.ended = promise
    this.#exit = resolve
  }

  /** The command is over; with it, as a rule, its outputs. */
  exit(ending: Partial<CommandEnding> = {}): void {
    this.stdout.end()
    this.stderr.end()
    this.#exit({ code: null, signal: null, ...ending })
  }

  async end(): Promise<void> {
    if (this.fate !== 'runs') return
    this.fate = 'ended'
    this.exit({ signal: 'SIGTERM' })
  }

  release(): void {
    this.fate = 'released'
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }
}

/** Starts fake commands, and keeps what was asked for. */
export function fakeCommands(): {
  readonly start: StartCommand
  readonly started: { readonly request: CommandRequest; readonly command: FakeCommand }[]
} {
  const started: { readonly request: CommandRequest; readonly command: FakeCommand }[] = []
  const start: StartCommand = request => {
    const command = new FakeCommand()
    started.push({ request, command })
    return Promise.resolve(command)
  }
  return { start, started }
}
