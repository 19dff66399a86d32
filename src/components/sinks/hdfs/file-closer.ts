import type { Clock, Log } from '../../../core/contracts.ts'
import { AgentError, messageOf, type Facts } from '../../../core/errors.ts'
import type { FileSystem } from '../../../fs/file-system.ts'
import { fileNames, type FileNames, type NameParts } from './file-names.ts'
import type { OpenFile } from './open-file.ts'
import { Slots } from './slots.ts'
import type { TimedCalls } from './timed-calls.ts'

const MOST_NAMES_TRIED = 10

export interface FileCloserParts {
  readonly fileSystem: FileSystem
  readonly calls: TimedCalls
  readonly clock: Clock
  readonly log: Log
  readonly nameParts: NameParts
  /** Attempts for each of close and rename; Infinity for ever. */
  readonly tries: number
  readonly retryMs: number
  /** Most files that are closed at the same time. */
  readonly atOnce: number
  /** A counter that no file has had, at least this. */
  freshCounter(): number
  /** One more file is closed. */
  closed(): void
}

type Outcome = { kind: 'done' } | { kind: 'given-up' } | { kind: 'again' }

interface Closing {
  readonly file: OpenFile
  readonly reason: string
  step: 'close' | 'rename'
  failures: number
  names: FileNames
  cancelRetry: (() => void) | undefined
  attempt: Promise<void>
}

/**
 * Completes files beside the delivery: closes them, gives them their final name, and deletes those that hold nothing
 * a reader may rely on. What fails is tried again every `retryMs`.
 */
export class FileCloser {
  readonly #parts: FileCloserParts
  readonly #closings = new Set<Closing>()
  readonly #slots: Slots
  #stopping = false

  constructor(parts: FileCloserParts) {
    this.#parts = parts
    this.#slots = new Slots(parts.atOnce)
  }

  /** Begins to complete a file. Resolves once few enough are under way, not when it is done. */
  async add(file: OpenFile, reason: string): Promise<void> {
    this.#begin(file, reason)
    const active = [...this.#closings].filter(({ cancelRetry }) => cancelRetry === undefined)
    if (active.length > this.#parts.atOnce) await Promise.race(active.map(({ attempt }) => attempt))
  }

  /** Begins to complete a file; resolves after the first attempt, whatever came of it. */
  async complete(file: OpenFile, reason: string): Promise<void> {
    await this.#begin(file, reason).attempt
  }

  /** Tries everything that is left once more, at once. Resolves to the in-use files that had to be left. */
  async stop(): Promise<readonly string[]> {
    this.#stopping = true
    for (const closing of this.#closings) {
      if (closing.cancelRetry === undefined) continue
      closing.cancelRetry()
      closing.attempt = this.#attempt(closing)
    }
    await Promise.all([...this.#closings].map(({ attempt }) => attempt))
    return this.left
  }

  /** In-use files that are not complete yet. */
  get left(): readonly string[] {
    return [...this.#closings].map(({ names }) => names.inUse)
  }

  #begin(file: OpenFile, reason: string): Closing {
    const names = file.names
    const attempt = Promise.resolve()
    const closing: Closing = {
      file,
      reason,
      names,
      attempt,
      step: 'close',
      failures: 0,
      cancelRetry: undefined
    }
    this.#closings.add(closing)
    closing.attempt = this.#attempt(closing)
    return closing
  }

  #attempt(closing: Closing): Promise<void> {
    closing.cancelRetry = undefined
    return this.#slots.run(() => this.#step(closing))
  }

  async #step(closing: Closing): Promise<void> {
    if (closing.step === 'close' && (await this.#close(closing)) === 'failed') return
    const outcome = await this.#settle(closing)
    if (outcome.kind === 'again') this.#later(closing)
    else this.#closings.delete(closing)
  }

  /** `failed` when it is to be tried again later. */
  async #close(closing: Closing): Promise<'closed' | 'failed'> {
    const { file } = closing
    const { log } = this.#parts
    try {
      await file.close()
      this.#parts.closed()
    } catch (error) {
      closing.failures += 1
      const facts = this.#facts(closing, { reason: messageOf(error), attempts: closing.failures })
      if (closing.failures < this.#parts.tries) {
        log.warn('Closing a file failed. It is tried again.', { ...facts, retryMs: this.#parts.retryMs })
        this.#later(closing)
        return 'failed'
      }
      log.warn('Unsuccessfully attempted to close a file. Initializing lease recovery.', facts)
      await this.#recoverLease(closing)
    }
    closing.step = 'rename'
    closing.failures = 0
    return 'closed'
  }

  async #recoverLease(closing: Closing): Promise<void> {
    const { inUse } = closing.names
    const { calls, fileSystem, log } = this.#parts
    try {
      const closed = await calls.run(inUse, () => fileSystem.recoverLease(inUse))
      if (!closed) log.warn('The store has not closed the file yet.', this.#facts(closing))
    } catch (error) {
      log.warn('Lease recovery failed.', this.#facts(closing, { reason: messageOf(error) }))
    }
  }

  /** Gives a closed file its final name, or deletes it. */
  async #settle(closing: Closing): Promise<Outcome> {
    const { file, reason } = closing
    const { log } = this.#parts
    try {
      if (file.flushedEvents === 0) {
        await this.#delete(closing.names.inUse)
        log.debug('Deleted an in-use file without events.', this.#facts(closing))
        return { kind: 'done' }
      }
      if (!(await this.#rename(closing))) return { kind: 'given-up' }
      const { flushedEvents: events, flushedBytes: bytes } = file
      log.info('Rolled a file.', { file: this.#uri(closing.names.final), events, bytes, reason })
      return { kind: 'done' }
    } catch (error) {
      return this.#renameFailed(closing, error)
    }
  }

  #renameFailed(closing: Closing, error: unknown): Outcome {
    closing.failures += 1
    const { tries, retryMs, log } = this.#parts
    const facts = this.#facts(closing, { reason: messageOf(error), attempts: closing.failures })
    if (closing.failures < tries) {
      log.warn('Renaming a file failed. It is tried again.', { ...facts, retryMs })
      return { kind: 'again' }
    }
    log.error('Unsuccessfully attempted to rename a file. It keeps its in-use name.', facts)
    return { kind: 'given-up' }
  }

  /** False when the in-use file is gone and nothing can be done about it. */
  async #rename(closing: Closing): Promise<boolean> {
    for (let tried = 1; closing.names.inUse !== closing.names.final; tried++) {
      const { inUse, final } = closing.names
      const { calls, fileSystem } = this.#parts
      try {
        await calls.run(inUse, () => fileSystem.rename(inUse, final))
        return true
      } catch (error) {
        if (kindOf(error) === 'missing') return this.#gone(closing)
        if (kindOf(error) !== 'exists' || tried === MOST_NAMES_TRIED) throw error
        closing.names = { inUse, final: this.#otherName(closing) }
      }
    }
    return true
  }

  /** Somebody else completed the file, or took it away. */
  async #gone(closing: Closing): Promise<boolean> {
    const { inUse, final } = closing.names
    const { calls, fileSystem, log } = this.#parts
    if ((await calls.run(final, () => fileSystem.stat(final))) !== undefined) return true
    log.error('An in-use file is gone: something else moved or deleted it.', {
      file: this.#uri(inUse),
      events: closing.file.flushedEvents
    })
    return false
  }

  async #delete(path: string): Promise<void> {
    const { calls, fileSystem } = this.#parts
    await calls.run(path, () => fileSystem.delete(path))
  }

  #otherName({ file }: Closing): string {
    return fileNames(file.folder, file.prefix, this.#parts.freshCounter(), this.#parts.nameParts).final
  }

  #later(closing: Closing): void {
    if (this.#stopping) return
    closing.cancelRetry = this.#parts.clock.after(this.#parts.retryMs, () => {
      closing.attempt = this.#attempt(closing)
    })
  }

  #facts(closing: Closing, more: Facts = {}): Facts {
    return { file: this.#uri(closing.names.inUse), ...more }
  }

  #uri(path: string): string {
    return this.#parts.fileSystem.uri + path
  }
}

function kindOf(error: unknown): unknown {
  return error instanceof AgentError ? error.facts['kind'] : undefined
}
