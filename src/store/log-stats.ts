import { BLOCK_BYTES } from './frame.ts'
import type { LogLosses } from './log-losses.ts'
import type { DurableLogStats } from './log-options.ts'
import type { SegmentPool } from './segment-pool.ts'
import { bytesOnDisk, type Segment } from './segment.ts'
import type { SyncTimes } from './sync-times.ts'

/** What the figures of a log are made of. */
export interface StatsParts extends Pick<
  DurableLogStats,
  'memoryBytes' | 'recoveredEvents' | 'givenUpEvents' | 'putErrors' | 'takeErrors' | 'unhealthy'
> {
  readonly times: SyncTimes
  readonly segments: readonly Segment[]
  readonly pool: SegmentPool
  readonly losses: LogLosses
  /** Whether a start reads sealed segments too. */
  readonly verify: boolean
  readonly replayBytesPerMs: number
}

/** The figures of a log. */
export function logStats(parts: StatsParts): DurableLogStats {
  const { times, segments, pool, losses } = parts
  const live = segments.reduce((sum, segment) => sum + segment.end, 0)
  const read = parts.verify
    ? live
    : segments.reduce((sum, { sealed, end }) => sum + (sealed ? 2 * BLOCK_BYTES : end), 0)
  const { p50, p99 } = times.timer.read()
  return {
    syncP50Ms: p50,
    syncP99Ms: p99,
    transactionsPerSync: times.syncs === 0 ? 0 : times.transactions / times.syncs,
    syncs: times.syncs,
    segments: segments.length,
    freeSegments: pool.freeFiles,
    bytesOnDisk: segments.reduce((sum, segment) => sum + bytesOnDisk(segment), pool.spareBytes),
    memoryBytes: parts.memoryBytes,
    estimatedReplayMs: Math.ceil(read / parts.replayBytesPerMs),
    recoveredEvents: parts.recoveredEvents,
    skippedEvents: losses.events,
    skippedParts: losses.parts,
    givenUpEvents: parts.givenUpEvents,
    returnedEvents: 0,
    skipped: losses.first,
    putErrors: parts.putErrors,
    takeErrors: parts.takeErrors,
    unhealthy: parts.unhealthy
  }
}
