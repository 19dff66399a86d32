import type { EventBatch } from '../../../core/batch.ts'
import type { Channel, ChannelContext, Lease } from '../../../core/contracts.ts'
import { AgentError, messageOf } from '../../../core/errors.ts'
import type { DurableLog } from '../../../store/durable-log.ts'
import { LogWatch, type WatchedLog } from '../../../store/log-watch.ts'
import type { ReturnedEvents } from '../../../store/returned-events.ts'

/** What the channel keeps its events in. */
export interface OpenedLog {
  readonly log: DurableLog
  /** The same as monitoring sees it, with what came back and waits beside it. */
  readonly watched: WatchedLog
  readonly returned: Pick<ReturnedEvents, 'deliverTo'>
  readonly folders: readonly string[]
  close(): Promise<void>
}

/** How the channel is kept. */
export interface FileChannelOptions {
  readonly capacity: number
  readonly transactionCapacity: number
  /** Opens the log; may be called again after a failure or a stop. */
  open(): Promise<OpenedLog>
}

/** Durable first-in first-out queue in files. */
export class FileChannel implements Channel {
  readonly capacity: number
  readonly transactionCapacity: number
  readonly durable = true
  readonly #options: FileChannelOptions
  readonly #context: ChannelContext
  readonly #watch = new LogWatch()
  #opened: OpenedLog | undefined

  constructor(options: FileChannelOptions, context: ChannelContext) {
    this.#options = options
    this.#context = context
    this.capacity = options.capacity
    this.transactionCapacity = options.transactionCapacity
  }

  get size(): number {
    return this.#watch.size
  }

  async start(): Promise<void> {
    if (this.#opened !== undefined) return
    try {
      this.#opened = await this.#options.open()
    } catch (error) {
      this.#watch.failed(error)
      throw error
    }
    const { log, watched, returned, folders } = this.#opened
    this.#watch.opened(watched)
    const { elapsedMs } = log.recovery
    const { name: channel } = this.#context
    this.#watch.sayOpened(this.#context.log, { channel, events: this.size, elapsedMs, folders })
    returned.deliverTo((batch, signal) => log.put(batch, signal))
    if (log.size <= this.capacity) return
    this.#context.log.warn('The channel holds more than its capacity; puts wait until it holds less.', {
      events: log.size,
      capacity: this.capacity
    })
  }

  async stop(): Promise<void> {
    const opened = this.#opened
    if (opened === undefined) return
    this.#opened = undefined
    try {
      await opened.close()
    } finally {
      this.#watch.closed()
      this.#watch.sayClosed(this.#context.log, this.size)
    }
  }

  /** The folders, once started. */
  describe(): string {
    return this.#opened?.folders.join(', ') ?? ''
  }

  fits(batch: EventBatch): number {
    return this.#opened?.log.fits(batch) ?? 0
  }

  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    await this.#log().put(batch, signal)
  }

  fitsEach(batch: EventBatch): number {
    return this.#opened?.log.fitsEach(batch) ?? 0
  }

  async putEach(batch: EventBatch, signal: AbortSignal): Promise<void> {
    await this.#log().putEach(batch, signal)
  }

  async take(max: number): Promise<Lease | undefined> {
    return await this.#log().take(max)
  }

  async filled(signal: AbortSignal): Promise<void> {
    await this.#log().filled(signal)
  }

  /** Events that were lost with damaged parts, at start and since. */
  skipped(): Readonly<Record<string, number>> {
    return this.#watch.skipped
  }

  /** Flume's counters of this channel, and how its log is doing. */
  gauges(): ReturnType<LogWatch['gauges']> {
    return this.#watch.gauges()
  }

  /** The files of its log. */
  details(): LogWatch['segments'] {
    return this.#watch.segments
  }

  oldestArrival(): number | undefined {
    return this.#watch.oldestArrival
  }

  #log(): DurableLog {
    if (this.#opened !== undefined) return this.#opened.log
    const { failure } = this.#watch
    const due = failure === undefined ? '' : `. Due to ${messageOf(failure)}`
    throw new AgentError('ERR_CHANNEL', `Channel closed [channel=${this.#context.name}]${due}`, {}, failure)
  }
}
