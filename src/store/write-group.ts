import type { EventBatch } from '../core/batch.ts'
import type { EventRange } from './done-set.ts'
import type { FramePlace } from './frame-codec.ts'
import { alignBlock } from './frame.ts'
import type { Staging } from './put-codec.ts'
import { cutPut } from './put-cuts.ts'
import type { LogPosition, Segment } from './segment.ts'

/** A put on its way to the disk. */
export interface PutEntry {
  readonly kind: 'put'
  readonly batch: EventBatch
  /** Where each part ends, as an index into the batch. */
  readonly cuts: readonly number[]
  /** Number of its first event; -1 until its first part is encoded. */
  first: number
  /** The part to encode next. */
  part: number
  /** Headers of that part, encoded. */
  headers: Buffer | undefined
  /** Where its first frame stands, and where its last one ends. */
  start: LogPosition | undefined
  end: LogPosition | undefined
  /** Aborts the wait for a segment that cannot be had. */
  readonly signal: AbortSignal
  /** Ends the wait for a segment. */
  cancelWait: (() => void) | undefined
  /** Rejected: never encoded again. */
  refused: boolean
  resolve: () => void
  reject: (error: Error) => void
}

/** A record of events that are done, on its way to the disk. */
export interface TakeEntry {
  readonly kind: 'take'
  readonly ranges: readonly EventRange[]
  /** Those of them that were given up instead of delivered. */
  readonly givenUp: readonly EventRange[]
  readonly held: number
  /** Aborts the wait for a disk that refuses. */
  readonly ending: AbortSignal | undefined
  /** Ends that wait. */
  cancelWait: (() => void) | undefined
  resolve: () => void
  reject: (error: Error) => void
}

/** A put of which nothing is encoded yet, in parts of about `partBytes`. */
export function newPut(
  batch: EventBatch,
  partBytes: number,
  settle: Pick<PutEntry, 'resolve' | 'reject' | 'signal'>
): PutEntry {
  return {
    kind: 'put',
    batch,
    cuts: cutPut(batch, partBytes),
    first: -1,
    part: 0,
    headers: undefined,
    start: undefined,
    end: undefined,
    cancelWait: undefined,
    refused: false,
    ...settle
  }
}

/** The entries of groups that did not get to the disk, in order, to be encoded again; puts keep their numbers. */
export function takeBack(groups: readonly WriteGroup[]): {
  readonly puts: readonly PutEntry[]
  readonly takes: readonly TakeEntry[]
} {
  const puts: PutEntry[] = []
  const takes: TakeEntry[] = []
  for (const entry of new Set(groups.flatMap(group => [...group.entries]))) {
    if (entry.kind === 'take') takes.push(entry)
    else if (!entry.refused) puts.push(entry)
  }
  for (const put of puts)
    Object.assign(put, { part: 0, headers: undefined, start: undefined, end: undefined })
  return { puts, takes }
}

/** Frames that are written at once, at a block of one segment. */
export class WriteGroup {
  readonly segment: Segment
  readonly staging: Staging
  readonly position: number
  /** Bytes up to the end of the last frame. */
  used = 0
  lastFrame: number
  /** Every entry with a frame here. */
  readonly entries = new Set<PutEntry | TakeEntry>()
  /** Entries whose last frame is here, in order. */
  readonly complete: (PutEntry | TakeEntry)[] = []
  stateful = false
  nextEvent = -1
  tailEvents = 0
  state: 'open' | 'writing' | 'written' | 'failed' = 'open'
  issuedAt = 0

  constructor(
    segment: Segment,
    staging: Staging,
    at: { readonly position: number; readonly lastFrame: number }
  ) {
    this.segment = segment
    this.staging = staging
    this.position = at.position
    this.lastFrame = at.lastFrame
  }

  get empty(): boolean {
    return this.used === 0
  }

  /** Position behind the last frame. */
  get end(): number {
    return this.position + this.used
  }

  /** The next frame's place. */
  place(seconds: number): FramePlace {
    const { staging, used: at, lastFrame: before, segment } = this
    return { staging, at, position: this.position + at, before, durable: segment.end, seconds }
  }

  /** A frame was written up to offset `end`. */
  advance(end: number): void {
    this.lastFrame = this.position + this.used
    this.used = end
  }

  /** The bytes to write: whole blocks, zeros behind the last frame. */
  blocks(): Buffer {
    const length = alignBlock(this.used)
    this.staging.bytes.fill(0, this.used, length)
    return this.staging.bytes.subarray(0, length)
  }
}
