import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settled } from '../../../testing/fake-clock.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { FakeFileSystem } from '../../../testing/fake-file-system.ts'
import type { metrics } from './metrics.ts'
import { never, sinkOn } from './testing/started-sink.ts'

const OLD = 1_600_000_000_000

/** A sink that is about to start on files as old as `ageMs`. */
async function found(files: Record<string, string>, properties: Record<string, string> = {}, ageMs = 60_000) {
  const context = fakeSinkContext<typeof metrics>()
  const store = new FakeFileSystem({ now: () => context.clock.now() })
  for (const [path, text] of Object.entries(files)) store.put(path, text)
  await context.clock.advance(ageMs)
  const sink = sinkOn(store, context, properties)
  return { context, store, sink }
}

test('an in-use file of a crash gets its final name, an empty one is deleted, others stay', async () => {
  const { context, store, sink } = await found({
    [`/data/FlumeData.${OLD}.tmp`]: 'a\n',
    [`/data/FlumeData.${OLD + 1}.tmp`]: '',
    '/data/notes.tmp': 'x',
    [`/data/Other.${OLD}.tmp`]: 'y',
    [`/data/sub/FlumeData.${OLD}.tmp`]: 'z'
  })

  await sink.start()
  await settled()

  assert.deepEqual(store.texts, {
    [`/data/FlumeData.${OLD}`]: 'a\n',
    '/data/notes.tmp': 'x',
    [`/data/Other.${OLD}.tmp`]: 'y',
    [`/data/sub/FlumeData.${OLD}.tmp`]: 'z'
  })
  assert.deepEqual(context.log.messages('info'), [
    'Completed an in-use file of an earlier run; its last events may be there a second time.',
    'Deleted an empty in-use file of an earlier run.'
  ])
  await sink.stop()
})

test('the lease is recovered before the file is renamed', async () => {
  const { store, sink } = await found({ [`/data/FlumeData.${OLD}.tmp`]: 'a\n' })

  await sink.start()
  await settled()

  const calls = store.calls
    .filter(call => /^(recoverLease|rename)/.test(call))
    .map(call => call.split(' ')[0])
  assert.deepEqual(calls, ['recoverLease', 'rename'])
  await sink.stop()
})

test('a file that changed lately is named, and completed when it stays quiet', async () => {
  const { context, store, sink } = await found({ [`/data/FlumeData.${OLD}.tmp`]: 'a\n' }, {}, 5000)

  await sink.start()
  await settled()
  const [early, messages] = [Object.keys(store.files), context.log.messages('info')]
  await context.clock.advance(30_000)

  assert.deepEqual(early, [`/data/FlumeData.${OLD}.tmp`])
  assert.deepEqual(messages, [
    'Found in-use files of another run. They are completed unless somebody writes to them.'
  ])
  assert.deepEqual(Object.keys(store.files), [`/data/FlumeData.${OLD}`])
  await sink.stop()
})

test('a sink that ends before a file has been quiet for long enough names what it leaves', async () => {
  const files = { [`/data/FlumeData.${OLD}.tmp`]: 'a\n', [`/data/FlumeData.${OLD + 1}.tmp`]: 'b\n' }
  const { context, store, sink } = await found(files, {}, 5000)
  await sink.start()
  await context.clock.advance(10_000)

  await sink.stop()

  assert.deepEqual(Object.keys(store.files), Object.keys(files))
  assert.deepEqual(
    context.log.lines.filter(({ level }) => level === 'warn').map(({ message, facts }) => [message, facts]),
    [
      [
        'In-use files of another run are not complete as the sink ends; its next start looks again.',
        { files: Object.keys(files) }
      ]
    ]
  )
})

test('a sink that ends before the store could be searched says so', async () => {
  const { context, store, sink } = await found({ [`/data/FlumeData.${OLD}.tmp`]: 'a\n' })
  store.fail('list', { kind: 'unreachable' })
  await sink.start()
  await settled()

  await sink.stop()

  assert.deepEqual(context.log.messages('info'), [
    'The sink ends before it could look for in-use files of an earlier run; its next start does.'
  ])
})

test('a file that somebody goes on writing is left alone, and the search ends', async () => {
  const { context, store, sink } = await found({ [`/data/FlumeData.${OLD}.tmp`]: 'a\n' }, {}, 0)

  await sink.start()
  for (let i = 0; i < 400; i++) {
    store.put(`/data/FlumeData.${OLD}.tmp`, 'a\n'.repeat(i))
    await context.clock.advance(1000)
  }

  assert.deepEqual(Object.keys(store.files), [`/data/FlumeData.${OLD}.tmp`])
  assert.equal(
    context.log.messages('info').at(-1),
    'In-use files of another run are written to by somebody else. They are left alone.'
  )
  assert.equal(context.clock.pending, 0)
  await sink.stop()
})

test('a file newer than this process belongs to somebody who lives', async () => {
  const { store, sink, context } = await found({})
  const newer = `/data/FlumeData.${context.clock.now() + 60_005}.tmp`
  store.put(newer, 'a\n')
  await context.clock.advance(60_000)

  await sink.start()
  await settled()

  assert.deepEqual(Object.keys(store.files), [newer])
  await sink.stop()
})

test('folders of escapes are searched below the constant part, names with prefix and suffix recognised', async () => {
  const { store, sink } = await found(
    {
      [`/data/2020/01/_web-1.${OLD}.gz.open`]: 'a',
      [`/data/2020/02/_db.${OLD}.gz.open`]: 'b',
      [`/other/_x.${OLD}.gz.open`]: 'c'
    },
    {
      'hdfs.path': '/data/%Y/%m',
      'hdfs.filePrefix': '%{host}',
      'hdfs.fileSuffix': '.gz',
      'hdfs.inUsePrefix': '_',
      'hdfs.inUseSuffix': '.open'
    }
  )

  await sink.start()
  await settled()

  assert.deepEqual(Object.keys(store.files), [
    `/data/2020/01/web-1.${OLD}.gz`,
    `/data/2020/02/db.${OLD}.gz`,
    `/other/_x.${OLD}.gz.open`
  ])
  await sink.stop()
})

test('a final name that is taken gets the next number', async () => {
  const { store, sink } = await found({
    [`/data/FlumeData.${OLD}.tmp`]: 'new',
    [`/data/FlumeData.${OLD}`]: 'old'
  })

  await sink.start()
  await settled()

  assert.deepEqual(store.texts, { [`/data/FlumeData.${OLD}`]: 'old', [`/data/FlumeData.${OLD + 1}`]: 'new' })
  await sink.stop()
})

test('a store that cannot be reached at start is searched later', async () => {
  const { context, store, sink } = await found(
    { [`/data/FlumeData.${OLD}.tmp`]: 'a\n' },
    { 'hdfs.retryInterval': '60' }
  )
  store.fail('list', { kind: 'unreachable' })

  await sink.start()
  await settled()
  const early = Object.keys(store.files)
  await context.clock.advance(60_000)

  assert.deepEqual(
    [early, Object.keys(store.files)],
    [[`/data/FlumeData.${OLD}.tmp`], [`/data/FlumeData.${OLD}`]]
  )
  assert.deepEqual(context.log.messages('warn'), ['Cannot look for in-use files of an earlier run yet.'])
  await sink.stop()
})

test('a file that cannot be completed is tried again for some minutes, then reported', async () => {
  const { context, store, sink } = await found({
    [`/data/FlumeData.${OLD}.tmp`]: 'a\n',
    [`/data/FlumeData.${OLD + 5}.tmp`]: 'b\n'
  })
  store.fail('rename', { times: 3 })

  await sink.start()
  await context.clock.advance(60_000)
  const names = Object.keys(store.files)
  store.put(`/data/FlumeData.${OLD + 7}.tmp`, 'c\n')
  await sink.stop()
  store.fail('rename', { kind: 'denied', times: 100 })
  await sink.start()
  await context.clock.advance(600_000)

  assert.deepEqual(names, [`/data/FlumeData.${OLD}`, `/data/FlumeData.${OLD + 5}`])
  assert.equal(
    context.log.messages('warn').at(-1),
    'In-use files of an earlier run could not be completed; they stay as they are.'
  )
  assert.equal(context.clock.pending, 0)
  await sink.stop()
})

test('stop does not wait for a lease that is being recovered', async () => {
  const { context, store, sink } = await found({ [`/data/FlumeData.${OLD}.tmp`]: 'a\n' })
  const release = store.hang('recoverLease')
  await sink.start()
  await settled()

  await sink.stop()
  release()
  await settled()

  assert.deepEqual(Object.keys(store.files), [`/data/FlumeData.${OLD}.tmp`])
  assert.match(context.log.messages('warn').join(), /^In-use files of another run are not complete/)
})

test('no more than 1000 folders are searched, newest names first, and a line says so', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1200 }, (_, i) => [`/data/${10_000 + i}/FlumeData.${OLD}.tmp`, 'a'])
  )
  const { context, store, sink } = await found(files, { 'hdfs.path': '/data/%j' })

  await sink.start()
  for (let i = 0; i < 50; i++) await settled()

  const left = Object.keys(store.files).filter(name => name.endsWith('.tmp'))
  assert.deepEqual([left.length, left.at(-1)], [201, `/data/10200/FlumeData.${OLD}.tmp`])
  assert.deepEqual(context.log.messages('warn'), [
    'There are too many folders to look for in-use files of an earlier run in all of them.'
  ])
  await sink.stop()
})

test('files that a stop had to leave are completed by the next start of the same sink', async () => {
  const { store, sink } = await found({})
  await sink.start()
  await sink.deliver(batchOf(['a']), never)
  store.fail('rename', { times: 2 })
  await sink.stop()
  const [left = ''] = Object.keys(store.files)

  await sink.start()
  await settled()

  assert.match(left, /\.tmp$/)
  assert.deepEqual(store.texts, { [left.slice(0, -'.tmp'.length)]: 'a\n' })
  await sink.stop()
})
