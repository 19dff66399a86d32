import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BatchBuilder } from '../../../core/batch-builder.ts'
import { AgentError } from '../../../core/errors.ts'
import { settled } from '../../../testing/fake-clock.ts'
import { batchOf } from '../../../testing/fake-context.ts'
import type { FileOperation } from '../../../testing/fake-file-system.ts'
import { never, NOW, startedSink } from './testing/started-sink.ts'

const IO_ERROR = { code: 'ERR_DELIVERY', message: 'HDFS IO error' }

test('a failed open rejects softly, leaves nothing and counts twice; the next attempt has the next number', async () => {
  const { context, store, deliver } = await startedSink()
  store.fail('create', { kind: 'unreachable' })

  await assert.rejects(deliver('a'), IO_ERROR)
  await deliver('a')

  assert.equal(context.counters.ConnectionFailedCount, 2)
  assert.deepEqual(store.texts, { [`/data/FlumeData.${NOW + 2}.tmp`]: 'a\n' })
})

test('a failed write completes the file with what was flushed; the batch goes to a new one', async () => {
  const { store, deliver } = await startedSink()
  await deliver('a')
  store.fail('write')

  await assert.rejects(deliver('b'), IO_ERROR)
  await deliver('b')

  assert.deepEqual(store.texts, {
    [`/data/FlumeData.${NOW + 1}`]: 'a\n',
    [`/data/FlumeData.${NOW + 2}.tmp`]: 'b\n'
  })
})

for (const operation of ['write', 'hflush'] as const) {
  test(`when the first ${operation} of a file fails, no file is left at all`, async () => {
    const { store, deliver } = await startedSink()
    store.fail(operation)

    await assert.rejects(deliver('a'), IO_ERROR)
    await settled()

    assert.deepEqual(store.texts, {})
    assert.equal(store.open, 0)
  })
}

test('a full disk rejects batches until there is room, and nothing acknowledged is lost', async () => {
  const { store, sink, deliver } = await startedSink()
  store.capacity = 10
  const delivered: string[] = []

  for (let i = 0; i < 10; i++) {
    if (i === 8) store.capacity = Infinity
    try {
      await deliver(`line${i}`)
      delivered.push(`line${i}`)
    } catch (error) {
      assert.ok(error instanceof AgentError && error.facts['kind'] === 'full')
    }
  }
  await sink.stop()

  const written = Object.values(store.texts).join('\n').split('\n')
  assert.deepEqual(
    delivered.filter(line => !written.includes(line)),
    []
  )
  assert.deepEqual(delivered.slice(-2), ['line8', 'line9'])
  assert.ok(Object.values(store.files).every(content => content.length > 0))
})

test('one bucket that fails does not keep the others from being flushed', async () => {
  const { store, sink } = await startedSink({ 'hdfs.path': '/%{b}', 'hdfs.threadsPoolSize': '1' })
  store.fail('create')
  const both = batchOf(['x'], { b: 'x' })
  await assert.rejects(sink.deliver(both, never), IO_ERROR)
  await sink.deliver(batchOf(['y'], { b: 'y' }), never)

  store.crash()

  assert.deepEqual(Object.values(store.texts), ['y\n'])
})

test('a call that hangs is given up after callTimeout', async () => {
  const { context, store, deliver } = await startedSink({ 'hdfs.callTimeout': '500' })
  await deliver('a')
  const release = store.hang('write')

  const rejected = assert.rejects(deliver('b'), (error: AgentError) => {
    assert.deepEqual([error.code, error.facts['timeoutMs']], ['ERR_DELIVERY', 500])
    assert.match(String(error.facts['reason']), /^Callable timed out after 500 ms on file: \/data\/FlumeData/)
    return true
  })
  await context.clock.advance(500)
  await rejected
  release()
  await settled()

  assert.ok(Object.keys(store.files).includes(`/data/FlumeData.${NOW + 1}`))
})

test('a file that is created after its call was given up is deleted', async () => {
  const { context, store, deliver } = await startedSink({ 'hdfs.callTimeout': '500' })
  const release = store.hang('create')

  const rejected = assert.rejects(deliver('b'), IO_ERROR)
  await context.clock.advance(500)
  await rejected
  release()
  await settled()

  assert.deepEqual([store.texts, store.open], [{}, 0])
})

test('callTimeout 0 waits for ever', async () => {
  const { context, store, deliver } = await startedSink({ 'hdfs.callTimeout': '0' })
  const release = store.hang('hflush')

  const delivery = deliver('a')
  await context.clock.advance(1e9)
  release()
  await delivery

  assert.equal(context.counters.ConnectionFailedCount, 0)
})

test('an event without the timestamp that the path needs is refused as it is', async () => {
  const { store, deliver } = await startedSink({ 'hdfs.path': '/%Y' })

  await assert.rejects(deliver('a'), { code: 'ERR_BAD_EVENT' })

  assert.deepEqual(store.texts, {})
})

test('a sink that is not running refuses', async () => {
  const { sink, deliver } = await startedSink()
  await sink.stop()

  await assert.rejects(deliver('a'), { code: 'ERR_STOPPED' })
})

test('whatever fails, every acknowledged event is in a file, flushed', async () => {
  const operations = ['create', 'write', 'hflush', 'close', 'rename', 'delete'] as const
  for (const operation of operations) {
    for (let after = 0; after < 6; after++) {
      const { store, sink, deliver, context } = await startedSink({
        'hdfs.rollCount': '3',
        'hdfs.retryInterval': '1'
      })
      store.fail(operation, { after, times: 2 })
      const acknowledged: string[] = []

      for (let i = 0; i < 8; i++) {
        const texts = [`${i}a`, `${i}b`]
        await deliver(...texts).then(
          () => acknowledged.push(...texts),
          () => {}
        )
        await context.clock.advance(400)
      }
      store.crash()

      const written = Object.values(store.texts).join('').split('\n')
      assert.deepEqual(
        acknowledged.filter(text => !written.includes(text)),
        [],
        `${operation} after ${after}`
      )
      await sink.stop()
      assert.deepEqual(
        Object.entries(store.texts).filter(([, text]) => text === ''),
        [],
        `${operation} after ${after}`
      )
    }
  }
})

test('no story of failures loses an acknowledged event, leaves a handle open or an empty complete file', async () => {
  const operation = fc.constantFrom<FileOperation>(
    'create',
    'write',
    'hflush',
    'close',
    'rename',
    'delete',
    'stat',
    'recoverLease'
  )
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('deliver' as const),
      buckets: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 6 })
    }),
    fc.record({
      kind: fc.constant('fail' as const),
      operation,
      times: fc.integer({ min: 1, max: 3 }),
      error: fc.constantFrom('other', 'unreachable', 'exists')
    }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(10, 1000, 20_000) })
  )
  const settings = fc.record({
    'hdfs.rollCount': fc.constantFrom('0', '1', '3'),
    'hdfs.idleTimeout': fc.constantFrom('0', '2'),
    'hdfs.maxOpenFiles': fc.constantFrom('1', '2', '5000'),
    'hdfs.closeTries': fc.constantFrom('0', '2'),
    'hdfs.retryInterval': fc.constant('1')
  })

  await fc.assert(
    fc.asyncProperty(settings, fc.array(step, { maxLength: 25 }), async (properties, steps) => {
      const { store, sink, context } = await startedSink({ ...properties, 'hdfs.path': '/%{b}' })
      const acknowledged: string[] = []
      let number = 0
      for (const next of steps) {
        if (next.kind === 'wait') await context.clock.advance(next.ms)
        else if (next.kind === 'fail') store.fail(next.operation, { times: next.times, kind: next.error })
        else {
          const builder = new BatchBuilder()
          const texts = next.buckets.map(b => {
            builder.add(`<${++number}>`, { b: `b${b}` })
            return `<${number}>`
          })
          await sink.deliver(builder.build(), never).then(
            () => acknowledged.push(...texts),
            () => {}
          )
        }
      }
      store.heal()
      store.crash()
      await sink.stop()

      const written = new Set(Object.values(store.texts).join('').match(/<\d+>/g))
      assert.deepEqual(
        acknowledged.filter(text => !written.has(text)),
        []
      )
      assert.deepEqual(
        Object.entries(store.texts).filter(([name, text]) => text === '' && !name.endsWith('.tmp')),
        []
      )
      if (properties['hdfs.closeTries'] === '0') assert.equal(store.open, 0)
      assert.equal(context.clock.pending, 0)
    }),
    { numRuns: 150 }
  )
})
