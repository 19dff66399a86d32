import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchBuilder } from '../../../core/batch-builder.ts'
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

test('a file that the store holds is asked for every ten seconds, and renamed once it is free', async () => {
  const { context, store, deliver } = await startedSink({ 'hdfs.rollCount': '1', 'hdfs.closeTries': '1' })
  store.fail('close', { kind: 'held', times: 3 })

  await deliver('a')
  await deliver('b')
  const renames: boolean[] = []
  for (let i = 0; i < 4; i++) {
    renames.push(store.calls.some(call => call.startsWith('rename')))
    await context.clock.advance(10_000)
  }

  assert.deepEqual(renames, [false, false, false, true])
  assert.equal(context.log.messages('info').filter(line => line.startsWith('A file is still held')).length, 1)
  assert.deepEqual(context.log.messages('warn'), [])
})

test('a file is not renamed before its lease is recovered, however long that takes', async () => {
  const { context, store, deliver } = await startedSink({
    'hdfs.rollCount': '1',
    'hdfs.retryInterval': '60',
    'hdfs.closeTries': '1'
  })
  store.fail('close')
  store.fail('recoverLease', { kind: 'unreachable' })
  store.leaseHeld = true

  await deliver('a')
  await deliver('b')
  await context.clock.advance(600_000)
  const before = Object.keys(store.files)
  store.leaseHeld = false
  await context.clock.advance(60_000)

  assert.deepEqual(before, [`/data/FlumeData.${NOW + 1}.tmp`, `/data/FlumeData.${NOW + 2}.tmp`])
  assert.deepEqual(Object.keys(store.files), [`/data/FlumeData.${NOW + 1}`, `/data/FlumeData.${NOW + 2}.tmp`])
  assert.equal(store.calls.filter(call => call.startsWith('rename')).length, 1)
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

  assert.deepEqual(context.log.messages('error'), [])
  assert.equal(context.log.lines.at(-1)?.facts['reason'], 'taken over')
})

test('a file that somebody else gave another final name, or fewer bytes, is reported', async () => {
  const { context, store, sink, deliver } = await startedSink()
  await deliver('a')
  store.take(`/data/FlumeData.${NOW + 1}.tmp`)
  store.put(`/data/FlumeData.${NOW + 1}`, 'a')

  await sink.stop()

  assert.deepEqual(context.log.messages('error'), [
    'An in-use file is gone: something else moved or deleted it.'
  ])
})

test("the lines that Flume's users look for are in the log", async () => {
  const { context, store, sink, deliver } = await startedSink()

  await deliver('a')
  await sink.stop()

  const path = `${store.uri}/data/FlumeData.${NOW + 1}`
  assert.deepEqual(context.log.messages('info'), [
    `Creating ${path}.tmp`,
    `Closing ${path}.tmp`,
    `Renaming ${path}.tmp to ${path}`,
    'Rolled a file.'
  ])
})

for (const operation of ['close', 'rename', 'recoverLease', 'stat'] as const satisfies FileOperation[]) {
  test(`a warning about ${operation} has the sentence of the store`, async () => {
    const { context, store, sink, deliver } = await startedSink({ 'hdfs.closeTries': '1' })
    store.fail(operation, { kind: 'full' })
    if (operation === 'recoverLease') store.fail('close')

    await deliver('a')
    await context.clock.advance(15_000)
    await deliver('b')
    await sink.stop()

    const said = context.log.lines.filter(({ level }) => level !== 'info').map(({ facts }) => facts['reason'])
    assert.ok(said.includes('full'), JSON.stringify(context.log.lines))
  })
}

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

test('a stop while the files of a batch are being opened completes what is written after all', async () => {
  const { store, sink } = await startedSink({ 'hdfs.path': '/%{b}', 'hdfs.threadsPoolSize': '1' })
  const builder = new BatchBuilder()
  for (const b of ['x', 'y']) builder.add(b, { b })
  const release = store.hang('create')
  const delivery = sink.deliver(builder.build(), never)
  await settled()

  const stopped = sink.stop()
  release()
  await Promise.all([delivery, stopped])

  assert.deepEqual(Object.values(store.texts), ['x\n', 'y\n'])
  assert.ok(Object.keys(store.files).every(name => /\/FlumeData\.\d+$/.test(name)))
})

test('files are shown and counted while they are written and closed, and how long the store took', async () => {
  const { context, store, sink, deliver } = await startedSink({ 'hdfs.rollCount': '2' })
  await deliver('a')
  await context.clock.advance(1500)
  const writing = [sink.gauges(), [...sink.details().rows]]
  const release = store.hang('close')
  await deliver('b', 'c')
  await settled()
  await context.clock.advance(500)
  const closing = [sink.gauges(), [...sink.details().rows].map(({ state, events }) => [state, events])]
  release()
  await settled()
  const { count, p99 } = context.timers.StoreCallMillis.read()
  await sink.stop()

  const name = `${store.uri}/data/FlumeData.${NOW + 1}.tmp`
  assert.deepEqual(writing, [
    { OpenFileCount: 1, ClosingFileCount: 0 },
    [{ name, state: 'writing', events: 1, bytes: 2, openMillis: 1500 }]
  ])
  assert.deepEqual(closing, [
    { OpenFileCount: 1, ClosingFileCount: 1 },
    [
      ['writing', 1],
      ['closing', 2]
    ]
  ])
  assert.deepEqual([p99, count > 5, sink.gauges()], [500, true, { OpenFileCount: 0, ClosingFileCount: 0 }])
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
