import { putFrameBytes, rangesFrameBytes, writePutFrame, writeRangesFrame } from './frame-codec.ts'
import { alignBlock, BLOCK_BYTES } from './frame.ts'
import type { GroupLine } from './group-line.ts'
import { encodeHeaders } from './header-columns.ts'
import type { Staging } from './put-codec.ts'
import { DATA_START } from './segment-header.ts'
import type { Segment } from './segment.ts'
import { StagingPool } from './staging-pool.ts'
import { type PutEntry, type TakeEntry, takeBack, WriteGroup } from './write-group.ts'
import { limitOf, type WriterParts } from './writer-parts.ts'

/** A segment for a large frame is so much larger, for the room that is kept for takes. */
const SLACK = 1.07

/** Encodes puts and takes that wait, into groups, and goes on in the next segment when one is full. */
export class GroupFiller {
  /** Waiting to be encoded, in order. */
  puts: PutEntry[] = []
  takes: TakeEntry[] = []
  /** The segment that is written to. */
  segment: Segment | undefined
  /** A segment is to be begun, even if nothing waits. */
  mustBegin = true
  readonly #parts: WriterParts
  readonly #line: GroupLine
  readonly #buffers: StagingPool
  /** Number of the next event. */
  #next: number
  #position = 0
  #lastFrame = 0
  #open: WriteGroup | undefined

  /** Full groups go to `line`. */
  constructor(parts: WriterParts, line: GroupLine) {
    this.#parts = parts
    this.#line = line
    this.#next = parts.nextEvent
    this.#buffers = new StagingPool(parts.stagingBytes, parts.depth + 2)
  }

  /** Nothing waits, and the open group holds nothing. */
  get empty(): boolean {
    return this.puts.length === 0 && this.takes.length === 0 && this.groupIsEmpty
  }

  /** Whether the group that is being filled holds nothing. */
  get groupIsEmpty(): boolean {
    return this.#open?.empty ?? true
  }

  /** Whether there is room for a record of its own, for nobody in particular: of what takes may need, one block behind the puts. */
  get hasRoomToSpare(): boolean {
    const { segment } = this
    if (segment === undefined || !this.empty) return false
    const isBehindPuts = this.#position <= alignBlock(limitOf(segment, 'put'))
    return isBehindPuts && this.#position + BLOCK_BYTES <= limitOf(segment, 'take')
  }

  /** Encodes what fits; puts only if `puts` says so. */
  fill(puts: boolean): void {
    if (this.mustBegin && this.segment === undefined) this.#roll(0, this.takes.length > 0 ? 'take' : 'put')
    while (this.#encodeTake() || (puts && this.#encodePart()));
  }

  /** Hands the open group, if there is one, to the line. */
  closeGroup(): void {
    const group = this.#open
    if (group === undefined) return
    this.#open = undefined
    this.#position = alignBlock(group.end)
    this.#lastFrame = group.lastFrame
    this.#line.add(group)
  }

  /** Takes back the memory of a group that is on the disk. */
  release({ staging }: { readonly staging: Staging }): void {
    this.#buffers.give(staging)
  }

  /** Nothing of these groups and of the open one counts: their entries wait again. Returns the segments they were for. */
  takeBack(failed: readonly WriteGroup[]): Set<Segment> {
    const groups = this.#open === undefined ? failed : [...failed, this.#open]
    const { puts, takes } = takeBack(groups)
    this.puts = [...new Set([...puts, ...this.puts])]
    this.takes = [...takes, ...this.takes]
    for (const group of groups) this.release(group)
    const bad = new Set(groups.map(group => group.segment))
    if (this.segment !== undefined) bad.add(this.segment)
    this.#open = undefined
    this.segment = undefined
    this.mustBegin = true
    return bad
  }

  #encodeTake(): boolean {
    const [take] = this.takes
    if (take === undefined) return false
    const { ranges, givenUp } = take
    const group = this.#groupFor(rangesFrameBytes(ranges.length + givenUp.length), 'take')
    if (group === undefined) return false
    const frame = { ranges, givenUp, nextEvent: this.#nextFrameEvent() }
    group.advance(writeRangesFrame(group.segment, group.place(this.#seconds()), 'take', frame))
    group.entries.add(take)
    group.complete.push(take)
    take.cancelWait?.()
    take.cancelWait = undefined
    this.takes.shift()
    return true
  }

  #encodePart(): boolean {
    const [put] = this.puts
    if (put === undefined) return false
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
    this.puts.shift()
  }

  /** The group with room for one more frame of up to `bytes`; undefined when that must wait. */
  #groupFor(bytes: number, kind: 'put' | 'take'): WriteGroup | undefined {
    const open = this.#open
    if (open !== undefined && !(kind === 'put' && open.segment.reserve)) {
      const room =
        Math.min(open.staging.bytes.length, limitOf(open.segment, kind) - open.position) - open.used
      if (bytes <= room) return open
    }
    if (open !== undefined && !open.empty) this.closeGroup()
    const segment = this.segment
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
    this.#open = undefined
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
    const state = this.#parts.state()
    const needed = rangesFrameBytes(state.ranges.length + state.givenUp.length) + bytes
    const segment = this.#spareFor(needed, kind)
    if (segment === undefined) return undefined
    if (this.#open !== undefined && this.#open.staging.bytes.length < needed) {
      this.#buffers.give(this.#open.staging)
      this.#open = undefined
    }
    const staging = this.#open?.staging ?? this.#buffers.take(needed)
    if (staging === undefined) return undefined
    this.#parts.pool.begun(segment)
    const [put] = this.puts
    const nextEvent = this.#nextFrameEvent()
    segment.firstEvent = nextEvent
    segment.nextEvent = nextEvent
    segment.headEvents = put === undefined || put.first < 0 ? 0 : (put.cuts[put.part - 1] ?? 0)
    this.mustBegin = false
    this.segment = segment
    this.#position = DATA_START
    this.#lastFrame = 0
    const group = new WriteGroup(segment, staging, { position: DATA_START, lastFrame: 0 })
    group.advance(writeRangesFrame(segment, group.place(this.#seconds()), 'state', { ...state, nextEvent }))
    group.stateful = true
    this.#open = group
    this.#parts.begun(segment, nextEvent)
    this.#parts.pool.want()
    return group
  }

  /** Number of the first event in the next put frame. */
  #nextFrameEvent(): number {
    const [put] = this.puts
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

  #seconds(): number {
    return Math.floor(this.#parts.clock.now() / 1000)
  }
}
