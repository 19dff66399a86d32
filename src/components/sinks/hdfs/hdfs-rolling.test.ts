import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf } from '../../../testing/fake-context.ts'
import { settled } from '../../../testing/fake-clock.ts'
import { never, NOW, startedSink } from './testing/started-sink.ts'

test('eight events with rollCount 3 make files of 3, 3 and 2, the last one open', async () => {
  const { store, deliver } = await startedSink({ 'hdfs.rollCount': '3' })

  await deliver(...'abcdefgh')
  await settled()

  assert.deepEqual(store.texts, {
    [`/data/FlumeData.${NOW + 1}`]: 'a\nb\nc\n',
    [`/data/FlumeData.${NOW + 2}`]: 'd\ne\nf\n',
    [`/data/FlumeData.${NOW + 3}.tmp`]: 'g\nh\n'
  })
})

test('a full file stays open until the next event', async () => {
  const { store, deliver } = await startedSink({ 'hdfs.rollCount': '2' })

  await deliver('a', 'b')
  const before = Object.keys(store.files)
  await deliver('c')
  await settled()

  assert.deepEqual(before, [`/data/FlumeData.${NOW + 1}.tmp`])
  assert.deepEqual(store.texts, {
    [`/data/FlumeData.${NOW + 1}`]: 'a\nb\n',
    [`/data/FlumeData.${NOW + 2}.tmp`]: 'c\n'
  })
})

test('rollSize counts body bytes only', async () => {
  const { store, deliver } = await startedSink({ 'hdfs.rollSize': '4' })

  await deliver('aa', 'bb', 'cc')
  await settled()

  assert.deepEqual(Object.values(store.texts), ['aa\nbb\n', 'cc\n'])
})

test('rollInterval completes a file without traffic; the next event begins a new count', async () => {
  const { store, deliver, context } = await startedSink({ 'hdfs.rollInterval': '30' })

  await deliver('a')
  await context.clock.advance(29_999)
  const early = Object.keys(store.files)
  await context.clock.advance(1)
  await deliver('b')

  assert.deepEqual(early, [`/data/FlumeData.${NOW + 1}.tmp`])
  assert.deepEqual(store.texts, {
    [`/data/FlumeData.${NOW + 1}`]: 'a\n',
    [`/data/FlumeData.${NOW + 30_001}.tmp`]: 'b\n'
  })
})

for (const setting of ['hdfs.rollInterval', 'hdfs.idleTimeout'] as const) {
  test(`${setting} does not follow a clock that is set back or forward`, async () => {
    const { store, deliver, context } = await startedSink({ [setting]: '30' })

    await deliver('a')
    context.clock.set(NOW + 3_600_000)
    await context.clock.advance(29_999)
    const early = Object.keys(store.files)
    context.clock.set(NOW - 3_600_000)
    await context.clock.advance(1)

    assert.deepEqual(early, [`/data/FlumeData.${NOW + 1}.tmp`])
    assert.deepEqual(Object.keys(store.files), [`/data/FlumeData.${NOW + 1}`])
  })
}

test('a file that was taken over is noticed although the clock was set back', async () => {
  const { store, deliver, context } = await startedSink()
  await deliver('a')
  context.clock.set(NOW - 3_600_000)
  await context.clock.advance(15_000)
  await store.rename(`/data/FlumeData.${NOW + 1}.tmp`, `/data/FlumeData.${NOW + 1}`)

  await deliver('b')

  assert.deepEqual(Object.values(store.texts), ['a\n', 'b\n'])
})

test('a rollInterval beyond what timers take does not fire early', async () => {
  const { store, deliver, context } = await startedSink({ 'hdfs.rollInterval': '3000000' })

  await deliver('a')
  await context.clock.advance(2_999_999_000)
  const early = Object.keys(store.files)
  await context.clock.advance(1000)

  assert.deepEqual(
    [early, Object.keys(store.files)],
    [[`/data/FlumeData.${NOW + 1}.tmp`], [`/data/FlumeData.${NOW + 1}`]]
  )
})

test('idleTimeout counts from the last flush', async () => {
  const { store, deliver, context } = await startedSink({ 'hdfs.idleTimeout': '10' })

  await deliver('a')
  await context.clock.advance(6000)
  await deliver('b')
  await context.clock.advance(9999)
  const early = Object.keys(store.files)
  await context.clock.advance(1)

  assert.deepEqual(early, [`/data/FlumeData.${NOW + 1}.tmp`])
  assert.deepEqual(store.texts, { [`/data/FlumeData.${NOW + 1}`]: 'a\nb\n' })
})

test('a timer that fires during a delivery waits for its end', async () => {
  const { store, sink, context, deliver } = await startedSink({ 'hdfs.rollInterval': '5' })
  await deliver('a')
  const release = store.hang('hflush')

  const delivery = sink.deliver(batchOf(['b']), never)
  await context.clock.advance(5000)
  const during = Object.keys(store.files)
  release()
  await delivery

  assert.deepEqual(during, [`/data/FlumeData.${NOW + 1}.tmp`])
  assert.deepEqual(store.texts, { [`/data/FlumeData.${NOW + 1}`]: 'a\nb\n' })
})
