import type { EventBatch } from '../core/batch.ts'

const MOST_PARTS = 0xffff

/** Where the parts of a put end, so that none is much larger than `partBytes`, single events aside. */
export function cutPut(batch: EventBatch, partBytes: number): readonly number[] {
  const headerBytes = batch.headers.bytes / Math.max(1, batch.length)
  const total = batch.bodyBytes + batch.length * (5 + headerBytes)
  if (total <= partBytes) return [batch.length]
  const limit = Math.max(partBytes, total / (MOST_PARTS / 2))
  const cuts: number[] = []
  let bytes = 0
  for (let i = 0; i < batch.length; i++) {
    const size = 5 + headerBytes + (batch.ends[i] ?? 0) - (batch.starts[i] ?? 0)
    if (bytes > 0 && bytes + size > limit) {
      cuts.push(i)
      bytes = 0
    }
    bytes += size
  }
  cuts.push(batch.length)
  return cuts
}
