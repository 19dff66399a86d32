import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { EventBatch } from '../../../core/batch.ts'
import type { Inner } from '../../../core/component.ts'
import type { EventSerializer, Sink, SinkContext } from '../../../core/contracts.ts'
import { AgentError, messageOf, systemCode } from '../../../core/errors.ts'
import { gauge, type Details, type GaugesOf } from '../../../core/metrics.ts'
import { CountedNames, TimedNames, type PathNames } from './path-names.ts'
import { RolledFile } from './rolled-file.ts'

const SECOND_MS = 1000

export const OPEN_FILE = {
  title: 'Open file',
  columns: {
    events: gauge('events', 'Events in it.'),
    bytes: gauge('bytes', 'Their bytes.'),
    openMillis: gauge('ms', 'How long it has been open.')
  }
} as const

export interface FileRollSettings {
  readonly directory: string
  readonly rollSeconds: number
  readonly serializer: Inner<EventSerializer>
  readonly pathManager: 'default' | 'rolltime'
  readonly prefix: string
  readonly extension: string
}

/**
 * Writes batches to one open file, and begins a new one when its time is up. A file is created with its first
 * event, so an idle sink leaves no empty files.
 */
export class FileRollSink implements Sink {
  readonly #settings: FileRollSettings
  readonly #context: SinkContext
  readonly #directory: string
  readonly #names: PathNames
  #file: RolledFile | undefined
  #due = false
  /** The delivery in hand; the file is not closed under it. */
  #delivering: Promise<void> | undefined
  #rolling: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined

  constructor(settings: FileRollSettings, context: SinkContext) {
    this.#settings = settings
    this.#context = context
    this.#directory = resolve(settings.directory)
    this.#names =
      settings.pathManager === 'default'
        ? new CountedNames(settings, context.clock.now())
        : new TimedNames(settings)
  }

  describe(): string {
    const { rollSeconds } = this.#settings
    return `${this.#directory}/ (${rollSeconds > 0 ? `a new file every ${rollSeconds} s` : 'one file'})`
  }

  details(): Details<GaugesOf<typeof OPEN_FILE.columns>> {
    const now = this.#context.clock.monotonic()
    const files = this.#file === undefined ? [] : [this.#file]
    const rows = files.map(({ path, events, bytes, openedAt }) => ({
      name: path,
      events,
      bytes,
      openMillis: Math.round(now - openedAt)
    }))
    return { total: rows.length, rows }
  }

  async start(): Promise<void> {
    if (this.#cancelTimer !== undefined) return
    await this.#checkDirectory()
    this.#setTimer()
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    await this.#delivering
    await this.#rolling
    await this.#roll()
  }

  async deliver(batch: EventBatch): Promise<void> {
    const work = this.#deliver(batch)
    this.#delivering = work.catch(() => {})
    try {
      await work
    } finally {
      this.#delivering = undefined
    }
  }

  async #deliver(batch: EventBatch): Promise<void> {
    await this.#rolling
    if (this.#due) await this.#roll()
    let left = batch
    while (left.length > 0) left = left.slice(await this.#write(left))
  }

  /** Writes as many leading events as the file in hand takes, perhaps none because a new one must be begun. */
  async #write(batch: EventBatch): Promise<number> {
    const file = (this.#file ??= await this.#open())
    try {
      const events = await file.takes(batch)
      if (events > 0) await file.write(batch.slice(0, events))
      else await this.#roll()
      return events
    } catch (error) {
      this.#context.counters.ConnectionFailedCount += 1
      await this.#roll()
      throw failure('Cannot write to the file.', file.path, error)
    }
  }

  async #checkDirectory(): Promise<void> {
    const directory = this.#directory
    try {
      if (!(await stat(directory)).isDirectory()) throw new Error('it is not a folder')
      await access(directory, constants.W_OK | constants.X_OK)
    } catch (error) {
      this.#context.counters.ConnectionFailedCount += 1
      const missing = systemCode(error) === 'ENOENT'
      const message = `sink.directory ${directory} ${missing ? 'does not exist; create it' : 'cannot be written to'}.`
      throw new AgentError('ERR_START', message, { directory, reason: messageOf(error) }, error)
    }
  }

  async #open(): Promise<RolledFile> {
    for (;;) {
      const path = join(this.#directory, this.#names.next(this.#context.clock.now()))
      try {
        const serializer = this.#settings.serializer.create(this.#context)
        const file = await RolledFile.create(path, serializer, this.#context.clock.monotonic())
        this.#context.counters.ConnectionCreatedCount += 1
        return file
      } catch (error) {
        // Another sink or an earlier run has this name: take the next one.
        if (systemCode(error) === 'EEXIST') continue
        this.#context.counters.ConnectionFailedCount += 1
        throw failure('Failed to open file while delivering event.', path, error)
      }
    }
  }

  #setTimer(): void {
    const { rollSeconds } = this.#settings
    if (rollSeconds <= 0) {
      this.#cancelTimer = () => {}
      return
    }
    this.#cancelTimer = this.#context.clock.after(rollSeconds * SECOND_MS, () => {
      this.#due = true
      if (this.#delivering === undefined)
        this.#rolling = this.#roll().finally(() => {
          this.#rolling = undefined
        })
      this.#setTimer()
    })
  }

  /** Closes the file in hand, if any. Never rejects: what was delivered is in it already. */
  async #roll(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#due = false
    if (file === undefined) return
    const { counters, log } = this.#context
    try {
      await file.close()
      counters.ConnectionClosedCount += 1
      if (file.events > 0)
        log.info('Rolled a file.', { file: file.path, events: file.events, bytes: file.bytes })
    } catch (error) {
      counters.ConnectionFailedCount += 1
      log.error('Cannot close the file; what was delivered is in it.', {
        file: file.path,
        reason: messageOf(error)
      })
    }
  }
}

function failure(message: string, file: string, cause: unknown): AgentError {
  if (cause instanceof AgentError && cause.code === 'ERR_BAD_EVENT') return cause
  return new AgentError('ERR_FILE_SYSTEM', `${message} ${messageOf(cause)}`, { file }, cause)
}
