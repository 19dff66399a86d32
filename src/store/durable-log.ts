import type { EventBatch } from '../core/batch.ts'
import type { Lease } from '../core/contracts.ts'
import { type AgentError, messageOf } from '../core/errors.ts'
import { Background } from './background.ts'
import { DoneSet, type EventRange } from './done-set.ts'
import { FolderPresence } from './folder-presence.ts'
import { closed, takeFailed } from './log-errors.ts'
import { channelFull, completeOptions, type LogOptions, refuseImpossible, refuseLong } from './log-limits.ts'
import { LiveSegments, type LogSegments } from './live-segments.ts'
import { lend } from './log-lease.ts'
import { GivenUp } from './given-up.ts'
import { LogLosses } from './log-losses.ts'
import { LogPresence } from './log-presence.ts'
import { LogRecords } from './log-records.ts'
import { logStats } from './log-stats.ts'
import { type Loan, LogMemory } from './log-memory.ts'
import type { DurableLogOptions, DurableLogStats, RecoveryReport } from './log-options.ts'
import { LogWriter } from './log-writer.ts'
import { PutQueue } from './put-queue.ts'
import { recover, type Recovered } from './recover.ts'
import type { Loss } from './scan-segment.ts'
import { Quarantine } from './segment-files.ts'
import { DATA_START } from './segment-header.ts'
import { SegmentPool } from './segment-pool.ts'
import type { LogPosition, Segment } from './segment.ts'
import { SpillReader } from './spill-reader.ts'
import { SyncTimes } from './sync-times.ts'
import { Wakers } from './wakers.ts'
import type { PutEntry } from './write-group.ts'

/** What a start found, and where. */
type Found = Recovered & { readonly folders: FolderPresence }

const LEAST_REPLAY_BYTES_PER_MS = 100_000

/**
 * An append-only log of events on disk, first in, first out. A put resolves once its events are on the disk; only
 * such events are given out; a take is undone unless it was committed.
 */
export class DurableLog {
  /** What was found at start. */
  readonly recovery: RecoveryReport
  readonly #options: LogOptions
  readonly #segments: LiveSegments
  /** Takes under way included, and only those on the disk. */
  readonly #done: DoneSet
  readonly #durablyDone: DoneSet
  /** Of what is done, what was given up instead of delivered. */
  readonly #givenUp: GivenUp
  readonly #pool: SegmentPool
  readonly #writer: LogWriter
  readonly #reader: SpillReader
  readonly #presence: LogPresence
  readonly #times: SyncTimes
  readonly #memory: LogMemory
  readonly #puts: PutQueue
  readonly #wakers = new Wakers()
  readonly #quarantine: Quarantine
  readonly #work = new Background()
  readonly #replayBytesPerMs: number
  readonly #records: LogRecords
  #limit: LogPosition | undefined
  #size: number
  /** Of puts under way. */
  #storing = 0
  readonly #losses: LogLosses
  #takeErrors = 0
  #closed = false
  #closing: Promise<void> | undefined

  private constructor(options: LogOptions, found: Found, elapsedMs: number) {
    const { done, folders, segments, nextEvent, skipped, returned } = found
    this.#options = options
    this.#times = new SyncTimes(options.syncTimer)
    this.#records = new LogRecords(options, found)
    this.#givenUp = new GivenUp(found.givenUp)
    this.#done = done
    this.#durablyDone = new DoneSet(done.ranges())
    this.#size = done.countUndone(done.watermark, nextEvent)
    this.#losses = new LogLosses(skipped, { done, givenUp: this.#givenUp, log: options.log })
    this.#replayBytesPerMs = Math.max(found.bytesRead / Math.max(elapsedMs, 1), LEAST_REPLAY_BYTES_PER_MS)
    this.recovery = { events: this.#size, recovered: this.#size, skipped, returned, elapsedMs }
    this.#quarantine = new Quarantine(options.disk, options.log)
    this.#memory = new LogMemory(options.memoryBytes, options.clock)
    this.#puts = new PutQueue(options.clock)
    this.#pool = this.#newPool(found, folders)
    this.#segments = new LiveSegments(segments, found.nextId, this.#durablyDone, this.#pool)
    this.#writer = this.#newWriter(nextEvent)
    this.#reader = new SpillReader({
      disk: options.disk,
      clock: options.clock,
      folders,
      segments,
      done,
      limit: () => this.#limit,
      deliver: (batch, first, seconds) => this.#memory.hold(batch, first, seconds),
      lost: (segment, loss) => this.#lost(segment, loss),
      left: () => this.#collect()
    })
    const [pool, writer, live] = [this.#pool, this.#writer, this.#segments.all]
    this.#presence = new LogPresence({
      ...options,
      folders,
      segments: live,
      done: this.#durablyDone,
      pool,
      writer
    })
    this.#beginReading()
  }

  /**
   * Recovers what is in the folders and goes on behind it. Damage is skipped and reported, never fatal. Rejects when
   * files cannot be opened or read at all, and with ERR_CHANNEL when a key is missing; trying again may help.
   */
  static async open(given: DurableLogOptions): Promise<DurableLog> {
    const startedAt = performance.now()
    const options = completeOptions(given)
    const found = await recover(options, options)
    const folders = await FolderPresence.of(options.disk, options.folders, options.log)
    const log = new DurableLog(options, { ...found, folders }, performance.now() - startedAt)
    log.#pool.fillReserves()
    log.#writer.begin()
    log.#presence.begin()
    log.#readAhead()
    return log
  }

  /** Most events held. */
  get capacity(): number {
    return this.#options.capacity
  }

  /** Events acknowledged and not committed by a taker, those on loan included. */
  get size(): number {
    return this.#size
  }

  /** Events given up as damaged, at start and since. */
  get skippedEvents(): number {
    return this.#losses.events
  }

  /** Events lost in damaged parts, at start and since, by reason. */
  get skippedByReason(): Readonly<Record<string, number>> {
    return this.#losses.byReason
  }

  /** As Channel.oldestArrival. */
  get oldestArrival(): number | undefined {
    const isEmpty = this.#size === 0
    return isEmpty ? undefined : this.#memory.oldestArrival(this.#done.watermark, this.#reader.position)
  }

  /** As LOG_DETAILS says. */
  get segments(): LogSegments {
    return this.#segments.details
  }

  /** How many leading events of `batch` one put would take now without waiting; at most transactionCapacity. */
  fits(batch: EventBatch): number {
    return Math.min(this.fitsEach(batch), this.#options.transactionCapacity)
  }

  /** How many leading events of `batch` one putEach() would take now without waiting. */
  fitsEach(batch: EventBatch): number {
    return this.#puts.busy ? 0 : this.#fitting(batch)
  }

  /**
   * Resolves once the whole batch is on the disk. Rejects with ERR_CHANNEL_FULL when no room came free within
   * keepAliveMs or the disk is full, ERR_BATCH_TOO_LARGE when it can never fit, ERR_STOPPED when `signal` aborts the
   * wait for room, ERR_CHANNEL while the disk fails or once the log is closed. A rejected batch is not given out in
   * this life; after a crash it may reappear, whole.
   */
  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (!this.#closed) refuseLong(batch, this.#options)
    await this.putEach(batch, signal)
  }

  /** The same for events that stand alone: they are one put all the same, however many a transaction may hold. */
  async putEach(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return
    if (this.#closed) throw closed()
    refuseImpossible(batch)
    if (!this.#puts.busy && this.#fitting(batch) >= batch.length) return this.#store(batch, signal)
    let stored: Promise<void> = Promise.resolve()
    await this.#puts.wait(
      {
        fits: () => this.#fitting(batch) >= batch.length,
        admit: () => {
          stored = this.#store(batch, signal)
        },
        full: () => channelFull(this.#options.name, this.#size)
      },
      this.#options.keepAliveMs,
      signal
    )
    return stored
  }

  /**
   * Up to `max` events on loan, at least one, or undefined when there are none. commit() resolves once the take is on
   * the disk; while the disk fails it waits for it to heal, and rejects with ERR_CHANNEL only when the log is closed, or
   * the agent ends, before that. Rejects with ERR_CHANNEL when the disk cannot be read; damaged events are skipped and reported.
   */
  async take(max: number): Promise<Lease | undefined> {
    if (this.#closed) throw closed()
    const wanted = Math.min(max, this.#options.transactionCapacity)
    while (this.#memory.empty && this.#reader.position !== undefined) {
      await this.#load()
      if (this.#closed) throw closed()
    }
    const loan = this.#memory.lend(wanted)
    this.#readAhead()
    const giveBack = (): void => this.#giveBack(loan as Loan)
    return loan && lend(loan, { commit: ending => this.#commit(loan, ending), giveBack })
  }

  /** Resolves once a take may find events, when `signal` aborts, or when the log closes. */
  filled(signal: AbortSignal): Promise<void> {
    if (!this.#memory.empty || this.#reader.position !== undefined || this.#closed) return Promise.resolve()
    return this.#wakers.wait(signal)
  }

  /** How the log is doing. */
  stats(): DurableLogStats {
    return logStats({
      times: this.#times,
      segments: this.#segments.all,
      pool: this.#pool,
      losses: this.#losses,
      verify: this.#options.verify === true,
      replayBytesPerMs: this.#replayBytesPerMs,
      memoryBytes: this.#memory.bytes,
      recoveredEvents: this.recovery.recovered,
      givenUpEvents: this.#givenUp.events,
      putErrors: this.#writer.putErrors,
      takeErrors: this.#takeErrors,
      unhealthy: this.#problem?.message
    })
  }

  get #problem(): AgentError | undefined {
    const presence = this.#presence
    return presence.away ?? this.#writer.unhealthy ?? this.#pool.problem ?? presence.problem
  }

  /** Writes what is under way, seals the log and gives up its files. Events on loan stay in the log. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed = true
    this.#wakers.wake()
    const written = this.#writer.close()
    this.#puts.refuse(closed())
    await written
    await this.#reader.close()
    await this.#work.settled()
    await this.#presence.close()
    await this.#pool.close()
    await this.#recordStop()
  }

  async #recordStop(): Promise<void> {
    const { segment: newest } = this.#writer
    if (newest?.sealed !== true) return
    const done = { ranges: this.#durablyDone.ranges(), givenUp: this.#givenUp.ranges }
    await this.#records.closed({ newest, done, isEmpty: this.#size === 0, folders: this.#presence.folders })
  }

  #newPool({ channelId, lineage, nextId, free, reserves }: Recovered, folders: FolderPresence): SegmentPool {
    const { cipher } = this.#options
    const changed = (): void => this.#writer.changed()
    const own = { channelId, lineage, nextId, free, reserves }
    return new SegmentPool({ ...this.#options, folders, cipher, ...own, changed })
  }

  #newWriter(nextEvent: number): LogWriter {
    const { codec } = this.#options
    return new LogWriter({
      ...this.#options,
      codec,
      pool: this.#pool,
      nextEvent,
      times: this.#times,
      state: () => ({ ranges: this.#done.ranges(), givenUp: this.#givenUp.ranges }),
      begun: (segment, from) => this.#segments.begun(segment, from),
      stored: put => this.#stored(put),
      taken: (ranges, held) => this.#taken(ranges, held),
      voided: range => this.#voided(range),
      settled: () => this.#collect(),
      deserted: segment => this.#presence.save(segment)
    })
  }

  #fitting(batch: EventBatch): number {
    const room = this.capacity - this.#size - this.#storing
    return Math.max(0, Math.min(batch.length, room))
  }

  async #store(batch: EventBatch, signal: AbortSignal): Promise<void> {
    this.#storing += batch.length
    try {
      await this.#writer.put(batch, signal)
    } catch (error) {
      this.#storing -= batch.length
      this.#puts.admit()
      throw error
    }
  }

  /** The order of these calls is that of the events. */
  #stored({ batch, first, start, end }: PutEntry): void {
    this.#storing -= batch.length
    this.#size += batch.length
    const reading = this.#reader.position !== undefined
    this.#limit = end
    if (reading || !this.#memory.keep(batch, first)) {
      this.#memory.passed(first, this.#done.watermark)
      if (!reading && start !== undefined) this.#reader.begin(start, first)
    }
    this.#wakers.wake()
  }

  #giveBack(loan: Loan): void {
    this.#memory.giveBack(loan)
    this.#wakers.wake()
  }

  async #commit(loan: Loan, ending?: AbortSignal): Promise<void> {
    if (this.#closed) throw closed()
    const ranges = this.#memory.forget(loan)
    for (const { first, end } of ranges) this.#done.add(first, end)
    const written = this.#writer.take(ranges, loan.batch.length, ending)
    if (this.#options.syncTakes === false) this.#track(written)
    else await written
  }

  #taken(ranges: readonly EventRange[], held: number): void {
    for (const { first, end } of ranges) this.#durablyDone.add(first, end)
    this.#size -= held
    this.#puts.admit()
    this.#collect()
  }

  /** Events of a put that was refused after it had numbers: they were never held. */
  #voided({ first, end }: EventRange): void {
    this.#done.add(first, end)
    this.#track(this.#writer.take([{ first, end }], 0))
  }

  #lost(segment: Segment, loss: Loss): void {
    const lost = this.#losses.note(segment.path, loss)
    if (lost === undefined) return
    this.#takeErrors++
    segment.readers++
    this.#track(
      this.#quarantine.copy(segment, loss.at, loss.to).finally(() => {
        segment.readers--
        this.#collect()
      })
    )
    if (lost > 0) this.#track(this.#writer.giveUp([loss.events], lost))
  }

  #collect(): void {
    if (this.#segments.collect(this.#reader.position?.segment)) this.#records.begun(this.#work)
  }

  #track(work: Promise<unknown>): void {
    this.#work.add(work, error =>
      this.#options.log.debug('A record was not written.', { reason: messageOf(error) })
    )
  }

  #beginReading(): void {
    const [first, last] = this.#segments.heldBut(this.#done)
    if (last === undefined || first === undefined) return
    this.#limit = { segment: last, position: last.end }
    this.#reader.begin({ segment: first, position: DATA_START }, first.firstEvent)
  }

  async #load(): Promise<void> {
    try {
      await this.#reader.load()
    } catch (error) {
      this.#takeErrors++
      throw takeFailed(this.#options.name, error)
    }
  }

  #readAhead(): void {
    if (this.#reader.position === undefined || !this.#memory.hungry) return
    this.#track(this.#reader.load().then(() => this.#wakers.wake()))
  }
}
