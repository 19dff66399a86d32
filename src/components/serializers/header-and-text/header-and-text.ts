import type { EventBatch } from '../../../core/batch.ts'
import { defineSerializer } from '../../../core/component.ts'
import type { HeaderPairs } from '../../../core/headers.ts'
import { flag } from '../../../core/schema.ts'

const NEWLINE = 0x0a

export default defineSerializer({
  type: 'header_and_text',
  classes: ['org.apache.flume.serialization.HeaderAndBodyTextEventSerializer$Builder'],
  stability: 'stable',
  summary: 'Writes headers and body of events as text: {name=value, name2=value2} body.',
  settings: {
    appendNewline: flag('appendNewline', { doc: 'Puts a newline behind each body.', default: true })
  },
  create: ({ appendNewline }) => ({
    write: batch => (batch.length === 0 ? [] : [encode(batch, appendNewline)]),
    flush: () => [],
    end: () => []
  })
})

/** Headers in the order in which they were added, UTF-8. Equal headers of neighbours are put together once. */
function encode(batch: EventBatch, appendNewline: boolean): Buffer {
  const heads = headsOf(batch)
  let bytes = batch.bodyBytes + (appendNewline ? batch.length : 0)
  for (const head of heads) bytes += head.length
  const out = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (let i = 0; i < batch.length; i++) {
    at += heads[i]?.copy(out, at) ?? 0
    at = batch.copyTo(i, out, at)
    if (appendNewline) out[at++] = NEWLINE
  }
  return out
}

const NO_HEADERS = Buffer.from('{} ')

function headsOf(batch: EventBatch): Buffer[] {
  const heads = new Array<Buffer>(batch.length).fill(NO_HEADERS)
  if (batch.headers.empty) return heads
  let last: HeaderPairs | undefined
  let head = NO_HEADERS
  for (let i = 0; i < batch.length; i++) {
    const pairs = batch.headers.pairs(i)
    if (pairs !== last)
      head = Buffer.from(`{${pairs.map(([name, value]) => `${name}=${value}`).join(', ')}} `)
    last = pairs
    heads[i] = head
  }
  return heads
}
