import type { Clock, Log } from '../../../core/contracts.ts'
import { AgentError, reasonOf, type Facts } from '../../../core/errors.ts'
import type { FileSystem } from '../../../fs/file-system.ts'
import { fileNames, type FileNames, type NameParts } from './file-names.ts'
import type { OpenFile } from './open-file.ts'
import { Slots } from './slots.ts'
import type { TimedCalls } from './timed-calls.ts'

const MOST_NAMES_TRIED = 10
/** Longest pause between looks at a file that its store has not taken back yet. */
const HELD_MS = 10_000

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

type Outcome = 'done' | 'given-up' | 'again'

interface Closing {
  readonly file: OpenFile
  readonly reason: string
  step: 'close' | 'recover' | 'rename'
  failures: number
  /** Whether it was said that the store holds the file. */
  heldSaid: boolean
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

  /** The files that are being completed. */
  get files(): readonly OpenFile[] {
    return [...this.#closings].map(({ file }) => file)
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
      heldSaid: false,
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

  /** Close, lease and name, one after the other: nothing is renamed that its store holds open. */
  async #step(closing: Closing): Promise<void> {
    if (closing.step === 'close' && !(await this.#close(closing))) return
    if (closing.step === 'recover' && !(await this.#recoverLease(closing))) return
    if ((await this.#settle(closing)) === 'again') this.#later(closing)
    else this.#closings.delete(closing)
  }

  /** False when it is to be tried again later. */
  async #close(closing: Closing): Promise<boolean> {
    const { file, names } = closing
    const { log, tries, retryMs } = this.#parts
    // Flume's own line, which people look for in its log.
    log.info(`Closing ${this.#uri(names.inUse)}`)
    try {
      await file.close()
      this.#parts.closed()
      this.#go(closing, 'rename')
      return true
    } catch (error) {
      if (isHeld(error)) return this.#waitForStore(closing, error)
      closing.failures += 1
      const facts = this.#facts(closing, { reason: reasonOf(error), attempts: closing.failures })
      if (closing.failures < tries) {
        log.warn('Closing a file failed. It is tried again.', { ...facts, retryMs })
        this.#later(closing)
        return false
      }
      log.warn('Unsuccessfully attempted to close a file. Initializing lease recovery.', facts)
      this.#go(closing, 'recover')
      return true
    }
  }

  #waitForStore(closing: Closing, error: unknown): false {
    const message =
      'A file is still held for a call that failed. It is completed once the store has taken it back.'
    if (!closing.heldSaid) this.#parts.log.info(message, this.#facts(closing, { reason: reasonOf(error) }))
    closing.heldSaid = true
    this.#later(closing, Math.min(HELD_MS, this.#parts.retryMs))
    return false
  }

  /** As long as it takes: a file that is renamed while its store holds it open stays open. */
  async #recoverLease(closing: Closing): Promise<boolean> {
    const { inUse } = closing.names
    const { calls, fileSystem, log, retryMs } = this.#parts
    try {
      if (await calls.run(inUse, () => fileSystem.recoverLease(inUse))) {
        this.#go(closing, 'rename')
        return true
      }
      log.warn('The store has not closed the file yet. It is asked again.', this.#facts(closing, { retryMs }))
    } catch (error) {
      if (kindOf(error) === 'missing') return true
      const facts = this.#facts(closing, { reason: reasonOf(error), retryMs })
      log.warn('Lease recovery failed. It is tried again.', facts)
    }
    this.#later(closing)
    return false
  }

  #go(closing: Closing, step: Closing['step']): void {
    closing.step = step
    closing.failures = 0
  }

  /** Gives a closed file its final name, or deletes it. */
  async #settle(closing: Closing): Promise<Outcome> {
    const { file, reason } = closing
    const { log } = this.#parts
    try {
      if (file.flushedEvents === 0) {
        await this.#delete(closing.names.inUse)
        log.debug('Deleted an in-use file without events.', this.#facts(closing))
        return 'done'
      }
      const renamed = await this.#rename(closing)
      if (renamed === 'gone') return 'given-up'
      log.info('Rolled a file.', {
        file: this.#uri(closing.names.final),
        events: file.flushedEvents,
        bytes: file.flushedBytes,
        reason: renamed === 'taken over' ? renamed : reason
      })
      if (file.unsureBytes > 0)
        log.warn('A file has bytes of a batch that failed. Its events come again, in another file.', {
          file: this.#uri(closing.names.final),
          bytes: file.unsureBytes
        })
      return 'done'
    } catch (error) {
      return this.#renameFailed(closing, error)
    }
  }

  #renameFailed(closing: Closing, error: unknown): Outcome {
    closing.failures += 1
    const { tries, retryMs, log } = this.#parts
    const facts = this.#facts(closing, { reason: reasonOf(error), attempts: closing.failures })
    if (closing.failures < tries) {
      log.warn('Renaming a file failed. It is tried again.', { ...facts, retryMs })
      return 'again'
    }
    log.error('Unsuccessfully attempted to rename a file. It keeps its in-use name.', facts)
    return 'given-up'
  }

  async #rename(closing: Closing): Promise<'renamed' | 'taken over' | 'gone'> {
    const { calls, fileSystem, log } = this.#parts
    for (let tried = 1; closing.names.inUse !== closing.names.final; tried++) {
      const { inUse, final } = closing.names
      // Flume's own line, as above.
      log.info(`Renaming ${this.#uri(inUse)} to ${this.#uri(final)}`)
      try {
        await calls.run(inUse, () => fileSystem.rename(inUse, final))
        return 'renamed'
      } catch (error) {
        if (kindOf(error) === 'missing') return this.#missing(closing)
        if (kindOf(error) !== 'exists' || tried === MOST_NAMES_TRIED) throw error
        closing.names = { inUse, final: this.#otherName(closing) }
      }
    }
    return 'renamed'
  }

  /** Somebody else gave the file the name that it was to have, with all its bytes, or took it away. */
  async #missing(closing: Closing): Promise<'taken over' | 'gone'> {
    const { inUse, final } = closing.file.names
    const { calls, fileSystem, log } = this.#parts
    const found = await calls.run(final, () => fileSystem.stat(final))
    if (found !== undefined && found.size >= closing.file.flushedPosition) {
      closing.names = closing.file.names
      return 'taken over'
    }
    log.error('An in-use file is gone: something else moved or deleted it.', {
      file: this.#uri(inUse),
      events: closing.file.flushedEvents
    })
    return 'gone'
  }

  async #delete(path: string): Promise<void> {
    const { calls, fileSystem } = this.#parts
    await calls.run(path, () => fileSystem.delete(path))
  }

  #otherName({ file }: Closing): string {
    return fileNames(file.folder, file.prefix, this.#parts.freshCounter(), this.#parts.nameParts).final
  }

  #later(closing: Closing, ms = this.#parts.retryMs): void {
    if (this.#stopping) return
    closing.cancelRetry = this.#parts.clock.after(ms, () => {
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

/** Whether only the store's own hand on the file is in the way. */
function isHeld(error: unknown): boolean {
  return error instanceof AgentError && error.facts['held'] === true
}
