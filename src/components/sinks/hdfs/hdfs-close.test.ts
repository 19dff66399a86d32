import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentError } from '../../../core/errors.ts'
import { settled } from '../../../testing/fake-clock.ts'
import { batchOf } from '../../../testing/fake-context.ts'
import type { FileOperation } from '../../../testing/fake-file-system.ts'
import { never, NOW, sinkOn, startedSink } from './testing/started-sink.ts'

test('a failed close is tried again every retryInterval while delivery goes on', async () => {
  const { context, store, deliver } = await startedSink({ 'hdfs.rollCount': '1', 'hdfs.retryInterval': '60' })
  store.fail('close', { times: 2 })

  await deliver('a')
  await deliver('b')
  await settled()
  const before = Object.keys(store.files)
  await context.clock.advance(60_000)
  const between = Object.keys(store.files)
  await context.clock.advance(60_000)

  assert.deepEqual(before, [`/data/FlumeData.${NOW + 1}.tmp`, `/data/FlumeData.${NOW + 2}.tmp`])
  assert.deepEqual(between, before)
  assert.deepEqual(Object.keys(store.files), [`/data/FlumeData.${NOW + 1}`, `/data/FlumeData.${NOW + 2}.tmp`])
})

test('after closeTries failed closes the lease is recovered and the file renamed', async () => {
  const { context, store, deliver } = await startedSink({
    'hdfs.rollCount': '1',
    'hdfs.retryInterval': '60',
    'hdfs.closeTries': '2'
  })
  store.fail('close', { times: 2 })

  await deliver('a')
  await deliver('b')
  await context.clock.advance(60_000)

  assert.ok(store.calls.includes(`recoverLease /data/FlumeData.${NOW + 1}.tmp`))
  assert.ok(Object.keys(store.files).includes(`/data/FlumeData.${NOW + 1}`))
})

test('a failed rename is tried again, closeTries times at most, then reported', async () => {
  const { context, store, deliver } = await startedSink({
    'hdfs.rollCount': '1',
    'hdfs.retryInterval': '60',
    'hdfs.closeTries': '3'
  })
  store.fail('rename', { times: 3 })

  await deliver('a')
  await deliver('b')
  await context.clock.advance(200_000)

  assert.equal(store.calls.filter(call => call.startsWith('rename')).length, 3)
  assert.deepEqual(context.log.messages('error'), [
    'Unsuccessfully attempted to rename a file. It keeps its in-use name.'
  ])
})

test('a final name that is taken is not overwritten', async () => {
  const { store, sink, deliver } = await startedSink()
  store.put(`/data/FlumeData.${NOW + 1}`, 'older')

  await deliver('a')
  await sink.stop()

  const { [`/data/FlumeData.${NOW + 1}`]: older, ...others } = store.texts
  assert.deepEqual([older, Object.values(others)], ['older', ['a\n']])
})

test('an in-use name that is taken is not overwritten', async () => {
  const { store, deliver } = await startedSink()
  store.put(`/data/FlumeData.${NOW + 1}.tmp`, 'somebody')

  await deliver('a')

  assert.deepEqual(store.texts, {
    [`/data/FlumeData.${NOW + 1}.tmp`]: 'somebody',
    [`/data/FlumeData.${NOW + 2}.tmp`]: 'a\n'
  })
})

test("two sinks with the same path, prefix and instant do not touch each other's files", async () => {
  const { context, store, sink, deliver } = await startedSink({ 'hdfs.rollCount': '1' })
  const other = sinkOn(store, context, { 'hdfs.rollCount': '1' })
  await other.start()

  for (const text of ['a', 'b', 'c']) {
    await deliver(text)
    await other.deliver(batchOf([text.toUpperCase()]), never)
  }
  await sink.stop()
  await other.stop()

  assert.deepEqual(Object.values(store.texts).sort(), ['A\n', 'B\n', 'C\n', 'a\n', 'b\n', 'c\n'])
  assert.ok(Object.keys(store.files).every(name => /^\/data\/FlumeData\.\d{13}$/.test(name)))
})

test('a rename whose answer was lost counts as done', async () => {
  const { context, store, sink, deliver } = await startedSink()
  await deliver('a')
  const [open] = Object.keys(store.files)
  store.take(open ?? '')
  store.put(`/data/FlumeData.${NOW + 1}`, 'a\n')

  await sink.stop()

  assert.deepEqual([context.log.messages('error'), context.log.messages('info')], [[], ['Rolled a file.']])
})

test('an in-use file that vanished is reported', async () => {
  const { context, store, sink, deliver } = await startedSink()
  await deliver('a')
  store.take(`/data/FlumeData.${NOW + 1}.tmp`)

  await sink.stop()

  assert.deepEqual(context.log.messages('error'), [
    'An in-use file is gone: something else moved or deleted it.'
  ])
})

test('after a pause a file that somebody took over is not written to any more', async () => {
  const { context, store, deliver } = await startedSink()
  await deliver('a')
  await context.clock.advance(15_000)
  await store.rename(`/data/FlumeData.${NOW + 1}.tmp`, `/data/FlumeData.${NOW + 1}`)

  await deliver('b')

  assert.deepEqual(store.texts, {
    [`/data/FlumeData.${NOW + 1}`]: 'a\n',
    [`/data/FlumeData.${NOW + 2}.tmp`]: 'b\n'
  })
})

test('a store that cannot say whether the open file is there is no reason to stop writing', async () => {
  const { context, store, deliver } = await startedSink()
  await deliver('a')
  await context.clock.advance(15_000)
  store.fail('stat', { kind: 'unreachable' })

  await deliver('b')

  assert.deepEqual(Object.values(store.texts), ['a\nb\n'])
})

test('stop tries what failed once more, at once, and names what is left', async () => {
  const { context, store, sink, deliver } = await startedSink({ 'hdfs.path': '/%{b}' })
  await sink.deliver(batchOf(['x'], { b: 'x' }), never)
  await deliver('y')
  store.fail('rename', { times: 3 })

  await sink.stop()

  const names = Object.keys(store.files)
  assert.equal(names.filter(name => name.endsWith('.tmp')).length, 1)
  const left = context.log.lines.find(({ message }) => message.startsWith('Some files could not'))
  assert.deepEqual(
    left?.facts['files'],
    names.filter(name => name.endsWith('.tmp'))
  )
})

for (const operation of ['close', 'rename', 'write'] as const satisfies readonly FileOperation[]) {
  test(`stop ends in bounded time while ${operation} hangs`, async () => {
    const { context, store, sink, deliver } = await startedSink()
    await deliver('a')
    const release = store.hang(operation)
    const ending = new AbortController()
    const delivery = operation === 'write' ? sink.deliver(batchOf(['b']), ending.signal) : Promise.resolve()
    ending.abort()
    await delivery.catch((error: AgentError) => assert.equal(error.code, 'ERR_STOPPED'))

    const stopping = sink.stop()
    await context.clock.advance(10_000)
    await stopping

    assert.deepEqual(context.log.messages('warn'), [
      'Some files could not be completed. They keep their in-use names.'
    ])
    release()
    await settled()
  })
}
