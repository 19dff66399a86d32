import { messageOf } from '../core/errors.ts'
import type { EventRange } from './done-set.ts'
import { type ByteRange, type SegmentReads, touches, UNREADABLE } from './careful-reader.ts'
import { alignBlock, FRAME_HEADER_BYTES, frameEnd, type StoredFrame } from './frame.ts'
import { type FrameContext, readRangesFrame } from './frame-codec.ts'
import { FrameWalk, type WalkedFrame } from './frame-walk.ts'
import { DATA_START } from './segment-header.ts'
import { reusedMemory, SegmentWindow } from './segment-window.ts'

const PIECE_BYTES = 4 * 1024 * 1024
const CUT_SHORT = 'The file is cut short.'

/** A part of a segment that had been on the disk and cannot be read. */
export interface Loss {
  readonly at: number
  /** Position behind it. */
  readonly to: number
  /** The events it may have held, and those that cannot be given out without them. */
  events: EventRange
  readonly reason: string
}

/** What the frames of a segment say. */
export interface SegmentScan {
  /** What was done when the segment was begun; undefined when that frame is not there. */
  readonly state: readonly EventRange[] | undefined
  readonly takes: readonly EventRange[]
  /** Of what state and takes say is done, what was given up. */
  readonly givenUp: readonly EventRange[]
  readonly losses: readonly Loss[]
  /** Events of puts that were given up half-way. */
  readonly voids: readonly EventRange[]
  /** Whether there is any frame. */
  readonly used: boolean
  /** Undefined when no frame says so. */
  readonly firstEvent: number | undefined
  readonly nextEvent: number
  readonly headEvents: number
  readonly tailEvents: number
  readonly end: number
  readonly lastFrame: number
  /** Bytes below this were on the disk when the last frame was made. */
  readonly durable: number
  /** Why events that stood behind the end may be lost; undefined when nothing stood there. */
  readonly lostTail: string | undefined
  readonly bytesRead: number
}

/** How much of a segment to look at, and what is known about it. */
export interface ScanBounds {
  /** Frames end here at the latest. */
  readonly limit: number
  /** All below was on the disk, as the seal says; 0 without one. */
  readonly durable: number
  /** The numbers its seal gives, where it has one. */
  readonly firstEvent: number | undefined
  readonly nextEvent: number | undefined
  /** Where the file ends, if that is before the end of the segment and there is no seal. */
  readonly cutAt: number | undefined
}

/** Numbers that go back to what they were when the tail turns out never to have been acknowledged. */
interface Progress {
  state: readonly EventRange[] | undefined
  used: boolean
  firstEvent: number | undefined
  nextEvent: number
  headEvents: number
  tailEvents: number
  end: number
  lastFrame: number
  durable: number
  takes: number
  givenUp: number
  voids: number
}

/** The part of a put that cannot be read. */
interface Claims {
  /** The first event of the put. */
  readonly first: number
  /** Behind the last event of the part. */
  readonly end: number
  /** Events of the put so far; 0 when it ends here. */
  readonly tailEvents: number
}

/** A place where something is wrong, and how things stood before it. */
interface Hole {
  readonly at: number
  readonly before: Progress
  to: number
  events: EventRange
  /** What its own header names; undefined without one. */
  readonly claims: Claims | undefined
  /** Lost whether it was acknowledged or not. */
  readonly unreadable: boolean
  readonly reason: string
}

/**
 * Reads a whole segment. A hole that the disk cannot read is damage, and so is one followed by a frame which was made
 * when the hole was on the disk; any other is where the acknowledged part ends.
 */
export async function scanSegment(
  context: FrameContext,
  file: SegmentReads,
  bounds: ScanBounds
): Promise<SegmentScan> {
  const scan = new Scan(context, bounds, file.unreadable)
  const window = new SegmentWindow(file, bounds.limit, PIECE_BYTES, reusedMemory())
  const walk = new FrameWalk(context, DATA_START, bounds.limit)
  for (;;) {
    const step = walk.next(window.current)
    if (step.kind === 'frame') scan.frame(step)
    else if (step.kind === 'end') break
    else if (!(await window.move(step.from, step.bytes))) {
      if (step.bytes > FRAME_HEADER_BYTES) scan.endsInFrame = true
      break
    }
  }
  return scan.result(window.read)
}

/** The damage that may have cost the last part of a put of which these events are there. */
export function damageBehind<T extends { readonly events: EventRange }>(
  { end }: EventRange,
  losses: readonly T[]
): T | undefined {
  return losses.find(({ events }) => events.first === end && events.end > end)
}

function claimsOf(frame: StoredFrame): Claims {
  const { firstEvent, earlierEvents, events, part, parts } = frame
  return {
    first: firstEvent - earlierEvents,
    end: firstEvent + events,
    tailEvents: part + 1 < parts ? earlierEvents + events : 0
  }
}

class Scan {
  readonly #context: FrameContext
  readonly #bounds: ScanBounds
  readonly #unreadable: readonly ByteRange[]
  readonly #takes: EventRange[] = []
  readonly #givenUp: EventRange[] = []
  readonly #voids: EventRange[] = []
  readonly #losses: Loss[] = []
  #holes: Hole[] = []
  /** The file ends before the payload of a frame does. */
  endsInFrame = false
  #now: Progress = {
    state: undefined,
    used: false,
    firstEvent: undefined,
    nextEvent: 0,
    headEvents: 0,
    tailEvents: 0,
    end: DATA_START,
    lastFrame: 0,
    durable: 0,
    takes: 0,
    givenUp: 0,
    voids: 0
  }

  /** `unreadable` grows while the segment is read. */
  constructor(context: FrameContext, bounds: ScanBounds, unreadable: readonly ByteRange[]) {
    this.#context = context
    this.#bounds = bounds
    this.#unreadable = unreadable
    if (bounds.firstEvent !== undefined) this.#now = { ...this.#now, nextEvent: bounds.firstEvent }
  }

  frame({ frame, header, payload, intact, missingFrom }: WalkedFrame): void {
    if (missingFrom !== undefined) this.#hole(missingFrom, frame.position, 'Records are missing or damaged.')
    this.#closeHoles(frame.firstEvent)
    this.#confirm(frame.durable)
    this.#countLast(frame)
    this.#apply(frame, header, intact ? payload : undefined)
    this.#now.end = frameEnd(frame)
    this.#now.lastFrame = frame.position
    this.#now.durable = Math.max(this.#now.durable, frame.durable)
  }

  /** What is lost may be the last of the events: then only the frame behind, of another kind, tells how many. */
  #countLast({ kind, firstEvent }: StoredFrame): void {
    const { events } = this.#losses.at(-1) ?? {}
    if (kind !== 'take' || this.#holes.length > 0 || this.#now.tailEvents > 0) return
    if (events?.first === this.#now.nextEvent && events.end === firstEvent) this.#now.nextEvent = firstEvent
  }

  result(bytesRead: number): SegmentScan {
    const { durable, nextEvent } = this.#bounds
    if (this.#now.end < durable) {
      this.#hole(this.#now.end, durable, 'Records are missing or damaged.')
      this.#now.end = durable
    }
    const lostTail = durable === 0 ? this.#loseTail() : undefined
    const claims = this.#holes.findLast(hole => hole.unreadable && hole.claims !== undefined)?.claims
    this.#closeHoles(Math.max(this.#now.nextEvent, nextEvent ?? 0, claims?.end ?? 0))
    if (claims !== undefined && claims.end > this.#now.nextEvent) this.#believe(claims)
    this.#now.nextEvent = Math.max(this.#now.nextEvent, nextEvent ?? 0)
    this.#confirm(durable)
    const [torn] = this.#holes
    const now = torn?.before ?? this.#now
    return {
      ...now,
      lostTail: torn === undefined ? lostTail : undefined,
      losses: this.#losses,
      takes: this.#takes.slice(0, now.takes),
      givenUp: this.#givenUp.slice(0, now.givenUp),
      voids: this.#voids.slice(0, now.voids),
      bytesRead
    }
  }

  #apply(frame: StoredFrame, header: Buffer, payload: Buffer | undefined): void {
    if (payload === undefined) {
      this.#hole(
        frame.position,
        frameEnd(frame),
        'A record does not have the checksum that it was written with.',
        frame.kind === 'put' ? claimsOf(frame) : undefined
      )
    } else if (frame.kind === 'put') {
      this.#put(frame)
    } else if (frame.kind !== 'seal') {
      this.#ranges(frame, header, payload)
    }
  }

  #put(frame: StoredFrame): void {
    const now = this.#now
    const { firstEvent, earlierEvents } = frame
    const { first, end, tailEvents } = claimsOf(frame)
    if (now.firstEvent === undefined || (now.nextEvent === now.firstEvent && now.tailEvents === 0)) {
      if (now.firstEvent === undefined || firstEvent >= now.firstEvent) now.headEvents = earlierEvents
      now.firstEvent ??= firstEvent
    }
    const goesOn = first === now.nextEvent - now.tailEvents
    if (now.tailEvents > 0 && !goesOn)
      this.#endUnfinished({ first: now.nextEvent - now.tailEvents, end: now.nextEvent })
    now.used = true
    now.nextEvent = end
    now.tailEvents = tailEvents
  }

  /** The last part of the segment is lost, and what it was is known. */
  #believe({ first, end, tailEvents }: Claims): void {
    const now = this.#now
    const goesOn = first === now.nextEvent - now.tailEvents && tailEvents > 0
    if (now.tailEvents > 0 && !goesOn)
      this.#endUnfinished({ first: now.nextEvent - now.tailEvents, end: now.nextEvent })
    now.nextEvent = end
    now.tailEvents = tailEvents
  }

  #ranges(frame: StoredFrame, header: Buffer, payload: Buffer): void {
    try {
      const { ranges, givenUp } = readRangesFrame(this.#context, frame, header, payload)
      this.#now.used = true
      for (const range of givenUp) this.#givenUp.push(range)
      this.#now.givenUp = this.#givenUp.length
      if (frame.kind === 'take') {
        for (const range of ranges) this.#takes.push(range)
        this.#now.takes = this.#takes.length
      } else {
        this.#now.state = ranges
        this.#now.firstEvent = frame.firstEvent
        this.#now.nextEvent = frame.firstEvent
      }
    } catch (error) {
      this.#hole(frame.position, frameEnd(frame), messageOf(error))
    }
  }

  /** A put without its last part was given up, unless that part is what was damaged: then all of it is lost. */
  #endUnfinished(range: EventRange): void {
    const damage = damageBehind(range, [...this.#losses, ...this.#holes])
    if (damage !== undefined) {
      damage.events = { first: range.first, end: damage.events.end }
      return
    }
    this.#voids.push(range)
    this.#now.voids = this.#voids.length
  }

  /** Nothing can be read where the next frame would begin: in the same block, or in the next one. */
  #loseTail(): string | undefined {
    const { end } = this.#now
    const to = Math.min(alignBlock(end) + FRAME_HEADER_BYTES, this.#bounds.limit)
    if (touches(this.#unreadable, end, to)) {
      this.#hole(end, Math.max(to, ...this.#unreadable.map(range => range.to)), UNREADABLE)
      return UNREADABLE
    }
    if (!this.endsInFrame && (this.#bounds.cutAt ?? Infinity) >= to) return undefined
    this.#holes.push({ ...this.#newHole(end, to, CUT_SHORT), unreadable: true })
    return CUT_SHORT
  }

  #hole(at: number, to: number, reason: string, claims?: Claims): void {
    this.#holes.push({ ...this.#newHole(at, to, reason), claims })
  }

  #newHole(at: number, to: number, reason: string): Hole {
    const unreadable = touches(this.#unreadable, at, to)
    return {
      at,
      to,
      before: { ...this.#now },
      events: { first: this.#now.nextEvent, end: -1 },
      claims: undefined,
      unreadable,
      reason: unreadable ? UNREADABLE : reason
    }
  }

  /** Which events a hole held is known once the next frame says with which it goes on. */
  #closeHoles(nextEvent: number): void {
    for (const hole of this.#holes) {
      if (hole.events.end < 0)
        hole.events = { first: hole.events.first, end: Math.max(hole.events.first, nextEvent) }
    }
  }

  /** Everything below `durable` had been on the disk. */
  #confirm(durable: number): void {
    for (let [hole] = this.#holes; hole !== undefined; [hole] = this.#holes) {
      if (hole.at >= durable && !hole.unreadable) return
      this.#losses.push(hole)
      this.#holes.shift()
    }
  }
}
