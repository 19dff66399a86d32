import type { EventBatch } from '../core/batch.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import type { EventRange } from './done-set.ts'
import { putFrameBytes, rangesFrameBytes, writePutFrame, writeRangesFrame } from './frame-codec.ts'
import { alignBlock } from './frame.ts'
import { GroupLine } from './group-line.ts'
import { encodeHeaders } from './header-columns.ts'
import { newStaging } from './put-codec.ts'
import { DATA_START } from './segment-header.ts'
import type { Segment } from './segment.ts'
import { limitWait, stopping } from './put-wait.ts'
import { StagingPool } from './staging-pool.ts'
import { newPut, type PutEntry, type TakeEntry, takeBack, WriteGroup } from './write-group.ts'
import { limitOf, type WriterParts } from './writer-parts.ts'

const RETRY_MS = 1000
const MEBIBYTE = 1024 * 1024
const BAD_AFTER = 2
/** A segment for a large frame is so much larger, for the room that is kept for takes. */
const SLACK = 1.07

/** Encodes puts and takes into groups, and brings the groups to the disk in order. */
export class LogWriter {
  /** Why puts are refused. */
  unhealthy: AgentError | undefined
  putErrors = 0
  readonly #parts: WriterParts
  readonly #line: GroupLine
  #puts: PutEntry[] = []
  #takes: TakeEntry[] = []
  #next: number
  #segment: Segment | undefined
  #position = 0
  #lastFrame = 0
  #open: WriteGroup | undefined
  readonly #buffers: StagingPool
  #scheduled = false
  #failures = 0
  #mustBegin = true
  #closing = false
  #closed = false
  #cancelRetry: (() => void) | undefined
  #idle: (() => void)[] = []

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#next = parts.nextEvent
    this.#buffers = new StagingPool(parts.stagingBytes, parts.depth + 2)
    this.#line = new GroupLine({
      depth: parts.depth,
      log: parts.log,
      times: parts.times,
      durable: group => this.#durable(group),
      failed: (groups, error) => this.#relocate(groups, error),
      settled: () => parts.settled()
    })
  }

  /** The segment that is written to. */
  get segment(): Segment | undefined {
    return this.#segment
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
      this.#puts.push(entry)
      if (this.#puts.length === 1) this.#fill()
      if (this.#parts.pool.problem !== undefined) this.#limitWait(entry)
    })
  }

  /** Resolves once it is on the disk that these events are done; `held` of them were held until now. */
  take(ranges: readonly EventRange[], held: number): Promise<void> {
    if (this.#closing) return Promise.reject(closed())
    return new Promise((resolve, reject) => {
      this.#takes.push({ kind: 'take', ranges, held, resolve, reject })
      this.#fill()
    })
  }

  /** Call it when the pool changed. */
  changed(): void {
    if (this.#parts.pool.problem !== undefined) for (const put of this.#puts) this.#limitWait(put)
    this.#fill()
  }

  /** Brings everything to the disk that can be brought there, refuses the rest, and seals the segment. */
  async close(): Promise<void> {
    this.#closing = true
    this.#fill()
    while (!this.#stuck && !this.#empty) await new Promise<void>(resolve => this.#idle.push(resolve))
    this.#closed = true
    this.#cancelRetry?.()
    for (const put of this.#puts) put.cancelWait?.()
    for (const entry of [...this.#puts, ...this.#takes]) entry.reject(closed())
    this.#puts = []
    this.#takes = []
    await this.#line.close()
    if (this.#segment !== undefined) await this.#line.finish(this.#segment)
  }

  get #empty(): boolean {
    return (
      this.#puts.length === 0 && this.#takes.length === 0 && (this.#open?.empty ?? true) && this.#line.empty
    )
  }

  /** Nothing moves before the disk heals or gets room. */
  get #stuck(): boolean {
    if (!this.#line.empty || !(this.#open?.empty ?? true)) return false
    return (
      this.unhealthy !== undefined ||
      (this.#parts.pool.problem !== undefined && this.#parts.pool.reserveSpare === undefined)
    )
  }

  #fill(): void {
    if (!this.#closed && (this.unhealthy === undefined || this.#mustBegin)) this.#encode()
    this.#wakeIdle()
  }

  #encode(): void {
    if (this.#mustBegin && this.#segment === undefined) this.#roll(0, this.#takes.length > 0 ? 'take' : 'put')
    while (this.#encodeTake() || this.#encodePart());
    if (this.#line.hasRoom && !this.#scheduled && (this.#line.waiting || !(this.#open?.empty ?? true))) {
      this.#scheduled = true
      process.nextTick(() => {
        this.#scheduled = false
        this.#issue()
      })
    }
  }

  #wakeIdle(): void {
    if (!this.#closing) return
    const idle = this.#idle
    this.#idle = []
    for (const wake of idle) wake()
  }

  #issue(): void {
    if (this.#line.hasRoom && !this.#line.waiting && this.#open !== undefined && !this.#open.empty)
      this.#closeGroup()
    this.#line.issue()
  }

  #encodeTake(): boolean {
    const [take] = this.#takes
    if (take === undefined) return false
    const group = this.#groupFor(rangesFrameBytes(take.ranges.length), 'take')
    if (group === undefined) return false
    const frame = { ranges: take.ranges, nextEvent: this.#nextFrameEvent() }
    group.advance(writeRangesFrame(group.segment, group.place(this.#seconds()), 'take', frame))
    group.entries.add(take)
    group.complete.push(take)
    this.#takes.shift()
    return true
  }

  #encodePart(): boolean {
    const [put] = this.#puts
    if (put === undefined || this.unhealthy !== undefined) return false
    const [from, to] = [put.cuts[put.part - 1] ?? 0, put.cuts[put.part] ?? put.batch.length]
    put.headers ??= encodeHeaders(put.batch.headers, from, to)
    const part = { batch: put.batch, from, to, headers: put.headers }
    const group = this.#groupFor(putFrameBytes(part), 'put')
    if (group === undefined) return false
    if (put.first < 0) {
      put.first = this.#next
      this.#next += put.batch.length
    }
    const position = { segment: group.segment, position: group.end }
    if (put.part === 0) put.start = position
    group.advance(
      writePutFrame(group.segment, group.place(this.#seconds()), part, {
        firstEvent: put.first + from,
        part: put.part,
        parts: put.cuts.length,
        earlierEvents: from,
        codec: this.#parts.codec
      })
    )
    put.headers = undefined
    put.part++
    group.entries.add(put)
    group.nextEvent = put.first + to
    group.tailEvents = put.part < put.cuts.length ? to : 0
    if (put.part === put.cuts.length) this.#finishPut(put, group)
    return true
  }

  #finishPut(put: PutEntry, group: WriteGroup): void {
    put.end = { segment: group.segment, position: group.end }
    put.cancelWait?.()
    put.cancelWait = undefined
    group.complete.push(put)
    this.#puts.shift()
  }

  /** The group with room for one more frame of up to `bytes`; undefined when that must wait. */
  #groupFor(bytes: number, kind: 'put' | 'take'): WriteGroup | undefined {
    const open = this.#open
    if (open !== undefined && !(kind === 'put' && open.segment.reserve)) {
      const room =
        Math.min(open.staging.bytes.length, limitOf(open.segment, kind) - open.position) - open.used
      if (bytes <= room) return open
    }
    if (open !== undefined && !open.empty) this.#closeGroup()
    const segment = this.#segment
    if (segment === undefined || this.#position + bytes > limitOf(segment, kind))
      return this.#roll(bytes, kind)
    this.#open ??= this.#newGroup(segment, bytes)
    return this.#open !== undefined && this.#open.staging.bytes.length >= bytes
      ? this.#open
      : this.#replaceOpen(segment, bytes)
  }

  /** The open group is empty and too small for a frame of unusual size. */
  #replaceOpen(segment: Segment, bytes: number): WriteGroup | undefined {
    if (this.#open === undefined) return undefined
    this.#buffers.give(this.#open.staging)
    this.#open = this.#newGroup(segment, bytes)
    return this.#open
  }

  #newGroup(segment: Segment, bytes: number): WriteGroup | undefined {
    const staging = this.#buffers.take(bytes)
    if (staging === undefined) return undefined
    return new WriteGroup(segment, staging, { position: this.#position, lastFrame: this.#lastFrame })
  }

  /** Goes on in the next segment, which begins with the state of the log. */
  #roll(bytes: number, kind: 'put' | 'take'): WriteGroup | undefined {
    const ranges = this.#parts.state()
    const needed = rangesFrameBytes(ranges.length) + bytes
    const segment = this.#spareFor(needed, kind)
    if (segment === undefined) return undefined
    const staging = this.#open?.staging ?? this.#buffers.take(needed)
    if (staging === undefined) return undefined
    this.#parts.pool.begun(segment)
    const [put] = this.#puts
    const nextEvent = this.#nextFrameEvent()
    segment.firstEvent = nextEvent
    segment.nextEvent = nextEvent
    segment.headEvents = put === undefined || put.first < 0 ? 0 : (put.cuts[put.part - 1] ?? 0)
    this.#mustBegin = false
    this.#segment = segment
    this.#position = DATA_START
    this.#lastFrame = 0
    const large = staging.bytes.length < needed ? newStaging(alignBlock(needed)) : staging
    if (large !== staging) this.#buffers.give(staging)
    const group = new WriteGroup(segment, large, { position: DATA_START, lastFrame: 0 })
    group.advance(writeRangesFrame(segment, group.place(this.#seconds()), 'state', { ranges, nextEvent }))
    group.stateful = true
    this.#open = group
    this.#parts.begun(segment, nextEvent)
    this.#parts.pool.want()
    return group
  }

  /** Number of the first event in the next put frame. */
  #nextFrameEvent(): number {
    const [put] = this.#puts
    return put === undefined || put.first < 0 ? this.#next : put.first + (put.cuts[put.part - 1] ?? 0)
  }

  #spareFor(bytes: number, kind: 'put' | 'take'): Segment | undefined {
    const { pool } = this.#parts
    const fits = (segment: Segment | undefined): segment is Segment =>
      segment !== undefined && DATA_START + bytes <= limitOf(segment, kind)
    if (fits(pool.spare)) return pool.spare
    pool.want(Math.ceil(bytes * SLACK) + DATA_START)
    if (kind === 'put' || pool.problem === undefined) return undefined
    if (fits(pool.reserveSpare)) return pool.reserveSpare
    pool.wantReserve()
    return undefined
  }

  #closeGroup(): void {
    const group = this.#open
    if (group === undefined) return
    this.#open = undefined
    this.#position = alignBlock(group.end)
    this.#lastFrame = group.lastFrame
    this.#line.add(group)
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
    this.#buffers.give(group.staging)
    if (group.stateful) this.#parts.settled()
    this.#fill()
    this.#issue()
  }

  /** Nothing of these groups counts: their entries are encoded again, into a fresh segment. */
  #relocate(failed: readonly WriteGroup[], error: unknown): void {
    const groups = this.#open === undefined ? failed : [...failed, this.#open]
    const { puts, takes } = takeBack(groups)
    this.#puts = [...new Set([...puts, ...this.#puts])]
    this.#takes = [...takes, ...this.#takes]
    for (const group of groups) this.#buffers.give(group.staging)
    const bad = new Set(groups.map(group => group.segment))
    if (this.#segment !== undefined) bad.add(this.#segment)
    for (const segment of bad) this.#line.abandon(segment)
    this.#open = undefined
    this.#segment = undefined
    this.#mustBegin = true
    this.#failures++
    this.putErrors++
    this.#parts.log.warn('A write to the log failed; its segment takes no more.', {
      segments: [...bad].map(({ path }) => path),
      reason: messageOf(error),
      failures: this.#failures
    })
    if (this.#failures >= BAD_AFTER) this.#giveUp(error)
    this.#fill()
    this.#issue()
  }

  /** Refuses what waits, and tries again after a while. */
  #giveUp(error: unknown): void {
    const message = `Put failed due to IO error: ${messageOf(error)}`
    this.unhealthy = new AgentError('ERR_CHANNEL', message, {}, error)
    this.#mustBegin = false
    const puts = this.#puts
    this.#puts = []
    for (const put of puts) this.#refuse(put, this.unhealthy)
    this.#cancelRetry ??= this.#parts.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined
      this.#mustBegin = true
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
    if (put.cancelWait !== undefined || !this.#puts.includes(put)) return
    const { clock, keepAliveMs } = this.#parts
    put.cancelWait = limitWait(clock, put.signal.aborted ? 0 : keepAliveMs, put.signal, stopped => {
      put.cancelWait = undefined
      const { problem } = this.#parts.pool
      const at = this.#puts.indexOf(put)
      if (at < 0 || problem === undefined) return
      this.#puts.splice(at, 1)
      this.#refuse(put, stopped ? stopping() : problem)
      this.#fill()
    })
  }

  #seconds(): number {
    return Math.floor(this.#parts.clock.now() / 1000)
  }
}

function closed(): AgentError {
  return new AgentError('ERR_CHANNEL', 'The channel is closed.')
}
