import type { EventBatch } from '../../../core/batch.ts'

/** When a file is full; 0 and below mean never. */
export interface RollLimits {
  readonly events: number
  /** Body bytes: no newlines, headers or framing, before compression. */
  readonly bytes: number
}

/** What a file holds. */
export interface Fill {
  readonly events: number
  readonly bytes: number
}

/**
 * Index behind the last of the events from `from` on that still go into a file filled like this; `from` itself
 * when it is full. A limit is looked at before each event, so the event that reaches it is still taken.
 */
export function roomFor(limits: RollLimits, fill: Fill, batch: EventBatch, from: number): number {
  const left = limits.events > 0 ? Math.max(limits.events - fill.events, 0) : Infinity
  const end = Math.min(batch.length, from + left)
  if (limits.bytes <= 0 || fill.bytes + batch.bodyBytes < limits.bytes) return end
  let bytes = fill.bytes
  let at = from
  while (at < end && bytes < limits.bytes) bytes += batch.size(at++)
  return at
}
