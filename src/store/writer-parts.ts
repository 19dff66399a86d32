import type { Clock, Log } from '../core/contracts.ts'
import type { Codec } from './compression.ts'
import type { EventRange } from './done-set.ts'
import type { DoneRanges } from './frame-codec.ts'
import type { SegmentPool } from './segment-pool.ts'
import { type Segment, sealPosition } from './segment.ts'
import type { SyncTimes } from './sync-times.ts'
import type { PutEntry } from './write-group.ts'

const MEBIBYTE = 1024 * 1024
/** The last bytes of a segment are kept for takes, so that they go on when no next segment can be had. */
const TAKE_SHARE = 16

/** What the writer works with and tells. */
export interface WriterParts {
  readonly pool: SegmentPool
  readonly clock: Clock
  readonly log: Log
  readonly stagingBytes: number
  readonly depth: number
  readonly keepAliveMs: number
  readonly codec: Codec | undefined
  readonly nextEvent: number
  readonly times: SyncTimes
  /** All that is done, takes under way included. */
  state(): DoneRanges
  /** A segment is being written to from now on; frames of events from `nextEvent` on in older ones are void. */
  begun(segment: Segment, nextEvent: number): void
  /** On the disk, in order. */
  stored(put: PutEntry): void
  /** It is on the disk that these are done; `held` of them were held until now. */
  taken(ranges: readonly EventRange[], held: number): void
  /** Events with these numbers will never be. */
  voided(range: EventRange): void
  /** A segment was closed, or its state is on the disk. */
  settled(): void
  /** No name leads to the file of this segment; it is open, and nothing is written to it any more. */
  deserted(segment: Segment): void
}

/** Where frames must end: takes may use the room that puts leave them. */
export function limitOf(segment: Segment, kind: 'put' | 'take'): number {
  const end = sealPosition(segment)
  if (kind === 'take') return end
  return segment.reserve ? 0 : end - Math.min(MEBIBYTE, Math.floor(segment.size / TAKE_SHARE))
}
