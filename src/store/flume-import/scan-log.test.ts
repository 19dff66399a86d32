import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  filesDisk,
  flumeFiles,
  FlumeLogWriter,
  flumeMeta,
  recordedEvents,
  recordedFolder
} from '../../testing/flume-folders.ts'
import { flip, readFlumeFiles, threeEvents } from '../../testing/flume-reading.ts'
import { openFlumeLogs } from './flume-logs.ts'
import { AgentError } from '../../core/errors.ts'

test('a body that does not match its checksum loses that event alone', async () => {
  const { writer, puts, commits } = threeEvents()
  const files = flip(flumeFiles({ 'd/log-1': writer }), 'd/log-1', commits[1]! - 12)

  for (const verify of [false, true]) {
    const { events, folder } = await readFlumeFiles(files, { verify })

    assert.deepEqual(
      events.map(({ body }) => body),
      ['event 0', 'event 2']
    )
    assert.deepEqual(folder.damages.first, [
      {
        kind: 'record',
        file: 'd/log-1',
        offset: puts[1],
        bytes: commits[1]! - puts[1]!,
        records: 1,
        reason: 'The event of a put does not match its checksum, or cannot be read.'
      }
    ])
  }
})

test('a wrong op or length of a record is seen through', async () => {
  for (const [at, bits] of [
    [0, 0x41],
    [0, 0xff],
    [1, 0x41],
    [3, 0x41],
    [4, 0x41]
  ] as const) {
    const { writer, puts } = threeEvents()

    const { events, folder } = await readFlumeFiles(
      flip(flumeFiles({ 'd/log-1': writer }), 'd/log-1', puts[1]! + at, bits)
    )

    assert.equal(events.length, 3)
    assert.deepEqual(
      folder.damages.first.map(({ offset, records }) => [offset, records]),
      [[puts[1], 0]]
    )
  }
})

test('a commit that is gone does not lose its events', async () => {
  const { writer, commits } = threeEvents()

  const { events, folder } = await readFlumeFiles(
    flip(flumeFiles({ 'd/log-1': writer }), 'd/log-1', commits[1]! + 6)
  )

  assert.deepEqual(
    events.map(({ body }) => body),
    ['event 0', 'event 1', 'event 2']
  )
  assert.deepEqual(
    [folder.assumed, folder.damages.first.map(({ offset, records }) => [offset, records])],
    [1, [[commits[1], 1]]]
  )
})

test('a part that was overwritten is skipped, and what is behind it is found', async () => {
  const { writer, puts } = threeEvents()
  const files = flumeFiles({ 'd/log-1': writer })
  files.get('d/log-1')?.fill(0, puts[1]! + 3, puts[2])

  const { events, folder } = await readFlumeFiles(files)

  assert.deepEqual(
    events.map(({ body }) => body),
    ['event 0', 'event 2']
  )
  assert.deepEqual(
    folder.damages.first.map(({ offset, bytes, records }) => [offset, bytes, records]),
    [[puts[1], puts[2]! - puts[1]!, undefined]]
  )
})

test('a log that ends in the middle of a record loses only that', async () => {
  const { writer, commits } = threeEvents()
  const files = flumeFiles({ 'd/log-1': writer })
  files.set('d/log-1', Buffer.from(files.get('d/log-1')!.subarray(0, commits[2]! + 10)))

  const { events, folder } = await readFlumeFiles(files)

  assert.deepEqual(
    events.map(({ body }) => body),
    ['event 0', 'event 1']
  )
  assert.deepEqual(
    [folder.unfinished, folder.damages.first.map(({ offset, bytes }) => [offset, bytes])],
    [1, [[commits[2], 10]]]
  )
})

test("a record that Flume's tool took out is no damage", async () => {
  const { writer, puts } = threeEvents()
  const files = flumeFiles({ 'd/log-1': writer })
  files.get('d/log-1')![puts[1]!] = 0

  const { events, folder } = await readFlumeFiles(files)

  assert.deepEqual(
    events.map(({ body }) => body),
    ['event 0', 'event 2']
  )
  assert.deepEqual([folder.counts.noOps, folder.damages.count], [1, 0])
})

test('a commit that Flume wrote again, empty, when a log was rolled is no damage', async () => {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  one.put(1, 1, 'kept')
  one.put(2, 2, 'never committed')
  one.commit(1, 3, 1)
  two.hollowCommit()
  two.hollowCommit()
  two.put(3, 4, 'kept too')
  two.commit(3, 5, 1)
  two.hollowCommit()

  const { events, folder } = await readFlumeFiles(flumeFiles({ 'd/log-1': one, 'd/log-2': two }))

  assert.deepEqual(
    events.map(({ body }) => body),
    ['kept', 'kept too']
  )
  assert.deepEqual([folder.damages.count, folder.assumed, folder.unfinished], [0, 0, 1])
})

test('a commit that stands in two logs, as encrypted ones have it when a log is rolled, counts once', async () => {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  one.put(1, 1, 'kept')
  one.commit(1, 3, 1)
  two.put(3, 4, 'kept too')
  two.put(4, 5, 'never committed')
  two.commit(1, 3, 1)
  two.commit(3, 6, 1)

  const { events, folder } = await readFlumeFiles(flumeFiles({ 'd/log-1': one, 'd/log-2': two }))

  assert.deepEqual(
    events.map(({ body }) => body),
    ['kept', 'kept too']
  )
  assert.deepEqual([folder.damages.count, folder.assumed, folder.unfinished], [0, 0, 1])
})

test('with verify, damage within the headers of an event and at the end of any record is seen', async () => {
  for (const record of ['put', 'commit', 'take', 'rollback'] as const) {
    const writer = new FlumeLogWriter()
    const at = { put: 0, commit: 0, take: 0, rollback: 0 }
    at.put = writer.put(1, 1, 'body', { name: 'value' })
    at.commit = writer.commit(1, 2, 1)
    at.take = writer.take(2, 3, 1, at.put)
    at.rollback = writer.rollback(2, 4)
    const ends = { put: at.commit, commit: at.take, take: at.rollback, rollback: writer.length }
    const files = flumeFiles({ 'd/log-1': writer })
    if (record === 'put') flip(files, 'd/log-1', files.get('d/log-1')!.indexOf('name') - 1, 0x20)
    else flip(files, 'd/log-1', ends[record] - 1)

    const { folder, events } = await readFlumeFiles(files, { verify: true })

    assert.deepEqual(
      folder.damages.first.map(({ offset, bytes }) => [offset, bytes]),
      [[at[record], ends[record] - at[record]]],
      record
    )
    assert.equal(events.length, record === 'put' ? 0 : 1)
  }
})

test('a folder that is called like a log is passed over', async () => {
  const files = flumeFiles({ 'd/log-1': threeEvents().writer })
  const disk = filesDisk(files)
  const isFolder = Object.assign(new Error('folder'), { code: 'EISDIR' })
  const open: typeof disk.open = path => (path === 'd/log-2' ? Promise.reject(isFolder) : disk.open(path))

  const logs = await openFlumeLogs({ ...disk, open }, ['d/log-2', 'd/log-1'], undefined)

  assert.deepEqual(
    logs.map(({ path }) => path),
    ['d/log-1']
  )
})

test('a log that is shorter than it was at a checkpoint is said to be cut', async () => {
  const files = await recordedFolder('undelivered')
  for (const cut of [0, files.get('data/log-1')!.indexOf('event-0150') - 60]) {
    const log = files.get('data/log-1')!.subarray(0, cut)

    const { folder } = await readFlumeFiles(new Map(files).set('data/log-1', log))

    assert.ok(folder.damages.first.some(({ offset, reason }) => offset === cut && reason.includes('shorter')))
  }
})

test('a log may be filled to its end by a few bytes', async () => {
  for (let filling = 0; filling < 8; filling++) {
    const files = flumeFiles({ 'd/log-1': threeEvents().writer })
    files.set('d/log-1', threeEvents().writer.bytes(filling))

    const { folder } = await readFlumeFiles(files, { verify: true })

    assert.equal(folder.damages.count, 0, `${filling} bytes`)
  }
})

test('filling that goes on behind what is in memory is no damage', async () => {
  const { writer } = threeEvents()
  for (const filling of [1024 * 1024, 3 * 1024 * 1024]) {
    for (const verify of [false, true]) {
      const files = flumeFiles({ 'd/log-1': writer })
      files.set('d/log-1', writer.bytes(filling))

      const { folder } = await readFlumeFiles(files, { verify })

      assert.equal(folder.damages.count, 0, `${filling} bytes`)
    }
  }
})

test('events whose commit is gone keep their place among those of other folders', async () => {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  two.put(1, 1, 'first')
  const gone = two.commit(1, 2, 1)
  two.put(4, 8, 'last')
  two.commit(4, 9, 1)
  one.put(2, 3, 'second')
  one.commit(2, 4, 1)
  one.put(3, 5, 'third')
  one.commit(3, 6, 1)
  const files = flumeFiles({ 'a/log-1': one, 'b/log-2': two })

  const { events, folder } = await readFlumeFiles(flip(files, 'b/log-2', gone + 6))

  assert.deepEqual(
    events.map(({ body }) => body),
    ['first', 'second', 'third', 'last']
  )
  assert.equal(folder.assumed, 1)
})

test('a wrong length never leads past whole records', async () => {
  const { writer, puts } = threeEvents()
  const files = flumeFiles({ 'd/log-1': writer })
  const log = files.get('d/log-1')!
  log.writeInt32BE(log.length - 200 - puts[1]!, puts[1]! + 1)
  log[puts[1]! + 6] = 0

  const { events, folder } = await readFlumeFiles(files)

  assert.deepEqual(
    events.map(({ body }) => body),
    ['event 0', 'event 2']
  )
  assert.deepEqual(
    folder.damages.first.map(({ offset }) => offset),
    [puts[1]]
  )
})

test('missing logs and missing meta files are said, and cost nothing else', async () => {
  const [first, last] = [threeEvents().writer, new FlumeLogWriter()]
  last.put(9, 9, 'last')
  last.commit(9, 10, 1)
  const files = flumeFiles({ 'd/log-1': first, 'd/log-4': last })
  files.delete('d/log-4.meta')

  const { events, folder } = await readFlumeFiles(files)

  assert.equal(events.length, 4)
  assert.deepEqual(
    folder.damages.first.map(({ file }) => file),
    ['d/log-2', 'd/log-3', 'd/log-4.meta']
  )
})

test('whatever is done to a log: no other error than ours, no event that was not there, and damage is said', async () => {
  const original = await recordedFolder('takes')
  const used = original.get('data/log-1')!.indexOf(Buffer.alloc(64, 0x80))
  const known = new Set((await recordedEvents()).map(event => JSON.stringify(event)))
  const harm = fc.record({
    at: fc.nat(used),
    bits: fc.integer({ min: 1, max: 255 }),
    length: fc.constantFrom(1, 1, 3, 100, 5000)
  })

  await fc.assert(
    fc.asyncProperty(fc.array(harm, { maxLength: 5 }), fc.option(fc.nat(used)), async (harms, cut) => {
      const log = Buffer.from(original.get('data/log-1')!.subarray(0, cut ?? undefined))
      for (const { at, bits, length } of harms)
        for (let i = at; i < Math.min(at + length, log.length); i++) log[i] = log[i]! ^ bits
      const files = new Map(original).set('data/log-1', log)

      const { events, folder } = await readFlumeFiles(files, { verify: false })

      const strange = events.filter(
        event => !known.has(JSON.stringify(event)) && !event.body.startsWith('event-')
      )
      assert.deepEqual(strange, [])
      const lost = 180 - events.length
      if (lost > 0 && cut === null) assert.ok(folder.damages.count + folder.unfinished > 0)
    }),
    { numRuns: 300 }
  )
})

test('bytes that are no log at all are read to their end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 3000 }),
      fc.uint8Array({ maxLength: 60 }),
      async (log, meta) => {
        const files = new Map([
          ['d/log-1', Buffer.from(log)],
          ['d/log-1.meta', Buffer.from(meta)]
        ])
        await readFlumeFiles(files, { keyOf: () => Buffer.alloc(16) }).catch((error: unknown) => {
          assert.ok(error instanceof AgentError, String(error))
        })
      }
    ),
    { numRuns: 300 }
  )
})

test('a log full of beginnings of records is read in linear time', async () => {
  const beginnings = Buffer.alloc(4 * 1024 * 1024, Buffer.from('7f000000551701000000', 'hex'))
  beginnings.fill(0x80, 2 * 1024 * 1024)
  beginnings.fill(Buffer.from('7f0000005517', 'hex'), 3 * 1024 * 1024)

  const { events } = await readFlumeFiles(
    new Map([
      ['d/log-1', beginnings],
      ['d/log-1.meta', flumeMeta(1)]
    ])
  )

  assert.equal(events.length, 0)
})
