import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const PROGRAM = join(import.meta.dirname, '../flood-node.ts')

/** Clients that send one line without end and read what they are answered. Leaving scope ends them. */
export class Flood implements AsyncDisposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves once all are connected. */
  static async start(port: number, connections: number, line: string): Promise<Flood> {
    const args = [PROGRAM, String(port), String(connections), line]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const [event] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    if (String(event) !== 'open\n') throw new Error('The flood ended before all of it was connected.')
    return new Flood(child)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
