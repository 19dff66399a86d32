import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineSerializer, type Resolution } from '../../../core/component.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { FakeFileSystem } from '../../../testing/fake-file-system.ts'
import { settled } from '../../../testing/fake-clock.ts'
import definition from './hdfs.ts'
import { HdfsSink } from './hdfs-sink.ts'

const NOW = 1_700_000_000_000
const never = new AbortController().signal

const lines = defineSerializer({
  type: 'text',
  stability: 'stable',
  summary: 'Lines.',
  settings: {},
  create: () => ({
    write: batch => [Buffer.from([...batch].map(({ text }) => `${text}\n`).join(''))],
    flush: () => [],
    end: () => []
  })
})

const resolved = (): Resolution => ({ status: 'found', definition: lines })
const NO_ROLL = { 'hdfs.rollInterval': '0', 'hdfs.rollSize': '0', 'hdfs.rollCount': '0' }
const TEXT = { 'hdfs.fileType': 'DataStream', ...NO_ROLL }

async function started(properties: Record<string, string> = {}, find: () => Resolution = resolved) {
  const context = fakeSinkContext()
  const store = new FakeFileSystem({ now: () => context.clock.now() })
  const given = { 'hdfs.path': '/data', ...TEXT, ...properties }
  const sink = new HdfsSink(settingsOf(definition, given, find), context, async path => ({
    fileSystem: store,
    path
  }))
  await sink.start()
  const deliver = (...texts: string[]) => sink.deliver(batchOf(texts), never)
  return { context, store, sink, deliver }
}

test('eight events with rollCount 3 make files of 3, 3 and 2, the last one open', async () => {
  const { store, deliver } = await started({ 'hdfs.rollCount': '3' })

  await deliver(...'abcdefgh')
  await settled()

  assert.deepEqual(store.texts, {
    [`/data/FlumeData.${NOW + 1}`]: 'a\nb\nc\n',
    [`/data/FlumeData.${NOW + 2}`]: 'd\ne\nf\n',
    [`/data/FlumeData.${NOW + 3}.tmp`]: 'g\nh\n'
  })
})

test('a full file stays open until the next event', async () => {
  const { store, deliver } = await started({ 'hdfs.rollCount': '2' })

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
  const { store, deliver } = await started({ 'hdfs.rollSize': '4' })

  await deliver('aa', 'bb', 'cc')
  await settled()

  assert.deepEqual(Object.values(store.texts), ['aa\nbb\n', 'cc\n'])
})

test('rollInterval completes a file without traffic; the next event begins a new count', async () => {
  const { store, deliver, context } = await started({ 'hdfs.rollInterval': '30' })

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

test('a rollInterval beyond what timers take does not fire early', async () => {
  const { store, deliver, context } = await started({ 'hdfs.rollInterval': '3000000' })

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
  const { store, deliver, context } = await started({ 'hdfs.idleTimeout': '10' })

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
  const { store, sink, context, deliver } = await started({ 'hdfs.rollInterval': '5' })
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
