import type { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import type { DurableLogOptions } from './log-options.ts'

const MEBIBYTE = 1024 * 1024
const SEGMENT_BYTES = 64 * MEBIBYTE
const STAGING_BYTES = 4 * MEBIBYTE
const DEPTH = 2
const KEEP_FREE = 4
const MOST_EVENT_BYTES = 1024 * MEBIBYTE

/** The options with their defaults, and what follows from them. */
export type LogOptions = DurableLogOptions &
  Required<Pick<DurableLogOptions, 'segmentBytes' | 'stagingBytes' | 'depth' | 'keepFreeSegments'>> & {
    /** Size of the files kept for a full disk. */
    readonly reserveBytes: number
  }

/** Fills in the defaults. */
export function completeOptions(given: DurableLogOptions): LogOptions {
  const segmentBytes = given.segmentBytes ?? SEGMENT_BYTES
  return {
    ...given,
    segmentBytes,
    stagingBytes: given.stagingBytes ?? STAGING_BYTES,
    depth: given.depth ?? DEPTH,
    keepFreeSegments: given.keepFreeSegments ?? KEEP_FREE,
    reserveBytes: Math.min(segmentBytes, MEBIBYTE)
  }
}

/** Throws ERR_BATCH_TOO_LARGE for a put that a transaction cannot hold. */
export function refuseLong(batch: EventBatch, { transactionCapacity, name }: DurableLogOptions): void {
  if (batch.length <= transactionCapacity) return
  const message =
    `Put queue for FileBackedTransaction of capacity ${transactionCapacity} full, consider ` +
    'committing more frequently, increasing capacity or increasing thread count. ' +
    `[channel=${name}]`
  throw new AgentError('ERR_BATCH_TOO_LARGE', message, { events: batch.length })
}

/** Throws ERR_BATCH_TOO_LARGE for a put that can never succeed, however long it waits. */
export function refuseImpossible(batch: EventBatch): void {
  if (batch.bodyBytes <= MOST_EVENT_BYTES) return
  for (let i = 0; i < batch.length; i++) {
    const bytes = batch.size(i)
    if (bytes > MOST_EVENT_BYTES)
      throw new AgentError('ERR_BATCH_TOO_LARGE', 'An event is larger than 1 GiB.', { bytes })
  }
}

/** For a put that found no room in time. */
export function channelFull(name: string, held: number): AgentError {
  const message =
    "The channel has reached it's capacity. This might be the result of a sink on the channel having too low of batch " +
    'size, a downstream system running slower than normal, or that the channel capacity is just too low. ' +
    `[channel=${name}]`
  return new AgentError('ERR_CHANNEL_FULL', message, { held })
}
