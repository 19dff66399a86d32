import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBatch } from '../../../core/batch.ts'
import { batchOf, fakeSourceContext } from '../../../testing/fake-context.ts'
import processor from './default.ts'

const never = new AbortController().signal

test('the only sink gets every batch', async () => {
  const delivered: EventBatch[] = []
  const sink = { name: 'k1', deliver: async (batch: EventBatch) => void delivered.push(batch) }
  const batch = batchOf(['a'])

  await processor.create({}, { ...fakeSourceContext(), sinks: [sink] }).deliver(batch, never)

  assert.deepEqual(delivered, [batch])
})

test('a failure of the sink reaches the engine', async () => {
  const sink = { name: 'k1', deliver: () => Promise.reject(new Error('down')) }
  const { deliver } = processor.create({}, { ...fakeSourceContext(), sinks: [sink] })

  await assert.rejects(deliver(batchOf(['a']), never), { message: 'down' })
})

test('two sinks are refused', () => {
  const sink = { name: 'k1', deliver: async () => {} }

  assert.throws(() => processor.create({}, { ...fakeSourceContext(), sinks: [sink, sink] }), {
    code: 'ERR_CONFIG'
  })
})
