import type { EventBatch } from '../core/batch.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import type { EventRange } from './done-set.ts'
import { GroupFiller } from './group-filler.ts'
import { GroupLine } from './group-line.ts'
import { IdleMark } from './idle-mark.ts'
import { closed } from './log-errors.ts'
import type { Segment } from './segment.ts'
import { limitWait, onAbort, stopping } from './put-wait.ts'
import { newPut, type PutEntry, type TakeEntry, type WriteGroup } from './write-group.ts'
import type { WriterParts } from './writer-parts.ts'

const RETRY_MS = 1000
const MEBIBYTE = 1024 * 1024
const BAD_AFTER = 2

/** Encodes puts and takes into groups, and brings the groups to the disk in order. */
export class LogWriter {
  /** Why puts are refused. */
  unhealthy: AgentError | undefined
  putErrors = 0
  readonly #parts: WriterParts
  readonly #line: GroupLine
  readonly #filler: GroupFiller
  readonly #idleMark: IdleMark
  /** Segments whose files have lost their names, until nothing is written to them. */
  #deserted: Segment[] = []
  /** Events that were taken, which could not be recorded. */
  #unrecorded = 0
  #scheduled = false
  #failures = 0
  #closing = false
  #closed = false
  #cancelRetry: (() => void) | undefined
  #idle: (() => void)[] = []

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#line = new GroupLine({
      depth: parts.depth,
      log: parts.log,
      times: parts.times,
      durable: group => this.#durable(group),
      failed: (groups, error) => this.#relocate(groups, error),
      settled: () => parts.settled(),
      deserted: segment => parts.deserted(segment)
    })
    this.#filler = new GroupFiller(parts, this.#line)
    this.#idleMark = new IdleMark(parts.clock, () => this.#markDurable())
  }

  /** The segment that is written to. */
  get segment(): Segment | undefined {
    return this.#filler.segment
  }

  /** Segments that are being written to: the newest, and one before it. */
  get written(): readonly Segment[] {
    return [...new Set([this.#line.current, this.#filler.segment])].filter(segment => segment !== undefined)
  }

  /** No name leads to the file of a segment that is being written to: what waits goes to a fresh one. */
  desert(segment: Segment): void {
    if (segment.nameless || segment.file === undefined || !this.written.includes(segment)) return
    segment.nameless = true
    this.#deserted.push(segment)
    this.#line.interrupt(segment, new Error('The file has lost its name.'))
  }

  /** Seals and closes a segment that is complete. */
  finish(segment: Segment): Promise<void> {
    return this.#line.finish(segment)
  }

  /** Closes a segment as it is. */
  abandon(segment: Segment): Promise<void> {
    this.#line.abandon(segment)
    return this.#line.close()
  }

  /** Begins a segment, so that older ones can go. */
  begin(): void {
    this.#parts.pool.want()
    this.changed()
  }

  /** Resolves once the batch is on the disk and stored() was called. `signal` ends the wait for a segment. */
  put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (this.#closing) return Promise.reject(closed())
    if (this.unhealthy !== undefined) return Promise.reject(this.unhealthy)
    return new Promise((resolve, reject) => {
      const partBytes = Math.min(2 * MEBIBYTE, this.#parts.stagingBytes / 2)
      const entry = newPut(batch, partBytes, { resolve, reject, signal })
      this.#filler.puts.push(entry)
      if (this.#filler.puts.length === 1) this.#fill()
      if (this.#parts.pool.problem !== undefined) this.#limitWait(entry)
    })
  }

  /**
   * Resolves once it is on the disk that these events are done; `held` of them were held until now. Rejects when the
   * disk refuses writes and `ending` aborts.
   */
  take(ranges: readonly EventRange[], held: number, ending?: AbortSignal): Promise<void> {
    return this.#record({ ranges, givenUp: [], held, ending })
  }

  /** The same of events that cannot be delivered: should they be there again one day, they are not done. */
  giveUp(ranges: readonly EventRange[], held: number): Promise<void> {
    return this.#record({ ranges, givenUp: ranges, held, ending: undefined })
  }

  #record(take: Pick<TakeEntry, 'ranges' | 'givenUp' | 'held' | 'ending'>): Promise<void> {
    if (this.#closing) return Promise.reject(closed())
    return new Promise((resolve, reject) => {
      this.#filler.takes.push({ kind: 'take', ...take, cancelWait: undefined, resolve, reject })
      this.#fill()
    })
  }

  /** Call it when the pool changed. */
  changed(): void {
    if (this.#parts.pool.problem !== undefined) for (const put of this.#filler.puts) this.#limitWait(put)
    this.#fill()
  }

  /** Brings everything to the disk that can be brought there, refuses the rest, and seals the segment. */
  async close(): Promise<void> {
    this.#closing = true
    this.#idleMark.stop()
    this.#fill()
    while (!this.#stuck && !this.#empty) await new Promise<void>(resolve => this.#idle.push(resolve))
    this.#closed = true
    this.#cancelRetry?.()
    for (const put of this.#filler.puts) put.cancelWait?.()
    for (const put of this.#filler.puts) put.reject(closed())
    this.#filler.puts = []
    for (const take of [...this.#filler.takes]) this.#refuseTake(take, closed())
    await this.#line.close()
    if (this.#filler.segment !== undefined) await this.#line.finish(this.#filler.segment)
    if (this.#unrecorded === 0) return
    const message = 'Delivered events could not be recorded as taken, and will come again.'
    this.#parts.log.warn(message, { events: this.#unrecorded, reason: this.#obstacle?.message })
  }

  get #empty(): boolean {
    return this.#filler.empty && this.#line.empty
  }

  /** Nothing moves before the disk heals or gets room. */
  get #stuck(): boolean {
    return this.#line.empty && this.#filler.groupIsEmpty && this.#obstacle !== undefined
  }

  /** Why nothing can be written. */
  get #obstacle(): AgentError | undefined {
    const { problem, reserveSpare } = this.#parts.pool
    return this.unhealthy ?? (reserveSpare === undefined ? problem : undefined)
  }

  #fill(): void {
    if (!this.#closed && (this.unhealthy === undefined || this.#filler.mustBegin)) this.#encode()
    if (this.#stuck) this.#limitTakes()
    this.#wakeIdle()
  }

  /** While the disk refuses writes, takes wait no longer than the agent runs. */
  #limitTakes(): void {
    for (const take of [...this.#filler.takes]) {
      const { ending } = take
      if (ending === undefined || take.cancelWait !== undefined) continue
      const refuse = (): void => {
        take.cancelWait = undefined
        if (this.#stuck && this.#filler.takes.includes(take)) this.#refuseTake(take, stopping())
      }
      if (ending.aborted) refuse()
      else take.cancelWait = onAbort(ending, refuse)
    }
  }

  #refuseTake(take: TakeEntry, error: Error): void {
    take.cancelWait?.()
    this.#filler.takes.splice(this.#filler.takes.indexOf(take), 1)
    if (take.ending !== undefined) this.#unrecorded += take.held
    take.reject(error)
  }

  #encode(): void {
    this.#encodeWaiting()
    if (this.#line.hasRoom && !this.#scheduled && (this.#line.waiting || !this.#filler.groupIsEmpty)) {
      this.#scheduled = true
      process.nextTick(() => {
        this.#scheduled = false
        this.#issue()
      })
    }
  }

  /** A put that cannot be encoded, for there is no memory, must not stand in the way of all others. */
  #encodeWaiting(): void {
    for (;;) {
      try {
        return this.#filler.fill(this.unhealthy === undefined)
      } catch (error) {
        // Takes come first: while one waits, no put is to blame.
        const put = this.#filler.takes.length > 0 ? undefined : this.#filler.puts.shift()
        if (put === undefined) throw error
        const reason = `Put failed, it cannot be encoded: ${messageOf(error)}`
        this.#refuse(put, new AgentError('ERR_CHANNEL', reason, {}, error))
      }
    }
  }

  #wakeIdle(): void {
    if (!this.#closing) return
    const idle = this.#idle
    this.#idle = []
    for (const wake of idle) wake()
  }

  #issue(): void {
    if (this.#line.hasRoom && !this.#line.waiting && !this.#filler.groupIsEmpty) this.#filler.closeGroup()
    this.#line.issue()
  }

  #durable(group: WriteGroup): void {
    const { segment } = group
    segment.end = group.end
    segment.lastFrame = group.lastFrame
    if (group.nextEvent >= 0) {
      segment.nextEvent = group.nextEvent
      segment.tailEvents = group.tailEvents
    }
    this.#failures = 0
    if (this.unhealthy !== undefined) this.#heal()
    if (group.stateful) segment.stated = true
    for (const entry of group.complete) {
      if (entry.kind === 'put') this.#parts.stored(entry)
      else this.#parts.taken(entry.ranges, entry.held)
      entry.resolve()
    }
    if (group.complete.some(isNoMark)) this.#idleMark.wrote()
    this.#filler.release(group)
    if (group.stateful) this.#parts.settled()
    this.#fill()
    this.#issue()
  }

  /** A record that says nothing but that all before it is on the disk. After a crash it tells damage from a write that never ended. */
  #markDurable(): void {
    if (this.#line.empty && this.#filler.hasRoomToSpare) this.take([], 0).catch(() => undefined)
  }

  /** Nothing of these groups counts: their entries are encoded again, into a fresh segment. */
  #relocate(failed: readonly WriteGroup[], error: unknown): void {
    const bad = this.#filler.takeBack(failed)
    for (const segment of bad) if (!segment.nameless) this.#line.abandon(segment)
    const deserted = this.#deserted
    this.#deserted = []
    for (const segment of deserted) this.#parts.deserted(segment)
    if (deserted.length === 0) this.#failed(bad, error)
    this.#fill()
    this.#issue()
  }

  #failed(bad: ReadonlySet<Segment>, error: unknown): void {
    this.#failures++
    this.putErrors++
    this.#parts.log.warn('A write to the log failed; its segment takes no more.', {
      segments: [...bad].map(({ path }) => path),
      reason: messageOf(error),
      failures: this.#failures
    })
    if (this.#failures >= BAD_AFTER) this.#giveUp(error)
  }

  /** Refuses what waits, and tries again after a while. */
  #giveUp(error: unknown): void {
    const message = `Put failed due to IO error: ${messageOf(error)}`
    this.unhealthy = new AgentError('ERR_CHANNEL', message, {}, error)
    this.#filler.mustBegin = false
    const puts = this.#filler.puts
    this.#filler.puts = []
    for (const put of puts) this.#refuse(put, this.unhealthy)
    this.#cancelRetry ??= this.#parts.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined
      this.#filler.mustBegin = true
      this.#fill()
      this.#issue()
    })
  }

  #heal(): void {
    this.#parts.log.info('The disk takes writes again.')
    this.unhealthy = undefined
  }

  #refuse(put: PutEntry, error: Error): void {
    put.cancelWait?.()
    put.refused = true
    this.putErrors++
    if (put.first >= 0) this.#parts.voided({ first: put.first, end: put.first + put.batch.length })
    put.reject(error)
  }

  /** A put that needs a segment which cannot be had is refused in time. */
  #limitWait(put: PutEntry): void {
    if (put.cancelWait !== undefined || !this.#filler.puts.includes(put)) return
    const { clock, keepAliveMs } = this.#parts
    put.cancelWait = limitWait(clock, put.signal.aborted ? 0 : keepAliveMs, put.signal, stopped => {
      put.cancelWait = undefined
      const { problem } = this.#parts.pool
      const at = this.#filler.puts.indexOf(put)
      if (at < 0 || problem === undefined) return
      this.#filler.puts.splice(at, 1)
      this.#refuse(put, stopped ? stopping() : problem)
      this.#fill()
    })
  }
}

function isNoMark(entry: PutEntry | TakeEntry): boolean {
  return entry.kind === 'put' || entry.ranges.length > 0
}
