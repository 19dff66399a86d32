import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KeyOfAlias } from './flume-logs.ts'
import {
  FLUME_FOLDERS,
  flumeFiles,
  flumeMeta,
  type FlumeFiles,
  FlumeLogWriter,
  HELD,
  recordedEvents,
  RECORDED_KEY,
  recordedFolder
} from '../../testing/flume-folders.ts'
import { bodiesIn, flip, readFlumeFiles } from '../../testing/flume-reading.ts'

const keyOf: KeyOfAlias = alias => (alias === 'key-0' ? RECORDED_KEY : undefined)

for (const name of FLUME_FOLDERS) {
  test(`the folder ${name} of a real Flume yields exactly what it held`, async () => {
    const [first, last] = HELD[name]

    const { events, folder } = await readFlumeFiles(await recordedFolder(name), { keyOf, verify: true })

    assert.deepEqual(events, (await recordedEvents()).slice(first, last + 1))
    assert.deepEqual([folder.damages.count, folder.unfinished, folder.assumed], [0, 0, 0])
  })
}

test('records are counted as they stand in the log', async () => {
  const { folder } = await readFlumeFiles(await recordedFolder('takes'))

  assert.deepEqual(folder.counts, { puts: 300, takes: 130, commits: 18, rollbacks: 1, noOps: 0 })
})

test('an encrypted log without a key is refused with what to write', async () => {
  const files = await recordedFolder('encrypted')

  await assert.rejects(readFlumeFiles(files), {
    code: 'ERR_CONFIG',
    message: /^Data file is encrypted but no {2}provider was specified: .*encryption\.keyProvider/
  })
})

test('a wrong key is refused: what it makes of the log must not pass for damage', async () => {
  const wrong = readFlumeFiles(await recordedFolder('encrypted'), { keyOf: () => Buffer.alloc(16) })

  await assert.rejects(wrong, { code: 'ERR_CONFIG', message: 'The key key-0 does not open data/log-1.' })
})

test('an encrypted log that was overwritten in places is read like any other', async () => {
  const files = await recordedFolder('encrypted')
  for (let i = 3; i < 300; i++) flip(files, 'data/log-1', i)

  const { events, folder } = await readFlumeFiles(files, { keyOf })

  assert.deepEqual(events, (await recordedEvents()).slice(4, 100))
  assert.deepEqual(
    folder.damages.first.map(({ offset }) => offset),
    [0]
  )
})

test('logs of a version that no Flume is known to have written are refused with what to do', async () => {
  const meta = flumeMeta(1)
  meta[2] = 4

  await assert.rejects(
    readFlumeFiles(
      new Map([
        ['d/log-1', Buffer.alloc(64)],
        ['d/log-1.meta', meta]
      ])
    ),
    {
      code: 'ERR_UNSUPPORTED',
      message: /a log of version 4; versions 2 and 3 can be read\. Let Flume deliver what the channel holds/
    }
  )
})

test('two folders with one log id are refused: they are not of one channel', async () => {
  const files = flumeFiles({ 'a/log-1': new FlumeLogWriter(), 'b/log-1': new FlumeLogWriter() })

  await assert.rejects(readFlumeFiles(files), {
    code: 'ERR_START',
    message: 'a/log-1 and b/log-1 have the same id: they are not of one channel.'
  })
})

test('events come in the order of the commits, over all folders', async () => {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  one.put(1, 10, 'third')
  two.put(2, 11, 'first')
  two.commit(2, 12, 1)
  one.put(3, 13, 'second')
  one.commit(3, 14, 1)
  one.commit(1, 15, 1)

  assert.deepEqual(await bodiesIn(flumeFiles({ 'a/log-1': one, 'b/log-2': two })), [
    'first',
    'second',
    'third'
  ])
})

test('a transaction may begin in one log and be committed in the next; what is neither is left out', async () => {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  one.put(1, 1, 'kept', { a: '1' })
  one.put(2, 2, 'rolled back')
  one.rollback(2, 3)
  one.put(3, 4, 'never committed')
  two.put(1, 5, 'kept too', { a: '', b: 'ü' })
  two.commit(1, 6, 1)

  const { events, folder } = await readFlumeFiles(flumeFiles({ 'a/log-1': one, 'a/log-2': two }))

  assert.deepEqual(events, [
    { headers: { a: '1' }, body: 'kept' },
    { headers: { a: '', b: 'ü' }, body: 'kept too' }
  ])
  assert.deepEqual([folder.unfinished, folder.damages.count], [1, 0])
})

test('a take counts wherever its record is, once it is committed', async () => {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  const taken = two.put(1, 1, 'taken')
  const kept = two.put(1, 2, 'kept')
  two.commit(1, 3, 1)
  one.take(2, 4, 2, taken)
  one.commit(2, 5, 2)
  one.take(3, 6, 2, kept)

  assert.deepEqual(await bodiesIn(flumeFiles({ 'a/log-1': one, 'b/log-2': two })), ['kept'])
})

test('any history of transactions yields what was put, committed and not taken', async () => {
  const step = fc.record({
    log: fc.nat(2),
    events: fc.integer({ min: 1, max: 4 }),
    take: fc.boolean(),
    end: fc.constantFrom('commit', 'rollback', 'crash')
  })

  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const logs = [new FlumeLogWriter(), new FlumeLogWriter(), new FlumeLogWriter()]
      const model: { body: string; fileId: number; offset: number }[] = []
      let order = 1
      for (const [transaction, { log, events, take, end }] of steps.entries()) {
        const writer = logs[log]!
        const taken = take ? model.slice(0, events) : []
        if (take) for (const { fileId, offset } of taken) writer.take(transaction, order++, fileId, offset)
        const made = take
          ? []
          : Array.from({ length: events }, (_, i) => {
              const body = `${transaction}.${i}`
              return { body, fileId: log + 1, offset: writer.put(transaction, order++, body) }
            })
        if (taken.length + made.length === 0) continue
        if (end === 'rollback') writer.rollback(transaction, order++)
        if (end !== 'commit') continue
        writer.commit(transaction, order++, take ? 2 : 1)
        model.splice(0, taken.length)
        model.push(...made)
      }
      const files = flumeFiles({ 'a/log-1': logs[0]!, 'b/log-2': logs[1]!, 'a/log-3': logs[2]! })

      assert.deepEqual(
        await bodiesIn(files),
        model.map(({ body }) => body)
      )
    }),
    { numRuns: 200 }
  )
})

/** A folder of which the same event was taken by two transactions. */
function takenTwice(): FlumeFiles {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  const taken = one.put(1, 1, 'taken')
  one.put(1, 2, 'kept')
  one.commit(1, 3, 1)
  for (const transaction of [2, 3]) {
    two.take(transaction, 4, 1, taken)
    two.commit(transaction, 5, 2)
  }
  return flumeFiles({ 'd/log-1': one, 'd/log-2': two })
}

test('an event that Flume gave out twice, as it does after a kill, is no damage', async () => {
  const { events, folder } = await readFlumeFiles(takenTwice())

  assert.deepEqual(
    events.map(({ body }) => body),
    ['kept']
  )
  assert.deepEqual(folder.damages.first, [])
})

/** Two logs of one channel; the second has the take of an event of the first. */
function twoLogs(): FlumeFiles {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  const taken = one.put(1, 1, 'taken')
  one.put(1, 2, 'first')
  one.commit(1, 3, 1)
  two.put(2, 4, 'second')
  two.commit(2, 5, 1)
  two.take(3, 6, 1, taken)
  two.commit(3, 7, 2)
  return flumeFiles({ 'd/log-1': one, 'd/log-2': two })
}

const META_HARMS: Readonly<Record<string, (files: FlumeFiles) => void>> = {
  'swapped with that of the other log': files => {
    files.set('d/log-1.meta', flumeMeta(2)).set('d/log-2.meta', flumeMeta(1))
  },
  'a copy of that of the other log': files => {
    files.set('d/log-2.meta', flumeMeta(1))
  },
  'of another version': files => {
    flip(files, 'd/log-2.meta', 2, 0x40)
  },
  'of a log with another id': files => {
    flip(files, 'd/log-2.meta', 7, 0x40)
  },
  empty: files => {
    files.set('d/log-2.meta', Buffer.alloc(0))
  },
  'cut short': files => {
    files.set('d/log-2.meta', flumeMeta(2).subarray(0, 20))
  }
}

for (const [name, harm] of Object.entries(META_HARMS)) {
  test(`a .meta that is ${name} is said, and costs nothing`, async () => {
    const files = twoLogs()
    harm(files)

    const { events, folder } = await readFlumeFiles(files)

    assert.deepEqual(
      events.map(({ body }) => body),
      ['first', 'second']
    )
    assert.ok(folder.damages.count > 0)
    assert.ok(folder.damages.first.every(({ file, records }) => file.endsWith('.meta') && records === 0))
  })
}
