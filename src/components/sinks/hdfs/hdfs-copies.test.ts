import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchBuilder } from '../../../core/batch-builder.ts'
import type { EventBatch } from '../../../core/batch.ts'
import type { Sink } from '../../../core/contracts/sink.ts'
import { settled } from '../../../testing/fake-clock.ts'
import type { FakeFileSystem, FileOperation } from '../../../testing/fake-file-system.ts'
import { never, startedSink } from './testing/started-sink.ts'

/** One event for each bucket; another object at each call, as the engine gives it. */
function eventsFor(buckets: readonly string[]): EventBatch {
  const builder = new BatchBuilder()
  for (const bucket of buckets) builder.add(bucket, { bucket })
  return builder.build()
}

async function fails(sink: Sink, buckets: readonly string[], times: number): Promise<void> {
  for (let i = 0; i < times; i++)
    await assert.rejects(sink.deliver(eventsFor(buckets), never), { code: 'ERR_DELIVERY' })
}

/** How often each event is in the files. */
function copiesIn(store: FakeFileSystem): Record<string, number> {
  const copies: Record<string, number> = {}
  for (const line of Object.values(store.texts).join('').split('\n').filter(Boolean))
    copies[line] = (copies[line] ?? 0) + 1
  return copies
}

const NAMES = ['a', 'b', 'c', 'd', 'e']

test('a bucket that cannot be opened keeps the others from being written, and from being written twice', async () => {
  const { store, sink } = await startedSink({ 'hdfs.path': '/%{bucket}' })
  store.fail('create', { kind: 'denied', in: '/c/', times: 13 })

  await fails(sink, NAMES, 13)
  const before = copiesIn(store)
  await sink.deliver(eventsFor(NAMES), never)

  assert.deepEqual([before, copiesIn(store)], [{}, { a: 1, b: 1, c: 1, d: 1, e: 1 }])
})

for (const operation of ['write', 'hflush'] as const satisfies readonly FileOperation[]) {
  test(`a bucket whose ${operation} fails 13 times costs the others one more copy`, async () => {
    const { store, sink } = await startedSink({ 'hdfs.path': '/%{bucket}' })
    store.fail(operation, { kind: 'full', in: '/c/', times: 13 })

    await fails(sink, NAMES, 13)
    await sink.deliver(eventsFor(NAMES), never)
    await settled()

    const { c, ...others } = copiesIn(store)
    assert.deepEqual([c, others], [1, { a: 2, b: 2, d: 2, e: 2 }])
  })
}

test('several buckets that fail for different times cost the others one more copy', async () => {
  const { store, sink } = await startedSink({ 'hdfs.path': '/%{bucket}' })
  store.fail('hflush', { in: '/c/', times: 9 })
  store.fail('hflush', { in: '/d/', times: 3 })
  let failed = 0

  for (let done = false; !done;) {
    done = await sink.deliver(eventsFor(NAMES), never).then(
      () => true,
      () => false
    )
    if (!done) failed += 1
  }
  await settled()

  const copies = copiesIn(store)
  assert.ok(failed >= 9)
  assert.deepEqual([copies['a'], copies['b'], copies['e']], [2, 2, 2])
  assert.ok((copies['c'] ?? 0) <= 2 && (copies['d'] ?? 0) <= 2, JSON.stringify(copies))
})

test('with more buckets than files may be open, one that cannot be opened costs the others one more copy', async () => {
  const { store, sink } = await startedSink({ 'hdfs.path': '/%{bucket}', 'hdfs.maxOpenFiles': '2' })
  store.fail('create', { kind: 'denied', in: '/c/', times: 13 })

  await fails(sink, NAMES, 13)
  await sink.deliver(eventsFor(NAMES), never)
  await settled()

  const { c, ...others } = copiesIn(store)
  assert.equal(c, 1)
  assert.ok(
    Object.values(others).every(copies => copies <= 2),
    JSON.stringify(others)
  )
})

test('a bucket that failed is no suspect any more once a batch went through', async () => {
  const { store, sink } = await startedSink({ 'hdfs.path': '/%{bucket}' })
  store.fail('hflush', { in: '/c/' })
  await fails(sink, NAMES, 1)
  await sink.deliver(eventsFor(NAMES), never)
  store.calls.length = 0

  await sink.deliver(eventsFor(NAMES), never)

  assert.deepEqual(
    store.calls.filter(call => call.startsWith('hflush')).map(call => call.split('/')[1]),
    NAMES
  )
})
