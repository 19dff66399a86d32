import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FlumeLogWriter, flumeMeta, recordedFolder } from '../../testing/flume-folders.ts'
import { bodiesIn, readFlumeFiles, readRecorded } from '../../testing/flume-reading.ts'
import { oldCheckpoint, oldFiles, OldLogWriter } from '../../testing/flume-old-logs.ts'
import { findCheckpoints } from './checkpoint.ts'

/** Folders of a real Flume 1.2, as test/fixtures/filechannel/README.md tells. */
const FOLDERS = ['version-2', 'version-2-deleted', 'version-2-upgraded'] as const
const NOW = 1_349_000_000_000

for (const name of FOLDERS) {
  test(`the folder ${name} of a real Flume yields exactly what Flume 1.11 gives out on it`, async () => {
    const files = await recordedFolder(name)

    const { events, folder, held } = await readRecorded(files)

    assert.deepEqual(events, held)
    assert.deepEqual([folder.damages.count, folder.assumed], [0, 0])
  })
}

test('the folders are what they are said to be', async () => {
  const [whole, deleted, upgraded] = await Promise.all(
    FOLDERS.map(async name => await readRecorded(await recordedFolder(name)))
  )

  assert.deepEqual([whole?.help.needed, whole?.folder.unfinished], [false, 2])
  for (const { help } of [deleted!, upgraded!])
    assert.deepEqual([help.needed, help.checkpoint === undefined, help.missing], [true, false, []])
  assert.deepEqual(new Set(upgraded?.logs.map(({ version }) => version)), new Set([2, 3]))
})

test('without its checkpoint, what Flume 1.2 gives out is there: Flume 1.11 would lose events', async () => {
  const files = await recordedFolder('version-2')
  files.delete('checkpoint/checkpoint')

  const { events, held } = await readRecorded(files)
  assert.deepEqual(events, held)
})

test('a checkpoint that is not whole is not used', async () => {
  for (const [at, byte] of [
    [0, 1],
    [7, 3],
    [15, 0],
    [23, 1],
    [39, 1],
    [40 + 7, 99]
  ] as const) {
    const files = await recordedFolder('version-2-deleted')
    files.get('checkpoint/checkpoint')![at] = byte

    const { help } = await readRecorded(files)

    assert.deepEqual([help.needed, help.checkpoint], [true, undefined], `byte ${at}`)
  }
})

test('where Flume 1.11 was cut off while it made version 3 of a checkpoint, what it was is used', async () => {
  const files = await recordedFolder('version-2-deleted')
  const { help } = await readRecorded(files)
  const meta = (await recordedFolder('version-2-upgraded')).get('checkpoint/checkpoint.meta')!
  files.set('checkpoint/checkpoint.meta', meta)

  assert.equal((await readRecorded(files)).help.checkpoint?.order, help.checkpoint?.order)

  files.set('checkpoint/checkpoint-backup-1795920109065', Buffer.from(files.get('checkpoint/checkpoint')!))
  files.get('checkpoint/checkpoint')![7] = 3

  const cut = await readRecorded(files)

  assert.equal(cut.help.checkpoint?.order, help.checkpoint?.order)
  assert.deepEqual(cut.events, cut.held)
})

test('the checkpoints of both versions are found beside the logs', async () => {
  for (const name of FOLDERS) {
    const { disk, logs } = await readRecorded(await recordedFolder(name))
    const root = {
      ...disk,
      list: async (folder: string) => (folder === '.' ? ['checkpoint'] : await disk.list(folder))
    }

    assert.deepEqual(await findCheckpoints(root, logs), ['checkpoint'])
  }
})

test('a folder with the name of a checkpoint is none', async () => {
  const { disk, logs } = await readRecorded(await recordedFolder('version-2'))
  const folders = {
    list: (folder: string) => Promise.resolve(folder === '.' ? ['checkpoint'] : []),
    open: async (path: string) =>
      path === 'checkpoint'
        ? {
            size: () => Promise.resolve(65_536),
            read: () => Promise.reject(Object.assign(new Error('folder'), { code: 'EISDIR' })),
            close: () => Promise.resolve()
          }
        : await disk.open(path)
  }

  assert.deepEqual(await findCheckpoints(folders, logs), [])
})

test('bytes at the start of a log that are wrong, or of another log, are told and cost nothing', async () => {
  for (const [at, reason] of [
    [0, 'The first bytes of the log, its version and id, are damaged; the records are not.'],
    [3, 'The first bytes of the log, its version and id, are damaged; the records are not.'],
    [7, 'The log says at its start that it is another one.']
  ] as const) {
    const writer = new OldLogWriter(1)
    writer.put(NOW, NOW, 'there')
    writer.commit(NOW, NOW, 1)
    const files = oldFiles({ 'd/log-1': writer })
    files.get('d/log-1')![at] = 0x7f

    const { folder, events } = await readFlumeFiles(files)

    assert.equal(events.length, 1)
    assert.deepEqual(
      folder.damages.first.map(({ file, records, reason: found }) => [file, records, found]),
      [['d/log-1', 0, reason]]
    )
  }
})

test('a log of version 2 is one whatever stands beside it, and a cut one holds nothing', async () => {
  const writer = new OldLogWriter(1)
  writer.put(NOW, NOW, 'there')
  writer.commit(NOW, NOW, 1)
  const files = oldFiles({ 'd/log-1': writer })
  files.set('d/log-1.meta', flumeMeta(1)).set('d/log-3', Buffer.alloc(0))
  for (let cut = 4; cut <= 24; cut++) {
    files.set('d/log-2', new OldLogWriter(2).bytes(0).subarray(0, cut))

    const { events, folder } = await readFlumeFiles(files)

    assert.deepEqual([events.length, folder.damages.count], [1, 0])
  }
})

test('a log that is shorter than it was at a checkpoint is told', async () => {
  const writer = new OldLogWriter(1, [5000, NOW])
  writer.put(NOW, NOW, 'kept')
  writer.commit(NOW, NOW, 1)

  const { folder } = await readFlumeFiles(oldFiles({ 'd/log-1': writer }))

  assert.equal(
    folder.damages.first[0]?.reason,
    'The log is shorter than it was at a checkpoint of Flume; what stood behind is gone.'
  )
})

test('commits of the same time come in the order of their transactions, those of one log as they stand', async () => {
  const [one, two] = [new OldLogWriter(1), new OldLogWriter(2)]
  for (const [log, id] of [
    [one, 1],
    [two, 2],
    [one, 3],
    [two, 5],
    [two, 4],
    [one, 7]
  ] as const) {
    log.put(NOW + id, NOW, `${id}`)
    log.commit(NOW + id, NOW, 1)
  }

  assert.deepEqual(await bodiesIn(oldFiles({ 'a/log-1': one, 'b/log-2': two })), [
    '1',
    '2',
    '3',
    '5',
    '4',
    '7'
  ])
})

test('a clock that went back changes nothing in the order of a log, nor does a time that is far off', async () => {
  for (const [wrong, others] of [
    [-3_600_000, 1],
    [2 ** 45, 1]
  ] as const) {
    const [one, two] = [new OldLogWriter(1), new OldLogWriter(2)]
    ;[1, 2, 3, 4].forEach(i => {
      const time = NOW + i * 10 + (i === 2 ? wrong : 0)
      one.put(NOW + i, NOW + i * 10, `one ${i}`)
      one.commit(NOW + i, time, 1)
      two.put(NOW + 100 + i, NOW + i * 10 + others, `two ${i}`)
      two.commit(NOW + 100 + i, NOW + i * 10 + others, 1)
    })

    assert.deepEqual(
      await bodiesIn(oldFiles({ 'a/log-1': one, 'b/log-2': two })),
      [1, 2, 3, 4].flatMap(i => [`one ${i}`, `two ${i}`])
    )
  }
})

test('takes in logs of version 3 count for events in logs of version 2', async () => {
  const old = new OldLogWriter(1)
  const offset = old.put(NOW, NOW, 'taken')
  old.put(NOW, NOW, 'held')
  old.commit(NOW, NOW, 1)
  const writer = new FlumeLogWriter()
  writer.take(NOW + 5, NOW + 5, 1, offset)
  writer.commit(NOW + 5, NOW + 6, 2)
  const files = oldFiles({ 'd/log-1': old }).set('d/log-2', writer.bytes()).set('d/log-2.meta', flumeMeta(2))

  assert.deepEqual(await bodiesIn(files), ['held'])
})

test('an event whose take came to nothing is held, though the checkpoint does not have it', async () => {
  for (const end of ['open', 'rolled back', 'committed']) {
    const log = new OldLogWriter(2, [200, NOW + 5])
    const [gone, taken] = [log.put(NOW, NOW, 'delivered'), log.put(NOW, NOW, 'being taken')]
    const held = log.put(NOW, NOW, 'held')
    log.commit(NOW, NOW, 1)
    log.take(NOW + 1, NOW + 2, 2, taken)
    if (end === 'rolled back') log.rollback(NOW + 1, NOW + 9)
    if (end === 'committed') log.commit(NOW + 1, NOW + 9, 2)
    const files = new Map([
      ['data1/log-2', log.bytes()],
      ['checkpoint/checkpoint', oldCheckpoint(NOW + 5, [[2, held]])]
    ])

    const { events, help } = await readRecorded(files)

    assert.ok(help.checkpoint?.has(2, gone) === false)
    assert.equal(events.length, end === 'committed' ? 1 : 2)
  }
})

test('whatever bytes of a checkpoint or of a log are changed, the folder is read', async () => {
  for (const name of ['version-2-deleted', 'version-2-upgraded']) {
    const recorded = await recordedFolder(name)
    const paths = [...recorded.keys()].filter(path => path !== 'held.jsonl')
    const change = fc.record({ path: fc.constantFrom(...paths), at: fc.nat(9000), byte: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async changes => {
        const files = new Map(recorded)
        for (const { path, at, byte } of changes) {
          // The rest of a log is filling.
          const bytes = Buffer.from(files.get(path)!.subarray(0, 12_000))
          if (bytes.length > 0) bytes[at % Math.min(bytes.length, path.includes('log-') ? 1200 : 9000)] = byte
          files.set(path, bytes)
        }

        const { folder, events } = await readRecorded(files)

        assert.ok(events.length <= folder.held.length)
      }),
      { numRuns: 150 }
    )
  }
})
