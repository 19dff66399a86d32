import type { EventBatch } from '../core/batch.ts'
import type { Lease } from '../core/contracts.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import { MemoryBudget } from '../core/memory-budget.ts'
import { DoneSet, type EventRange } from './done-set.ts'
import { EventQueue, type Run } from './event-queue.ts'
import type { DurableLogOptions, DurableLogStats, RecoveryReport, SkippedPart } from './log-options.ts'
import { LogWriter } from './log-writer.ts'
import { PutQueue } from './put-queue.ts'
import { recover, type Recovered } from './recover.ts'
import type { Loss } from './scan-segment.ts'
import { Quarantine } from './segment-files.ts'
import { SegmentPool } from './segment-pool.ts'
import type { LogPosition, Segment } from './segment.ts'
import { type Account, SlabSpace } from './space.ts'
import { SpillReader } from './spill-reader.ts'
import { SyncTimes } from './sync-times.ts'
import { Wakers } from './wakers.ts'
import type { PutEntry } from './write-group.ts'
import { BLOCK_BYTES } from './frame.ts'
import { DATA_START } from './segment-header.ts'

const MEBIBYTE = 1024 * 1024
const SEGMENT_BYTES = 64 * MEBIBYTE
const STAGING_BYTES = 4 * MEBIBYTE
const DEPTH = 2
const KEEP_FREE = 4
const MOST_EVENT_BYTES = 1024 * MEBIBYTE
/** A slab this many times larger than the bodies of a put is not kept for it: the bodies are copied. */
const SPARSE = 8
/** Puts are joined by copying up to so many bytes, so that a take that waits for the disk is worth it. */
const JOIN_BYTES = MEBIBYTE

/** What a run of events in memory belongs to. */
interface Held {
  /** Number of its first event in the queue, and in the log. */
  readonly pushed: number
  readonly event: number
  readonly account: Account
  readonly seconds: number
}

/**
 * An append-only log of events on disk, first in, first out. A put resolves once its events are on the disk; only
 * such events are given out; a take is undone unless it was committed.
 */
export class DurableLog {
  /** What was found at start. */
  readonly recovery: RecoveryReport
  readonly #options: DurableLogOptions
  readonly #segments: Segment[]
  /** Of this life: older segments may go once it is on the disk. */
  readonly #firstOwnId: number
  /** Takes under way included, and only those on the disk. */
  readonly #done: DoneSet
  readonly #durablyDone: DoneSet
  readonly #pool: SegmentPool
  readonly #writer: LogWriter
  readonly #reader: SpillReader
  readonly #times = new SyncTimes()
  readonly #queue = new EventQueue<Held>(JOIN_BYTES)
  readonly #budget: MemoryBudget
  readonly #space: SlabSpace
  readonly #puts: PutQueue
  readonly #wakers = new Wakers()
  readonly #leases = new Set<{ readonly seconds: number }>()
  readonly #quarantine: Quarantine
  readonly #work = new Set<Promise<unknown>>()
  readonly #replayBytesPerMs: number
  #limit: LogPosition | undefined
  #size: number
  /** Of puts under way. */
  #storing = 0
  readonly #skipped: Record<string, number> = {}
  #skippedParts: number
  #takeErrors = 0
  #closed = false
  #closing: Promise<void> | undefined

  private constructor(options: DurableLogOptions, found: Recovered, elapsedMs: number) {
    const { done, segments, nextEvent, skipped } = found
    this.#options = options
    this.#segments = segments
    this.#firstOwnId = found.nextId
    this.#done = done
    this.#durablyDone = new DoneSet(done.ranges())
    this.#size = done.countUndone(done.watermark, nextEvent)
    this.#skippedParts = skipped.length
    for (const part of skipped) this.#countSkipped(part)
    this.#replayBytesPerMs = Math.max(found.bytesRead / Math.max(elapsedMs, 1), 100_000)
    this.recovery = { events: this.#size, recovered: this.#size, skipped, elapsedMs }
    this.#quarantine = new Quarantine(options.disk, options.log)
    this.#budget = new MemoryBudget(options.memoryBytes)
    this.#space = new SlabSpace(this.#budget)
    this.#puts = new PutQueue(options.clock)
    this.#pool = this.#newPool(found)
    this.#writer = this.#newWriter(nextEvent)
    this.#reader = new SpillReader({
      disk: options.disk,
      segments,
      done,
      limit: () => this.#limit,
      deliver: (batch, first, seconds) => this.#hold(batch, first, seconds),
      lost: (segment, loss) => this.#lost(segment, loss),
      left: () => this.#collect()
    })
    this.#beginReading()
  }

  /**
   * Recovers what is in the folders and goes on behind it. Damage is skipped and reported, never fatal. Rejects when
   * files cannot be opened or read at all, and with ERR_CHANNEL when a key is missing; trying again may help.
   */
  static async open(options: DurableLogOptions): Promise<DurableLog> {
    const startedAt = performance.now()
    const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES
    const keepFreeSegments = options.keepFreeSegments ?? KEEP_FREE
    const found = await recover(options, {
      segmentBytes,
      reserveBytes: Math.min(segmentBytes, MEBIBYTE),
      keepFreeSegments
    })
    const log = new DurableLog(options, found, performance.now() - startedAt)
    log.#pool.fillReserves()
    log.#writer.begin()
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
    return Object.values(this.#skipped).reduce((sum, events) => sum + events, 0)
  }

  /** Events lost in damaged parts, at start and since, by reason. */
  get skippedByReason(): Readonly<Record<string, number>> {
    return this.#skipped
  }

  /** How many leading events of `batch` one put would take now without waiting; at most transactionCapacity. */
  fits(batch: EventBatch): number {
    return this.#puts.busy ? 0 : this.#fitting(batch)
  }

  /**
   * Resolves once the whole batch is on the disk. Rejects with ERR_CHANNEL_FULL when no room came free within
   * keepAliveMs or the disk is full, ERR_BATCH_TOO_LARGE when it can never fit, ERR_STOPPED when `signal` aborts the
   * wait for room, ERR_CHANNEL while the disk fails or once the log is closed. A rejected batch is not given out in
   * this life; after a crash it may reappear, whole.
   */
  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return
    if (this.#closed) throw closed()
    this.#refuseImpossible(batch)
    if (!this.#puts.busy && this.#fitting(batch) >= batch.length) return this.#store(batch)
    let stored: Promise<void> = Promise.resolve()
    await this.#puts.wait(
      {
        fits: () => this.#fitting(batch) >= batch.length,
        admit: () => {
          stored = this.#store(batch)
        },
        full: () => this.#full()
      },
      this.#options.keepAliveMs,
      signal
    )
    return stored
  }

  /**
   * Up to `max` events on loan, at least one, or undefined when there are none. commit() resolves once the take is on
   * the disk; while the disk fails it waits for it to heal, and rejects with ERR_CHANNEL only when the log is closed
   * before that. Rejects with ERR_CHANNEL when the disk cannot be read; damaged events are skipped and reported.
   */
  async take(max: number): Promise<Lease | undefined> {
    if (this.#closed) throw closed()
    const wanted = Math.min(max, this.#options.transactionCapacity)
    while (this.#queue.length === 0 && this.#reader.position !== undefined) {
      await this.#load()
      if (this.#closed) throw closed()
      if (this.#closed) throw closed()
    }
    const taken = this.#queue.take(wanted)
    this.#readAhead()
    return taken === undefined ? undefined : this.#lend(taken.runs, taken.batch)
  }

  /** Resolves once a take may find events, when `signal` aborts, or when the log closes. */
  filled(signal: AbortSignal): Promise<void> {
    if (this.#queue.length > 0 || this.#reader.position !== undefined || this.#closed)
      return Promise.resolve()
    return this.#wakers.wait(signal)
  }

  /** How the log is doing. */
  stats(): DurableLogStats {
    const now = this.#options.clock.now() / 1000
    const [lease] = this.#leases
    const oldest =
      lease?.seconds ?? this.#queue.first?.account.seconds ?? this.#reader.position?.segment.created
    const live = this.#segments.reduce((sum, segment) => sum + segment.end, 0)
    const unsealed = this.#segments.reduce(
      (sum, { sealed, end }) => sum + (sealed ? 2 * BLOCK_BYTES : end),
      0
    )
    return {
      syncP50Ms: this.#times.quantile(0.5),
      syncP99Ms: this.#times.quantile(0.99),
      transactionsPerSync: this.#times.syncs === 0 ? 0 : this.#times.transactions / this.#times.syncs,
      syncs: this.#times.syncs,
      segments: this.#segments.length,
      freeSegments: this.#pool.freeFiles,
      oldestEventAgeMs:
        oldest === undefined || this.#size === 0 ? 0 : Math.max(0, Math.round((now - oldest) * 1000)),
      bytesOnDisk: live + this.#pool.spareBytes,
      memoryBytes: this.#budget.used,
      estimatedReplayMs: Math.ceil(
        (this.#options.verify === true ? live : unsealed) / this.#replayBytesPerMs
      ),
      recoveredEvents: this.recovery.recovered,
      skippedEvents: this.skippedEvents,
      skippedParts: this.#skippedParts,
      putErrors: this.#writer.putErrors,
      takeErrors: this.#takeErrors,
      unhealthy: (this.#writer.unhealthy ?? this.#pool.problem)?.message
    }
  }

  /** Writes what is under way, seals the log and gives up its files. Events on loan stay in the log. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed = true
    this.#wakers.wake()
    await this.#writer.close()
    await this.#reader.close()
    while (this.#work.size > 0) await Promise.all(this.#work)
    await this.#pool.close()
  }

  #newPool({ channelId, nextId, free, reserves }: Recovered): SegmentPool {
    const { disk, clock, log, folders, minimumFreeBytes, segmentBytes, keepFreeSegments, cipher } =
      this.#options
    return new SegmentPool({
      disk,
      clock,
      log,
      folders,
      minimumFreeBytes,
      cipher,
      channelId,
      nextId,
      free,
      reserves,
      segmentBytes: segmentBytes ?? SEGMENT_BYTES,
      keepFreeSegments: keepFreeSegments ?? KEEP_FREE,
      changed: () => this.#writer.changed()
    })
  }

  #newWriter(nextEvent: number): LogWriter {
    const { clock, log, stagingBytes, depth, keepAliveMs, codec } = this.#options
    return new LogWriter({
      pool: this.#pool,
      clock,
      log,
      keepAliveMs,
      codec,
      nextEvent,
      times: this.#times,
      stagingBytes: stagingBytes ?? STAGING_BYTES,
      depth: depth ?? DEPTH,
      state: () => this.#done.ranges(),
      begun: (segment, from) => this.#begun(segment, from),
      stored: put => this.#stored(put),
      taken: (ranges, held) => this.#taken(ranges, held),
      voided: range => this.#voided(range),
      settled: () => this.#collect()
    })
  }

  #fitting(batch: EventBatch): number {
    const room = this.capacity - this.#size - this.#storing
    return Math.max(0, Math.min(batch.length, this.#options.transactionCapacity, room))
  }

  #refuseImpossible(batch: EventBatch): void {
    const { transactionCapacity, name } = this.#options
    if (batch.length > transactionCapacity) {
      throw new AgentError(
        'ERR_BATCH_TOO_LARGE',
        `Put queue for FileBackedTransaction of capacity ${transactionCapacity} full, ` +
          'consider committing more frequently, increasing capacity or increasing thread count. ' +
          `[channel=${name}]`,
        { events: batch.length }
      )
    }
    if (batch.bodyBytes <= MOST_EVENT_BYTES) return
    for (let i = 0; i < batch.length; i++) {
      if (batch.size(i) > MOST_EVENT_BYTES)
        throw new AgentError('ERR_BATCH_TOO_LARGE', 'An event is larger than 1 GiB.', {
          bytes: batch.size(i)
        })
    }
  }

  #full(): AgentError {
    return new AgentError(
      'ERR_CHANNEL_FULL',
      "The channel has reached it's capacity. This might be the result of a sink on " +
        'the channel having too low of batch size, a downstream system running slower than normal, or that the channel ' +
        `capacity is just too low. [channel=${this.#options.name}]`,
      { held: this.#size }
    )
  }

  async #store(batch: EventBatch): Promise<void> {
    this.#storing += batch.length
    try {
      await this.#writer.put(batch)
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
    const spilled = this.#reader.position !== undefined
    this.#limit = end
    if (!spilled) {
      const kept = isSparse(batch) ? batch.compact() : batch
      if (this.#space.fits(kept, kept.length) >= kept.length)
        this.#hold(kept, first, this.#options.clock.now() / 1000)
      else if (start !== undefined) this.#reader.begin(start, first)
    }
    this.#wakers.wake()
  }

  #hold(batch: EventBatch, event: number, seconds: number): void {
    this.#queue.push(batch, {
      pushed: this.#queue.pushed,
      event,
      account: this.#space.reserve(batch),
      seconds
    })
  }

  #lend(runs: readonly Run<Held>[], batch: EventBatch): Lease {
    const lease = { seconds: runs[0]?.account.seconds ?? 0 }
    this.#leases.add(lease)
    let open = true
    const close = (): boolean => {
      const was = open
      open = false
      this.#leases.delete(lease)
      return was
    }
    return {
      batch,
      commit: async () => {
        if (close()) await this.#commit(runs)
      },
      [Symbol.asyncDispose]: async () => {
        if (!close()) return
        this.#queue.giveBack(runs)
        this.#wakers.wake()
      }
    }
  }

  async #commit(runs: readonly Run<Held>[]): Promise<void> {
    if (this.#closed) throw closed()
    const ranges = rangesOf(runs)
    for (const { first, end } of ranges) this.#done.add(first, end)
    for (const {
      account: { account },
      batch
    } of runs)
      this.#space.release(account, batch)
    const held = runs.reduce((sum, { batch }) => sum + batch.length, 0)
    const written = this.#writer.take(ranges, held)
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

  #lost(segment: Segment, { at, to, events, reason }: Loss): void {
    const lost = this.#done.countUndone(events.first, events.end)
    const part: SkippedPart = { file: segment.path, at, firstEvent: events.first, events: lost, reason }
    this.#skippedParts++
    this.#countSkipped(part)
    this.#takeErrors++
    this.#options.log.error('A part of the log is damaged and is skipped.', { ...part })
    this.#done.add(events.first, events.end)
    segment.readers++
    this.#track(
      this.#quarantine.copy(segment, at, to).finally(() => {
        segment.readers--
        this.#collect()
      })
    )
    if (lost > 0) this.#track(this.#writer.take([events], lost))
  }

  #countSkipped({ reason, events }: SkippedPart): void {
    if (events > 0) this.#skipped[reason] = (this.#skipped[reason] ?? 0) + events
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work
      .then(
        () => undefined,
        (error: unknown) => {
          this.#options.log.debug('A record was not written.', { reason: messageOf(error) })
        }
      )
      .finally(() => this.#work.delete(tracked))
    this.#work.add(tracked)
  }

  #beginReading(): void {
    const last = this.#segments.at(-1)
    const first = this.#segments.find(
      ({ firstEvent, nextEvent }) => !this.#done.covers(firstEvent, nextEvent)
    )
    if (last === undefined || first === undefined) return
    this.#limit = { segment: last, position: last.end }
    this.#reader.begin({ segment: first, position: DATA_START }, first.firstEvent)
  }

  async #load(): Promise<void> {
    try {
      await this.#reader.load()
    } catch (error) {
      this.#takeErrors++
      throw new AgentError(
        'ERR_CHANNEL',
        `Take failed due to IO error: ${messageOf(error)}`,
        { channel: this.#options.name },
        error
      )
    }
  }

  #readAhead(): void {
    if (this.#reader.position === undefined || this.#budget.used > this.#budget.limit / 2) return
    this.#track(this.#reader.load().then(() => this.#wakers.wake()))
  }

  #begun(segment: Segment, from: number): void {
    for (const older of this.#segments) {
      if (older.nextEvent <= from) continue
      older.nextEvent = from
      older.firstEvent = Math.min(older.firstEvent, from)
      older.tailEvents = 0
    }
    this.#segments.push(segment)
  }

  /** Gives back segments that hold nothing that is needed. */
  #collect(): void {
    const newest = this.#segments.findLast(({ stated }) => stated)
    if (newest === undefined || newest.id < this.#firstOwnId) return
    for (const segment of [...this.#segments]) {
      if (segment.id >= newest.id || segment.file !== undefined || segment.readers > 0) continue
      if (segment === this.#reader.position?.segment) continue
      if (!this.#durablyDone.covers(segment.firstEvent, segment.nextEvent)) continue
      this.#segments.splice(this.#segments.indexOf(segment), 1)
      this.#pool.release(segment)
    }
  }
}

function rangesOf(runs: readonly Run<Held>[]): EventRange[] {
  const ranges: EventRange[] = []
  for (const { first, batch, account } of runs) {
    const from = account.event + first - account.pushed
    const last = ranges.at(-1)
    if (last?.end === from) ranges[ranges.length - 1] = { first: last.first, end: from + batch.length }
    else ranges.push({ first: from, end: from + batch.length })
  }
  return ranges
}

function isSparse(batch: EventBatch): boolean {
  return batch.slab.buffer.byteLength > SPARSE * (batch.bodyBytes + batch.length)
}

function closed(): AgentError {
  return new AgentError('ERR_CHANNEL', 'The channel is closed.')
}
