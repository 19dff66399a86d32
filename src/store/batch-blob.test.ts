import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BatchBuilder } from '../core/batch-builder.ts'
import type { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import { batchOf } from '../testing/fake-context.ts'
import { decodeBatch, encodeBatch } from './batch-blob.ts'

const event = fc.record({
  body: fc.uint8Array({ maxLength: 40 }),
  headers: fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), { maxLength: 3 })
})

function batchFrom(events: readonly { body: Uint8Array; headers: [string, string][] }[]): EventBatch {
  const builder = new BatchBuilder()
  for (const { body, headers } of events) builder.add(body, Object.fromEntries(headers))
  return builder.build()
}

function eventsOf(batch: EventBatch) {
  return [...batch].map(({ body, headers }) => ({ body: body.toString('hex'), headers: [...headers] }))
}

test('what was encoded comes back, whatever bodies and headers hold', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), events => {
      const batch = batchFrom(events)

      assert.deepEqual(eventsOf(decodeBatch(encodeBatch(batch))), eventsOf(batch))
    })
  )
})

test('headers that all events share are written once', () => {
  const shared = batchOf(['a', 'b']).withHeader('host', 'x'.repeat(1000))

  assert.ok(encodeBatch(shared).length < 1100)
})

test('other bytes are refused, never believed', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 5 }), fc.nat(), fc.nat(255), (events, place, byte) => {
      const blob = encodeBatch(batchFrom(events))
      blob[place % blob.length] = byte

      try {
        for (const view of decodeBatch(blob)) assert.ok(view.size <= blob.length)
      } catch (error) {
        assert.ok(error instanceof AgentError && error.code === 'ERR_FORMAT', String(error))
      }
    })
  )
})

test('bytes that end early are refused', () => {
  const blob = encodeBatch(batchOf(['a', 'b'], { n: '1' }))

  for (let length = 0; length < blob.length; length++) {
    assert.throws(() => decodeBatch(blob.subarray(0, length)), { code: 'ERR_FORMAT' })
  }
})
