import type { EventBatch } from '../../../core/batch.ts'
import { defineSerializer } from '../../../core/component.ts'
import type { EventSerializer } from '../../../core/contracts.ts'
import { flag } from '../../../core/schema.ts'

const NEWLINE = 0x0a

export default defineSerializer({
  type: 'text',
  classes: [
    'org.apache.flume.serialization.BodyTextEventSerializer$Builder',
    'org.apache.flume.serialization.BodyTextEventSerializer'
  ],
  stability: 'stable',
  summary: 'Writes the bodies of events, one to a line; headers are left out.',
  settings: {
    appendNewline: flag('appendNewline', { doc: 'Puts a newline behind each body.', default: true })
  },
  create: ({ appendNewline }) => appendNewline ? LINES : BODIES
})

const NOTHING: readonly Buffer[] = []

/** Bodies with a newline behind each. Lines as they were received are one range of the slab and are not copied. */
const LINES: EventSerializer = {
  write: batch => batch.isSeparatedBy(NEWLINE) ? [receivedLines(batch)] : batch.length === 0 ? NOTHING : [gatherLines(batch)],
  flush: () => NOTHING,
  end: () => NOTHING
}

/** Bodies and nothing else. */
const BODIES: EventSerializer = {
  write: batch => batch.bodyBytes === 0 ? NOTHING : [gatherBodies(batch)],
  flush: () => NOTHING,
  end: () => NOTHING
}

function receivedLines ({ slab, starts, ends }: EventBatch): Buffer {
  return slab.subarray(starts[0], (ends[ends.length - 1] ?? 0) + 1)
}

/** One copy for each run of bodies that stand in the slab as lines already; 50 ns for an event on its own. */
function gatherLines (batch: EventBatch): Buffer {
  const { slab, starts, ends } = batch
  const out = Buffer.allocUnsafeSlow(batch.bodyBytes + batch.length)
  let at = 0
  for (let i = 0; i < batch.length; i++) {
    const from = starts[i] ?? 0
    let end = ends[i] ?? 0
    while (starts[i + 1] === end + 1 && slab[end] === NEWLINE) end = ends[++i] ?? 0
    at = copyRange(slab, from, end, out, at)
    out[at++] = NEWLINE
  }
  return out
}

/** One copy for each run of bodies that stand in the slab back to back. */
function gatherBodies (batch: EventBatch): Buffer {
  const { slab, starts, ends } = batch
  const out = Buffer.allocUnsafeSlow(batch.bodyBytes)
  let at = 0
  for (let i = 0; i < batch.length; i++) {
    const from = starts[i] ?? 0
    let end = ends[i] ?? 0
    while (starts[i + 1] === end) end = ends[++i] ?? 0
    at = copyRange(slab, from, end, out, at)
  }
  return out
}

/** Up to this length a loop is faster than Buffer.copy. */
const SHORT_BYTES = 24

function copyRange (slab: Buffer, from: number, end: number, out: Buffer, at: number): number {
  if (end - from > SHORT_BYTES) return at + slab.copy(out, at, from, end)
  let to = at
  for (let i = from; i < end; i++) out[to++] = slab[i] ?? 0
  return to
}
