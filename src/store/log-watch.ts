import type { Log } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import { counter, gauge, label, timer, type GaugesOf } from '../core/metrics.ts'
import { SEGMENT_COLUMNS, type LogSegments } from './live-segments.ts'
import { sumOf } from './log-losses.ts'
import type { DurableLogStats } from './log-options.ts'

/** What a channel with a durable log shows, beside what every channel does. */
export const LOG_METRICS = {
  Open: gauge('', 'Whether the channel is open: true or false.'),
  Closed: gauge('', 'The opposite, as 0 or 1.'),
  Unhealthy: gauge(
    '',
    '1 while the channel cannot start, its disk refuses puts, or a folder or file of its log is gone; else 0.'
  ),
  UnhealthyReason: label('Why; empty while all is well.'),
  EventPutErrorCount: counter('failures', 'Puts that the disk refused.'),
  EventTakeErrorCount: counter('failures', 'Takes that met an error of the disk or damaged bytes.'),
  CheckpointWriteErrorCount: counter('failures', 'Always 0: there is no checkpoint.'),
  CheckpointBackupWriteErrorCount: counter('failures', 'Always 0.'),
  SyncMillis: timer('How long a write and its sync took.'),
  TransactionsPerSync: gauge(
    'transactions',
    'Puts and commits that shared one sync, on average since the start.'
  ),
  Segments: gauge('files', 'Files that hold events or state.'),
  BytesOnDisk: gauge(
    'bytes',
    'Bytes in the files of the log, those kept for reuse and for a full disk included.'
  ),
  MemoryBytes: gauge('bytes', 'Bytes of acknowledged events that are in memory, too.'),
  EstimatedReplayMillis: gauge('ms', 'How long a start would take now.'),
  RecoveredEventCount: gauge('events', 'Events found on disk by the latest start.'),
  SkippedEventCount: counter('events', 'Events lost in damaged parts, at starts and since.'),
  SkippedPartCount: counter('parts', 'Damaged parts.'),
  GivenUpEventCount: gauge(
    'events',
    'Events that could not be delivered in the life of the log, as their files were damaged or not there, and that did not come back.'
  ),
  ReturnedEventCount: gauge(
    'events',
    'Events in files that came back, waiting to be put behind the others; they count as held.'
  )
} as const

/** The files of its log, oldest first. */
export const LOG_DETAILS = { title: 'Segments', columns: SEGMENT_COLUMNS } as const

/** What is watched of a durable log. */
export interface WatchedLog {
  readonly size: number
  /** Events lost in damaged parts, at start and since, by reason. */
  readonly skippedByReason: Readonly<Record<string, number>>
  /** As Channel.oldestArrival. */
  readonly oldestArrival: number | undefined
  /** Those of now, oldest first. */
  readonly segments: LogSegments
  stats(): DurableLogStats
}

const NO_SEGMENTS: LogSegments = { total: 0, rows: [] }

/** What a start says. */
export interface Opening {
  readonly channel: string
  /** All events that the channel holds now. */
  readonly events: number
  readonly elapsedMs: number
  readonly folders: readonly string[]
}

/**
 * The log of a channel as monitoring sees it, over stops and starts: what was lost adds up, and what a closed log held is
 * still said.
 */
export class LogWatch {
  #log: WatchedLog | undefined
  #isOpen = false
  #failure: unknown
  #lostBefore: Readonly<Record<string, number>> = {}
  #partsBefore = 0
  #recovered = 0

  /** Events in the log; when it is closed those that it held then. */
  get size(): number {
    return this.#log?.size ?? 0
  }

  /** When the oldest event in the log came; when it is closed that of those that it held then. */
  get oldestArrival(): number | undefined {
    return this.#log?.oldestArrival
  }

  /** As LOG_DETAILS says; none when the log is closed. */
  get segments(): LogSegments {
    return this.#isOpen && this.#log !== undefined ? this.#log.segments : NO_SEGMENTS
  }

  /** Why the latest start failed. */
  get failure(): unknown {
    return this.#failure
  }

  /** Events lost in damaged parts, by reason, since the agent started. */
  get skipped(): Readonly<Record<string, number>> {
    return sumOf(this.#lostBefore, this.#log?.skippedByReason ?? {})
  }

  /** `beside`: events that the start found elsewhere. */
  opened(log: WatchedLog, beside = 0): void {
    this.#recovered = log.stats().recoveredEvents + beside
    this.#lostBefore = this.skipped
    this.#partsBefore += this.#log?.stats().skippedParts ?? 0
    this.#log = log
    this.#isOpen = true
    this.#failure = undefined
  }

  failed(error: unknown): void {
    this.#failure = error
  }

  /** Call it when the log is closed: only numbers are kept of it. */
  closed(): void {
    if (this.#log === undefined) return
    const { size, skippedByReason, oldestArrival } = this.#log
    const stats = this.#log.stats()
    this.#log = { size, skippedByReason, oldestArrival, segments: NO_SEGMENTS, stats: () => stats }
    this.#isOpen = false
  }

  /** Says what a start found, beginning with Flume's words. */
  sayOpened(log: Log, { channel, events, elapsedMs, folders }: Opening): void {
    const stats = this.#log?.stats()
    log.info(`Queue Size after replay: ${events} [channel=${channel}]`, {
      events,
      recovered: this.#recovered,
      skipped: stats?.skippedEvents ?? 0,
      damagedParts: stats?.skippedParts ?? 0,
      elapsedMs: Math.round(elapsedMs),
      folders
    })
  }

  /** Says how the log was doing; call it after closed(). */
  sayClosed(log: Log, held: number): void {
    const { Segments, BytesOnDisk, TransactionsPerSync } = this.gauges()
    const stats = this.#log?.stats()
    log.info('The log was closed.', {
      held,
      segments: Segments,
      bytesOnDisk: BytesOnDisk,
      syncMillisP50: stats?.syncP50Ms ?? 0,
      syncMillisP99: stats?.syncP99Ms ?? 0,
      transactionsPerSync: TransactionsPerSync
    })
  }

  /** The counters that Flume's file channel has beside those of every channel, and how the log is doing. */
  gauges(): GaugesOf<typeof LOG_METRICS> {
    const stats = this.#log?.stats()
    const failed = this.#failure === undefined ? undefined : messageOf(this.#failure)
    const reason = this.#isOpen ? stats?.unhealthy : failed
    return {
      Open: this.#isOpen,
      Closed: this.#isOpen ? 0 : 1,
      Unhealthy: reason === undefined ? 0 : 1,
      UnhealthyReason: reason ?? '',
      EventPutErrorCount: stats?.putErrors ?? 0,
      EventTakeErrorCount: stats?.takeErrors ?? 0,
      CheckpointWriteErrorCount: 0,
      CheckpointBackupWriteErrorCount: 0,
      TransactionsPerSync: Math.round((stats?.transactionsPerSync ?? 0) * 1000) / 1000,
      Segments: stats?.segments ?? 0,
      BytesOnDisk: stats?.bytesOnDisk ?? 0,
      MemoryBytes: stats?.memoryBytes ?? 0,
      EstimatedReplayMillis: stats?.estimatedReplayMs ?? 0,
      RecoveredEventCount: this.#recovered,
      SkippedEventCount: Object.values(this.skipped).reduce((total, events) => total + events, 0),
      SkippedPartCount: this.#partsBefore + (stats?.skippedParts ?? 0),
      GivenUpEventCount: stats?.givenUpEvents ?? 0,
      ReturnedEventCount: stats?.returnedEvents ?? 0
    }
  }
}
