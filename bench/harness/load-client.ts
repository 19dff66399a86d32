import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import type { Scratch } from './scratch.ts'

const SOURCE = join(import.meta.dirname, '../load.c')
const FALLBACK = join(import.meta.dirname, '../load-node.ts')

export type LoadMode = 'blast' | 'answers' | 'single' | 'dialogue'

/** What a load generator says; times are nanoseconds, monotonic. */
export interface LoadEvent {
  readonly event: 'ready' | 'sent' | 'answered' | 'latency' | 'closed' | 'failed'
  readonly started?: number
  readonly at?: number
  readonly answers?: number
  readonly oks?: number
  readonly lines?: number
  readonly p50?: number
  readonly p99?: number
  readonly max?: number
  readonly reason?: string
}

/** The command that starts the load generator: the C program where a compiler is, else a Node program. */
export function loadCommand(scratch: Scratch): {
  command: string
  args: readonly string[]
  isNative: boolean
} {
  const program = scratch.file('load')
  const compiled = spawnSync('cc', ['-O2', '-o', program, SOURCE], { encoding: 'utf8' })
  if (compiled.status === 0) return { command: program, args: [], isNative: true }
  return { command: process.execPath, args: [FALLBACK], isNative: false }
}

/** A load generator with open connections. Leaving scope ends it. */
export class LoadClient implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #events: LoadEvent[] = []
  #wake: () => void = () => {}
  #over = false

  constructor(load: { command: string; args: readonly string[] }, args: readonly string[]) {
    const child = spawn(load.command, [...load.args, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    child.stdin.on('error', () => {}) // it may be gone before we say so
    createInterface(child.stdout).on('line', line => {
      this.#events.push(JSON.parse(line) as LoadEvent)
      this.#wake()
    })
    child.once('close', () => {
      this.#over = true
      this.#wake()
    })
  }

  /** Starts sending. */
  go(): void {
    this.#child.stdin?.write('go\n')
  }

  /** Resolves to the first event of these kinds; rejects when the generator failed or ended without one. */
  async event(...kinds: LoadEvent['event'][]): Promise<LoadEvent> {
    for (;;) {
      const found = this.#events.find(({ event }) => kinds.includes(event))
      if (found !== undefined) return found
      const failed = this.#events.find(({ event }) => event === 'failed' || event === 'closed')
      if (failed !== undefined || this.#over)
        throw new Error(`The load generator ended: ${JSON.stringify(failed ?? 'no reason')}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end()
    if (this.#over) return
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2000)
    await once(this.#child, 'close')
    clearTimeout(timer)
  }
}
