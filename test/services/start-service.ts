import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { descriptionOf, launchOf, type Launch } from './launch.ts'
import { NotAvailable } from './maven.ts'

export interface ServiceOptions {
  /** Keeps the data there; otherwise in a temporary folder, removed at the end. */
  readonly directory?: string
  /** Options of the service, see its service.ts. */
  readonly options?: Readonly<Record<string, string>>
}

/** The service cannot be had here; the reason is for `t.skip()`. */
export interface Skipped {
  readonly skip: string
}

const READY_MS = 120_000

/**
 * Starts a real server on free ports of 127.0.0.1. It ends with `stop()`, or when this process ends in any way.
 * Where it cannot be had, resolves to a reason to skip; with MILLRACE_REQUIRE_SERVICES=1 that is an error.
 */
export async function startService(
  name: string,
  { directory, options = {} }: ServiceOptions = {}
): Promise<Service | Skipped> {
  await descriptionOf(name)
  const folder = directory ?? (await mkdtemp(join(tmpdir(), `millrace-${name}-`)))
  const cleanUp = async () => {
    if (directory === undefined) await rm(folder, { recursive: true, force: true })
  }
  try {
    return await Service.start(name, folder, await launchOf(name, folder, options), cleanUp)
  } catch (error) {
    await cleanUp()
    if (!(error instanceof NotAvailable) || process.env['MILLRACE_REQUIRE_SERVICES'] === '1') throw error
    return { skip: `${name} is not available: ${error.message}` }
  }
}

/** A running server. */
export class Service implements AsyncDisposable {
  readonly name: string
  readonly directory: string
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #cleanUp: () => Promise<void>
  #facts: Readonly<Record<string, unknown>> = {}

  private constructor(name: string, directory: string, child: ChildProcess, cleanUp: () => Promise<void>) {
    this.name = name
    this.directory = directory
    this.#child = child
    this.#cleanUp = cleanUp
    this.#lines = linesOf(child)[Symbol.asyncIterator]()
  }

  static async start(
    name: string,
    directory: string,
    launch: Launch,
    cleanUp: () => Promise<void>
  ): Promise<Service> {
    const log = await open(join(directory, `${name}.log`), 'a')
    const child = spawn(launch.command, launch.args, {
      stdio: ['pipe', 'pipe', log.fd],
      env: { ...process.env, ...launch.environment }
    })
    await log.close()
    // A server that died does not read: the answer that does not come tells it.
    child.stdin?.on('error', () => undefined)
    const service = new Service(name, directory, child, cleanUp)
    await service.#awaitReady()
    return service
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** A number that the server told when it was ready, such as a port. */
  port(fact: string): number {
    const value = this.#facts[fact]
    if (typeof value !== 'number') throw new Error(`${this.name} has no ${fact}.`)
    return value
  }

  /** Has the server do something, such as simulate a fault; resolves, when it is done, to what it tells. */
  async command(line: string): Promise<string> {
    this.#child.stdin?.write(`${line}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true || !/^OK(?: |$)/.test(value))
      throw new Error(`${this.name}: ${line}: ${done === true ? 'the server ended' : value}`)
    return value.slice('OK '.length)
  }

  /** Ends it; its data go with it unless a directory was given. */
  async stop(): Promise<void> {
    await this.kill()
    await this.#cleanUp()
  }

  /** Ends it as a crash would; the data stay, for another start on the same directory. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #awaitReady(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), READY_MS)
    const failed = once(this.#child, 'error').then(([error]) => {
      throw new NotAvailable(String(error))
    })
    try {
      const { value, done } = await Promise.race([this.#lines.next(), failed])
      if (done !== true && value.startsWith('READY ')) this.#facts = JSON.parse(value.slice('READY '.length))
      else throw new Error(`${this.name} did not start: ${await this.#logEnd()}`)
    } catch (error) {
      await this.kill()
      throw error
    } finally {
      clearTimeout(timer)
      failed.catch(() => undefined)
    }
  }

  async #logEnd(): Promise<string> {
    return (await readFile(join(this.directory, `${this.name}.log`), 'utf8')).slice(-4000)
  }
}

function linesOf(child: ChildProcess): Interface {
  if (child.stdout === null) throw new Error('The service has no output.')
  return createInterface({ input: child.stdout })
}
