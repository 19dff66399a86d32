import type { EventBatch } from '../../../core/batch.ts'
import type { Channel, ChannelContext, Lease } from '../../../core/contracts.ts'
import { AgentError, messageOf } from '../../../core/errors.ts'
import type { DurableLog } from '../../../store/durable-log.ts'

/** What the channel keeps its events in. */
export interface OpenedLog {
  readonly log: DurableLog
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
  #opened: OpenedLog | undefined
  #failure: unknown

  constructor(options: FileChannelOptions, context: ChannelContext) {
    this.#options = options
    this.#context = context
    this.capacity = options.capacity
    this.transactionCapacity = options.transactionCapacity
  }

  get size(): number {
    return this.#opened?.log.size ?? 0
  }

  async start(): Promise<void> {
    if (this.#opened !== undefined) return
    try {
      this.#opened = await this.#options.open()
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
      throw error
    }
    const { events, recovered, skipped, elapsedMs } = this.#opened.log.recovery
    const lost = skipped.reduce((sum, part) => sum + part.events, 0)
    this.#context.log.info(`Queue Size after replay: ${events} [channel=${this.#context.name}]`, {
      events,
      recovered,
      skipped: lost,
      damagedParts: skipped.length,
      elapsedMs: Math.round(elapsedMs),
      folders: this.#opened.folders
    })
  }

  async stop(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    await opened?.close()
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

  async take(max: number): Promise<Lease | undefined> {
    return await this.#log().take(max)
  }

  async filled(signal: AbortSignal): Promise<void> {
    await this.#log().filled(signal)
  }

  /** Events that were lost with damaged parts, at start and since. */
  skipped(): Readonly<Record<string, number>> {
    return this.#opened?.log.skippedByReason ?? {}
  }

  /** Flume's counters of this channel, and how its log is doing. */
  gauges(): Readonly<Record<string, number | string | boolean>> {
    const stats = this.#opened?.log.stats()
    const unhealthy = stats?.unhealthy ?? (this.#failure === undefined ? undefined : messageOf(this.#failure))
    return {
      Open: stats !== undefined,
      Closed: stats === undefined ? 1 : 0,
      Unhealthy: unhealthy === undefined ? 0 : 1,
      EventPutErrorCount: stats?.putErrors ?? 0,
      EventTakeErrorCount: stats?.takeErrors ?? 0,
      CheckpointWriteErrorCount: 0,
      CheckpointBackupWriteErrorCount: 0,
      SyncMillisP50: rounded(stats?.syncP50Ms),
      SyncMillisP99: rounded(stats?.syncP99Ms),
      TransactionsPerSync: rounded(stats?.transactionsPerSync),
      Segments: stats?.segments ?? 0,
      OldestEventAgeMillis: stats?.oldestEventAgeMs ?? 0,
      BytesOnDisk: stats?.bytesOnDisk ?? 0,
      MemoryBytes: stats?.memoryBytes ?? 0,
      EstimatedReplayMillis: stats?.estimatedReplayMs ?? 0,
      RecoveredEventCount: stats?.recoveredEvents ?? 0,
      SkippedEventCount: stats?.skippedEvents ?? 0,
      SkippedPartCount: stats?.skippedParts ?? 0,
      UnhealthyReason: unhealthy ?? ''
    }
  }

  #log(): DurableLog {
    if (this.#opened !== undefined) return this.#opened.log
    const due = this.#failure === undefined ? '' : `. Due to ${messageOf(this.#failure)}`
    throw new AgentError(
      'ERR_CHANNEL',
      `Channel closed [channel=${this.#context.name}]${due}`,
      {},
      this.#failure
    )
  }
}

function rounded(value: number | undefined): number {
  return Math.round((value ?? 0) * 1000) / 1000
}
