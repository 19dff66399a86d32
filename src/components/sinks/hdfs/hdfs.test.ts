import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBatch } from '../../../core/batch.ts'
import { BatchBuilder } from '../../../core/batch-builder.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { FakeFileSystem } from '../../../testing/fake-file-system.ts'
import { settled } from '../../../testing/fake-clock.ts'
import { sinkContract } from '../../../testing/sink-contract.ts'
import { HdfsSink } from './hdfs-sink.ts'
import type { metrics } from './metrics.ts'
import { lines, never, NOW, sinkOn, startedSink, textSettings } from './testing/started-sink.ts'

test('a delivered batch is in the in-use file, flushed', async () => {
  const { store, deliver } = await startedSink()

  await deliver('a', 'b')
  store.crash()

  assert.deepEqual(store.texts, { [`/data/FlumeData.${NOW + 1}.tmp`]: 'a\nb\n' })
})

test('stop closes every file and gives it its final name', async () => {
  const { store, sink, deliver, context } = await startedSink()

  await deliver('a')
  await sink.stop()

  assert.deepEqual(store.texts, { [`/data/FlumeData.${NOW + 1}`]: 'a\n' })
  assert.equal(store.open, 0)
  assert.equal(context.clock.pending, 0)
})

test('names carry prefixes and suffixes as configured', async () => {
  const { store, sink, deliver } = await startedSink({
    'hdfs.filePrefix': 'web',
    'hdfs.fileSuffix': '.log',
    'hdfs.inUsePrefix': '_',
    'hdfs.inUseSuffix': '.open'
  })

  await deliver('a')
  const open = Object.keys(store.files)
  await sink.stop()

  assert.deepEqual(
    [open, Object.keys(store.files)],
    [[`/data/_web.${NOW + 1}.log.open`], [`/data/web.${NOW + 1}.log`]]
  )
})

test('events go to the bucket of their headers, in order', async () => {
  const { store, sink } = await startedSink({
    'hdfs.path': '/logs/%{app}/%Y-%m-%d',
    'hdfs.timeZone': 'UTC',
    'hdfs.filePrefix': '%{app}'
  })
  const batch = new BatchBuilder()
  for (const [text, app] of [
    ['1', 'x'],
    ['2', 'y'],
    ['3', 'x']
  ] as const)
    batch.add(text, { app, timestamp: '86400000' })

  await sink.deliver(batch.build(), never)

  assert.deepEqual(store.texts, {
    [`/logs/x/1970-01-02/x.${NOW + 1}.tmp`]: '1\n3\n',
    [`/logs/y/1970-01-02/y.${NOW + 1}.tmp`]: '2\n'
  })
})

test('rounding and the clock of the agent are honoured', async () => {
  const { store, deliver } = await startedSink({
    'hdfs.path': '/%H%M%S',
    'hdfs.useLocalTimeStamp': 'true',
    'hdfs.round': 'true',
    'hdfs.roundUnit': 'minute',
    'hdfs.roundValue': '10',
    'hdfs.timeZone': 'UTC'
  })

  await deliver('a')

  assert.deepEqual(Object.keys(store.files), [`/221000/FlumeData.${NOW + 1}.tmp`])
})

test('the least recently used file makes room when there are too many', async () => {
  const { store, sink, context } = await startedSink({ 'hdfs.path': '/%{b}', 'hdfs.maxOpenFiles': '2' })
  const to = (bucket: string) => sink.deliver(batchOf([bucket], { b: bucket }), never)

  await to('one')
  await to('two')
  await to('one')
  await context.clock.advance(10)
  await to('three')
  await settled()

  assert.deepEqual(Object.keys(store.files), [
    `/one/FlumeData.${NOW + 1}.tmp`,
    `/three/FlumeData.${NOW + 11}.tmp`,
    `/two/FlumeData.${NOW + 1}`
  ])
  assert.equal(store.mostOpen, 2)
})

test('one batch for more buckets than may be open delivers every event', async () => {
  const { store, sink } = await startedSink({ 'hdfs.path': '/%{b}', 'hdfs.maxOpenFiles': '3' })
  const batch = new BatchBuilder()
  for (let i = 0; i < 40; i++) batch.add(String(i), { b: `b${i % 20}` })

  await sink.deliver(batch.build(), never)
  await sink.stop()

  assert.deepEqual(
    Object.values(store.texts)
      .join('')
      .trim()
      .split('\n')
      .map(Number)
      .sort((a, b) => a - b),
    [...Array(40).keys()]
  )
  assert.ok(store.mostOpen <= 3, `${store.mostOpen} files were open`)
})

test('independent files are flushed at the same time, at most threadsPoolSize', async () => {
  const { store, sink } = await startedSink({ 'hdfs.path': '/%{b}', 'hdfs.threadsPoolSize': '2' })
  const release = store.hang('hflush')
  const batch = new BatchBuilder()
  for (const b of ['x', 'y', 'z']) batch.add(b, { b })

  const delivery = sink.deliver(batch.build(), never)
  await settled()
  const flushing = store.calls.filter(call => call.startsWith('hflush')).length
  release()
  await delivery

  assert.equal(flushing, 2)
})

test('when many files fall due together, no more than threadsPoolSize are closed at a time', async () => {
  const { store, sink, context } = await startedSink({
    'hdfs.path': '/%{b}',
    'hdfs.threadsPoolSize': '3',
    'hdfs.rollInterval': '30'
  })
  const batch = new BatchBuilder()
  for (let i = 0; i < 20; i++) batch.add('x', { b: `b${i}` })
  await sink.deliver(batch.build(), never)
  const release = store.hang('close')

  await context.clock.advance(30_000)
  const closing = store.calls.filter(call => call.startsWith('close')).length
  release()
  await settled()

  assert.equal(closing, 3)
  assert.ok(Object.keys(store.files).every(name => !name.endsWith('.tmp')))
})

test('every rolled file is logged with name, events and bytes', async () => {
  const { context, sink, deliver } = await startedSink()

  await deliver('abc', 'de')
  await sink.stop()

  assert.deepEqual(
    context.log.lines.filter(({ message }) => message.startsWith('Rolled')),
    [
      {
        level: 'info',
        message: 'Rolled a file.',
        facts: { file: `fake://store/data/FlumeData.${NOW + 1}`, events: 2, bytes: 5, reason: 'stop' }
      }
    ]
  )
})

test('opened and closed files are counted', async () => {
  const { context, sink, deliver } = await startedSink({ 'hdfs.rollCount': '1' })

  await deliver('a', 'b', 'c')
  await sink.stop()

  const { ConnectionCreatedCount, ConnectionClosedCount, ConnectionFailedCount } = context.counters
  assert.deepEqual([ConnectionCreatedCount, ConnectionClosedCount, ConnectionFailedCount], [3, 3, 0])
})

test('under-replication rolls 30 files in a row, then goes on in one', async () => {
  const { context, store, deliver } = await startedSink({ 'hdfs.minBlockReplicas': '2' })
  store.liveReplicas = 1

  for (let i = 0; i < 34; i++) await deliver(String(i))
  await settled()

  assert.equal(Object.keys(store.files).length, 31)
  assert.deepEqual(context.log.messages('error'), [
    'Hit max consecutive under-replication rotations (30); will not continue rolling files under this path due to under-replication'
  ])
})

test('without minBlockReplicas the wish of the store counts, and enough replicas roll nothing', async () => {
  const { store, deliver } = await startedSink()
  store.liveReplicas = 3

  await deliver('a')
  await deliver('b')
  store.liveReplicas = 2
  await deliver('c')
  await settled()

  assert.deepEqual(Object.values(store.texts), ['a\nb\n', 'c\n'])
})

test('it says where it writes and when files are complete', async () => {
  const { sink } = await startedSink({
    'hdfs.path': '/logs/%Y',
    'hdfs.rollInterval': '30',
    'hdfs.rollSize': '1024'
  })
  const other = await startedSink({ 'hdfs.fileType': 'SequenceFile' })

  assert.deepEqual(
    [sink.describe(), other.sink.describe()],
    [
      'fake://store/logs/%Y (DataStream, roll 30 s/1024 B)',
      'fake://store/data (SequenceFile, no roll by time, size or count)'
    ]
  )
})

test('it starts and stops twice, and works again after a stop', async () => {
  const { sink, store, deliver } = await startedSink()

  await sink.start()
  await deliver('a')
  await sink.stop()
  await sink.stop()
  await sink.start()
  await deliver('b')
  await sink.stop()

  assert.deepEqual(Object.values(store.texts), ['a\n', 'b\n'])
})

test('a serializer may ask for a new file in the middle of a batch', async () => {
  const oneKind = serializerOf(async batch => {
    const kinds = [...batch].map(event => event.text.charAt(0))
    const other = kinds.findIndex(kind => kind !== (oneKind.kind ??= kind))
    if (other === 0) oneKind.kind = undefined
    return other < 0 ? batch.length : other
  })
  const { store, deliver } = await startedSink({}, () => ({
    status: 'found',
    definition: oneKind.definition
  }))

  await deliver('a1', 'a2', 'b1')
  await settled()

  assert.deepEqual(Object.values(store.texts), ['a1\na2\n', 'b1\n'])
})

test('an event that no file takes is refused and leaves nothing', async () => {
  const { definition: refusing } = serializerOf(async () => 0)
  const { store, deliver } = await startedSink({}, () => ({ status: 'found', definition: refusing }))

  await assert.rejects(deliver('a'), { code: 'ERR_BAD_EVENT' })
  await settled()

  assert.deepEqual([store.texts, store.open], [{}, 0])
})

function serializerOf(prepare: (batch: EventBatch) => Promise<number>) {
  const kind: string | undefined = undefined
  const made = { ...lines, create: () => ({ ...lines.create({}, fakeSinkContext()), prepare }) }
  return { kind: kind as string | undefined, definition: made }
}

sinkContract<typeof metrics>('hdfs', async context => {
  const store = new FakeFileSystem({ now: () => context.clock.now() })
  return {
    sink: sinkOn(store, context),
    stored: async () =>
      Object.values(store.texts)
        .join('')
        .split('\n')
        .filter(line => line !== '')
  }
})

test('the store is opened as whom the settings say', async () => {
  const context = fakeSinkContext<typeof metrics>()
  const settings = textSettings({ 'hdfs.proxyUser': 'alice', 'hdfs.delegationToken': 'token' })
  const seen: unknown[] = []
  const sink = new HdfsSink(settings, context, async (path, options) => {
    seen.push(options.proxyUser, options.delegationToken)
    return { fileSystem: new FakeFileSystem({ now: () => context.clock.now() }), path }
  })
  await sink.start()
  await sink.stop()

  assert.deepEqual(seen, ['alice', 'token'])
})
