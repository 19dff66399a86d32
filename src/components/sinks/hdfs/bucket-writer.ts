import type { EventBatch } from '../../../core/batch.ts'
import type { Clock, Log } from '../../../core/contracts.ts'
import { AgentError, reasonOf } from '../../../core/errors.ts'
import type { CreateOptions, FileSystem, FileWriter } from '../../../fs/file-system.ts'
import { alarm } from './alarm.ts'
import type { FileCloser } from './file-closer.ts'
import type { FileEncoder } from './file-encoder.ts'
import { fileNames, type FileNames, type NameParts } from './file-names.ts'
import { OpenFile } from './open-file.ts'
import { roomFor, type RollLimits } from './rolling.ts'
import type { TimedCalls } from './timed-calls.ts'

const MOST_NAMES_TRIED = 10
const MOST_REPLICA_ROLLS = 30
/** After this pause a file is looked for before more is written: recovery may have taken it for a dead one. */
const UNSURE_AFTER_MS = 15_000

export interface BucketParts {
  readonly fileSystem: FileSystem
  readonly calls: TimedCalls
  readonly closer: FileCloser
  readonly clock: Clock
  readonly log: Log
  readonly nameParts: NameParts
  readonly limits: RollLimits
  /** 0 and below: never. */
  readonly rollIntervalMs: number
  readonly idleTimeoutMs: number
  /** Undefined: as many as the store wants for the file. */
  readonly minBlockReplicas: number | undefined
  readonly createOptions?: CreateOptions
  newEncoder(): FileEncoder
  /** A file was opened, or could not be. */
  opened(success: boolean): void
  /** The bucket takes no more events. */
  retired(bucket: BucketWriter): void
  /** A timer's work broke. */
  fail(error: unknown): void
}

/** Where the files of a bucket go. */
export interface BucketPlace {
  readonly folder: string
  readonly prefix: string
  /** The number before that of the first file. */
  readonly counter: number
}

/** One bucket: the events of one expanded path and prefix, in one open file at a time. */
export class BucketWriter {
  readonly key: string
  readonly #folder: string
  readonly #prefix: string
  readonly #parts: BucketParts
  #counter: number
  #file: OpenFile | undefined
  #wantedReplicas: number | undefined
  #replicaRolls = 0
  #busy = false
  /** When it was last looked whether the file is there. */
  #seenAt = Number.NEGATIVE_INFINITY
  #retired = false
  #due: string | undefined
  #cancelTimers = (): void => {}

  constructor(key: string, place: BucketPlace, parts: BucketParts) {
    this.key = key
    this.#folder = place.folder
    this.#prefix = place.prefix
    this.#counter = place.counter
    this.#parts = parts
  }

  /** The number of the newest file. */
  get counter(): number {
    return this.#counter
  }

  /** Whether events are being written now. */
  get busy(): boolean {
    return this.#busy
  }

  /** The in-use file, if one is open. */
  get file(): OpenFile | undefined {
    return this.#file
  }

  /** Path of the in-use file, if one is open. */
  get openPath(): string | undefined {
    return this.#file?.names.inUse
  }

  /** Opens a file for the first event where there is none with room. Rejects as append() does. */
  async prepare(batch: EventBatch): Promise<void> {
    await this.#use(async () => {
      if ((await this.#fileWithRoom(batch, 0)) === undefined) await this.#open()
    })
  }

  /** Writes the events and makes them safe. After a rejection the bucket is retired and its file completed. */
  async append(batch: EventBatch): Promise<void> {
    await this.#use(async () => {
      for (let from = 0; from < batch.length;) from = await this.#writeSome(batch, from)
      await this.#file?.flush()
    })
  }

  async #use(task: () => Promise<void>): Promise<void> {
    if (this.#retired)
      throw new AgentError('ERR_DELIVERY', 'The bucket was closed meanwhile.', { folder: this.#folder })
    this.#busy = true
    try {
      await this.#checkPresence()
      await task()
    } catch (error) {
      this.#endUse()
      await this.#detach(file => this.#parts.closer.add(file, 'write failed'))
      throw error
    } finally {
      this.#busy = false
    }
    if (this.#due !== undefined) await this.retire(this.#due)
  }

  /** Completes the file, and takes no more events. Resolves after the first attempt to close. */
  async retire(reason: string): Promise<void> {
    this.#endUse()
    await this.#detach(file => this.#parts.closer.complete(file, reason))
  }

  /** The same, but at the end of an append() that is under way; then it resolves at once. */
  async retireSoon(reason: string): Promise<void> {
    if (this.#busy) this.#due = reason
    else await this.retire(reason)
  }

  /** Writes as many events as go into one file; returns the index behind them. */
  async #writeSome(batch: EventBatch, from: number): Promise<number> {
    const file = (await this.#fileWithRoom(batch, from)) ?? (await this.#open())
    const part = batch.slice(from, roomFor(this.#parts.limits, file, batch, from))
    const fits = await file.prepare(part)
    if (fits > 0) await file.write(part.slice(0, fits))
    else if (file.events > 0) await this.#roll(file, 'serializer')
    else throw new AgentError('ERR_BAD_EVENT', 'The serializer puts this event into no file.')
    return from + fits
  }

  async #fileWithRoom(batch: EventBatch, from: number): Promise<OpenFile | undefined> {
    const file = this.#file
    if (file === undefined) return undefined
    const full = roomFor(this.#parts.limits, file, batch, from) === from
    if (!full && !(await this.#underReplicated(file))) return file
    await this.#roll(file, full ? this.#whyFull(file) : 'under-replicated')
    return undefined
  }

  #whyFull({ events }: OpenFile): string {
    const limit = this.#parts.limits.events
    return limit > 0 && events >= limit ? 'rollCount' : 'rollSize'
  }

  async #roll(file: OpenFile, reason: string): Promise<void> {
    await file.flush()
    await this.#detach(closing => this.#parts.closer.add(closing, reason))
  }

  async #underReplicated(file: OpenFile): Promise<boolean> {
    const wanted = this.#wantedReplicas
    if (!file.countsReplicas || wanted === undefined || file.events === 0) return false
    const live = await file.replicas()
    if (live === undefined || live >= wanted) {
      this.#replicaRolls = 0
      return false
    }
    this.#replicaRolls += 1
    if (this.#replicaRolls === MOST_REPLICA_ROLLS + 1) {
      const message =
        `Hit max consecutive under-replication rotations (${MOST_REPLICA_ROLLS}); ` +
        'will not continue rolling files under this path due to under-replication'
      this.#parts.log.error(message, { folder: this.#folder, live, wanted })
    }
    return this.#replicaRolls <= MOST_REPLICA_ROLLS
  }

  /** A file that nobody wrote to for a while may have been completed by a sink that took its writer for dead. */
  async #checkPresence(): Promise<void> {
    const { clock, calls, fileSystem, log } = this.#parts
    const file = this.#file
    if (file === undefined || clock.monotonic() - Math.max(file.touchedAt, this.#seenAt) < UNSURE_AFTER_MS)
      return
    this.#seenAt = clock.monotonic()
    const { inUse } = file.names
    let present = true
    try {
      present = (await calls.run(inUse, () => fileSystem.stat(inUse))) !== undefined
    } catch (error) {
      log.debug('Cannot see whether the open file is still there.', { file: inUse, reason: reasonOf(error) })
    }
    if (present) return
    log.warn('Something else moved or deleted the open file. A new one is opened.', { file: inUse })
    await this.#detach(taken => this.#parts.closer.add(taken, 'taken over'))
  }

  async #open(): Promise<OpenFile> {
    const { calls, clock } = this.#parts
    const [folder, prefix, encoder] = [this.#folder, this.#prefix, this.#parts.newEncoder()]
    const { names, writer } = await this.#create()
    const file = new OpenFile({ names, folder, prefix, writer, encoder, calls, clock })
    this.#file = file
    this.#setTimers(file)
    this.#wantedReplicas = await this.#wishedReplicas(file)
    return file
  }

  async #create(): Promise<{ names: FileNames; writer: FileWriter }> {
    const { calls, fileSystem, createOptions, nameParts, log } = this.#parts
    for (let tried = 1; ; tried++) {
      const names = fileNames(this.#folder, this.#prefix, ++this.#counter, nameParts)
      // Flume's own line, which people look for in its log.
      log.info(`Creating ${fileSystem.uri}${names.inUse}`)
      const create = () => fileSystem.create(names.inUse, createOptions)
      try {
        const writer = await calls.run(names.inUse, create, late => this.#abandon(names, late))
        this.#parts.opened(true)
        return { names, writer }
      } catch (error) {
        const taken = error instanceof AgentError && error.facts['kind'] === 'exists'
        if (taken && tried < MOST_NAMES_TRIED) continue
        this.#parts.opened(false)
        throw error
      }
    }
  }

  /** A file that was created after we had stopped waiting for it is not left behind. */
  #abandon({ inUse }: FileNames, writer: FileWriter): void {
    const { fileSystem, log } = this.#parts
    writer
      .close()
      .then(() => fileSystem.delete(inUse))
      .catch((error: unknown) => {
        log.warn('An empty in-use file was left behind.', { file: inUse, reason: reasonOf(error) })
      })
  }

  async #wishedReplicas(file: OpenFile): Promise<number | undefined> {
    const { minBlockReplicas, calls, fileSystem } = this.#parts
    if (!file.countsReplicas || minBlockReplicas !== undefined) return minBlockReplicas
    const { inUse } = file.names
    return (await calls.run(inUse, () => fileSystem.stat(inUse)))?.replication
  }

  #setTimers(file: OpenFile): void {
    const { clock, rollIntervalMs, idleTimeoutMs } = this.#parts
    const cancels: (() => void)[] = []
    const set = (ms: number, from: () => number, reason: string): void => {
      if (ms > 0)
        cancels.push(
          alarm(
            clock,
            () => from() + ms,
            () => this.#ring(reason)
          )
        )
    }
    set(rollIntervalMs, () => file.openedAt, 'rollInterval')
    set(idleTimeoutMs, () => file.touchedAt, 'idleTimeout')
    this.#cancelTimers = () => {
      for (const cancel of cancels) cancel()
    }
  }

  #ring(reason: string): void {
    this.retireSoon(reason).catch((error: unknown) => this.#parts.fail(error))
  }

  #endUse(): void {
    this.#retired = true
    this.#parts.retired(this)
  }

  async #detach(complete: (file: OpenFile) => Promise<void>): Promise<void> {
    const file = this.#file
    if (file === undefined) return
    this.#cancelTimers()
    this.#due = undefined
    this.#file = undefined
    await complete(file)
  }
}
