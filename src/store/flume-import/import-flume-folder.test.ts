import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EventBatch } from '../../core/batch.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { FakeLog } from '../../testing/fake-log.ts'
import {
  FLUME_FOLDERS,
  flumeFiles,
  FlumeLogWriter,
  HELD,
  recordedEvents,
  RECORDED_KEY,
  recordedFolder
} from '../../testing/flume-folders.ts'
import { LineLog, linesOf, SEGMENT } from '../../testing/line-log.ts'
import { SimulatedDisk } from '../../testing/simulated-disk.ts'
import type { Disk } from '../disk.ts'
import { DurableLog } from '../durable-log.ts'
import { importFlumeFolder, type FlumeImportOptions, type ImportReport } from './import-flume-folder.ts'
import { rewriteLog } from './rewrite-log.ts'

function optionsOn(
  disk: Disk,
  more: Partial<FlumeImportOptions> = {}
): FlumeImportOptions & { log: FakeLog } {
  return {
    name: 'c1',
    checkpointDir: '/c/checkpoint',
    backupCheckpointDir: undefined,
    dataDirs: ['/c/data'],
    logFolders: ['/c/data'],
    disk,
    clock: new FakeClock(1_700_000_000_000),
    flumeKey: undefined,
    openLog: ([folder = ''], on) => LineLog.open(folder, on),
    findUser: () => Promise.resolve(undefined),
    ...more,
    log: new FakeLog()
  }
}

/** Events of the durable log, from the files as they are. */
function eventsOn(disk: SimulatedDisk, folder = '/c/data'): unknown[] {
  return linesOf(disk.files().get(join(folder, SEGMENT)) ?? Buffer.alloc(0)).map(
    line => JSON.parse(line) as unknown
  )
}

function diskWith(files: ReadonlyMap<string, Buffer>, automatic = true): SimulatedDisk {
  const disk = new SimulatedDisk({
    seed: 1,
    folders: ['/c/data', '/c/checkpoint'],
    automatic,
    keepsNames: true
  })
  for (const [path, bytes] of files) disk.plant(`/c/${path}`, bytes)
  return disk
}

for (const name of FLUME_FOLDERS) {
  test(`the folder ${name} of a real Flume is taken over, its files aside`, async () => {
    const files = await recordedFolder(name)
    const disk = diskWith(files)
    const [first, last] = HELD[name]

    const report = await importFlumeFolder(
      optionsOn(disk, { flumeKey: () => RECORDED_KEY, backupCheckpointDir: '/c/backup' })
    )

    assert.deepEqual(eventsOn(disk), (await recordedEvents()).slice(first, last + 1))
    assert.deepEqual([report?.events, report?.lost, report?.damageCount], [last - first + 1, 0, 0])
    for (const [path, bytes] of files) {
      if (!/^(data|checkpoint|backup)\//.test(path)) continue
      const [folder, file] = path.split('/') as [string, string]
      assert.deepEqual(disk.files().get(`/c/${folder}/flume-1.x-20231114T221320Z/${file}`), bytes, path)
      assert.equal(disk.files().get(`/c/${path}`), undefined)
    }
    assert.deepEqual([disk.violations, disk.handles.size], [[], 0])
  })
}

for (const name of ['version-2', 'version-2-deleted', 'version-2-upgraded']) {
  test(`the folder ${name} of a real Flume 1.2 is taken over, its files aside`, async () => {
    const files = await recordedFolder(name)
    const disk = diskWith(files)
    const held = files.get('held.jsonl')!.toString().trim().split('\n')

    const report = await importFlumeFolder(optionsOn(disk, { dataDirs: ['/c/data1', '/c/data2'] }))

    assert.deepEqual(
      eventsOn(disk),
      held.map(line => {
        const { headers, body64 } = JSON.parse(line) as { headers: unknown; body64: string }
        return { headers, body: Buffer.from(body64, 'base64').toString() }
      })
    )
    assert.deepEqual([report?.events, report?.lost, report?.damageCount], [held.length, 0, 0])
    const left = [...disk.files().keys()].filter(path => /^\/c\/(?:data\d|checkpoint)\/[^/]+$/.test(path))
    assert.deepEqual(left, [])
  })
}

test("a folder without Flume's files is left alone, and so is one that was taken over", async () => {
  const disk = diskWith(flumeFiles({ 'data/log-1': aLog().one }))

  assert.equal((await importFlumeFolder(optionsOn(disk)))?.events, 2)
  assert.equal(await importFlumeFolder(optionsOn(disk)), undefined)
})

test('while a Flume still writes there, nothing is touched', async () => {
  const disk = diskWith(flumeFiles({ 'data/log-1': aLog().one }))
  const before = disk.files()
  const findUser = () => Promise.resolve({ pid: 42, file: '/c/data/log-1' })

  await assert.rejects(importFlumeFolder(optionsOn(disk, { findUser })), {
    code: 'ERR_START',
    message: 'Process 42 still uses /c/data/log-1: stop that agent. Nothing has been touched.'
  })
  assert.deepEqual(disk.files(), before)
})

test('a Flume that starts while its events are read is noticed before anything is moved', async () => {
  const disk = diskWith(flumeFiles({ 'data/log-1': aLog().one }))
  let asked = 0
  const findUser = () => Promise.resolve(asked++ === 0 ? undefined : { pid: 42, file: '/c/data/log-1' })

  await assert.rejects(importFlumeFolder(optionsOn(disk, { findUser })), { code: 'ERR_START' })
  assert.ok(disk.files().has('/c/data/log-1'))
  assert.equal((await importFlumeFolder(optionsOn(disk)))?.events, 2)
})

test('a missing key touches nothing', async () => {
  const disk = diskWith(await recordedFolder('encrypted'))
  const before = disk.files()

  await assert.rejects(importFlumeFolder(optionsOn(disk)), {
    code: 'ERR_CONFIG',
    message: /^Data file is encrypted but no {2}provider/
  })
  await assert.rejects(importFlumeFolder(optionsOn(disk, { flumeKey: () => undefined })), {
    code: 'ERR_CONFIG',
    message: /^KeyStore returned null for key-0/
  })
  await assert.rejects(importFlumeFolder(optionsOn(disk, { flumeKey: () => Buffer.alloc(16) })), {
    code: 'ERR_CONFIG'
  })
  assert.deepEqual(disk.files(), before)
})

test('damage is said, counted, and costs only what it hit', async () => {
  const files = await recordedFolder('undelivered')
  const log = files.get('data/log-1')!
  log.write('EVENT', log.indexOf('event-0150'))
  const disk = diskWith(files)
  const options = optionsOn(disk)

  const report = await importFlumeFolder(options)

  assert.equal(eventsOn(disk).length, 299)
  assert.deepEqual([report?.events, report?.lost, report?.damageCount], [299, 1, 1])
  assert.deepEqual(
    report?.damages.map(({ file, records }) => [file, records]),
    [['/c/data/log-1', 1]]
  )
  assert.ok(options.log.lines.some(({ level }) => level === 'error'))
})

test('a checkpoint whose logs are all gone is an error in the log, not an empty channel', async () => {
  const files = await recordedFolder('undelivered')
  for (const name of ['data/log-1', 'data/log-1.meta']) files.delete(name)
  const options = optionsOn(diskWith(files))

  assert.equal(await importFlumeFolder(options), undefined)

  assert.deepEqual(
    options.log.lines.map(({ level, facts }) => [level, facts['logs']]),
    [['error', [1]]]
  )
})

test('where older logs are gone and there is no checkpoint, it is said that events may come again', async () => {
  const { one, two } = aLog()
  const options = (files: ReadonlyMap<string, Buffer>) => optionsOn(diskWith(files))
  const [all, newer] = [
    options(flumeFiles({ 'data/log-1': one })),
    options(flumeFiles({ 'data/log-2': two }))
  ]

  await importFlumeFolder(all)
  await importFlumeFolder(newer)

  assert.deepEqual(all.log.messages('warn'), [])
  assert.match(newer.log.messages('warn').join(), /no whole checkpoint: events that were delivered may come/)
})

/** Two logs with what a log can have. */
function aLog(): { one: FlumeLogWriter; two: FlumeLogWriter; held: string[] } {
  const [one, two] = [new FlumeLogWriter(), new FlumeLogWriter()]
  const taken = one.put(1, 1, 'a')
  one.put(1, 2, 'b', { n: '1' })
  one.put(1, 3, 'c')
  one.commit(1, 4, 1)
  two.put(2, 5, 'd')
  two.commit(2, 6, 1)
  two.put(4, 7, 'not committed')
  one.take(3, 8, 1, taken)
  one.commit(3, 9, 2)
  return { one, two, held: ['b', 'c', 'd'] }
}

const TWO_FOLDERS = { dataDirs: ['/c/data', '/c/more'], logFolders: ['/c/data', '/c/more'] }

function twoFolders(): { files: Map<string, Buffer>; held: string[] } {
  const { one, two, held } = aLog()
  const files = flumeFiles({ 'data/log-1': one, 'more/log-2': two })
  files.set('checkpoint/checkpoint', Buffer.alloc(64)).set('data/in_use.lock', Buffer.alloc(0))
  return { files, held }
}

/** Runs until `calls` calls of the disk are complete, or to its end. */
async function runFor(disk: SimulatedDisk, run: Promise<unknown>, calls: number): Promise<boolean> {
  let ended = false
  run.then(
    () => {
      ended = true
    },
    () => {
      ended = true
    }
  )
  while (disk.completed < calls) {
    await new Promise(resolve => {
      setImmediate(resolve)
    })
    if (ended) return true
    disk.step()
  }
  return false
}

async function toTheEnd(disk: SimulatedDisk, options: FlumeImportOptions): Promise<ImportReport | undefined> {
  const run = importFlumeFolder(options)
  await runFor(disk, run, Infinity)
  return await run
}

const bodiesOn = (disk: SimulatedDisk): string[] =>
  (eventsOn(disk) as { body: string }[]).map(({ body }) => body)

/** Stops at every call, in every way, then starts again. */
async function stopEverywhere(
  files: ReadonlyMap<string, Buffer>,
  expected: readonly string[]
): Promise<number> {
  for (let calls = 1; ; calls++) {
    for (const end of ['crash', 'kill'] as const) {
      const disk = diskWith(files, false)
      if (await runFor(disk, importFlumeFolder(optionsOn(disk, TWO_FOLDERS)), calls)) return calls
      const next = disk[end]()

      await toTheEnd(next, optionsOn(next, TWO_FOLDERS))

      assert.deepEqual(bodiesOn(next), expected, `${end} after ${calls} calls`)
      for (const [path, bytes] of files) {
        if (path.endsWith('.lock')) continue
        const aside = `/c/${path.replace('/', '/flume-1.x-20231114T221320Z/')}`
        assert.deepEqual(next.files().get(aside), bytes, `${path}, ${end} after ${calls} calls`)
        if (/log-/.test(path)) assert.ok(!next.files().has(`/c/${path}`))
      }
      assert.deepEqual([disk.violations, next.violations], [[], []])
    }
  }
}

test("power loss or a kill at any call of the disk, then a start: every event once, in order, Flume's files aside", async () => {
  const { files, held } = twoFolders()

  assert.ok((await stopEverywhere(files, held)) > 40)
})

test('the same where the channel held events of its own: those come first', async () => {
  const { files, held } = twoFolders()
  files.set(`data/${SEGMENT}`, Buffer.from('{"headers":{},"body":"own 1"}\n{"headers":{},"body":"own 2"}\n'))

  await stopEverywhere(files, ['own 1', 'own 2', ...held])
})

test('a folder that was moved in the middle of a take-over is refused, and nothing is touched', async () => {
  const { files } = twoFolders()
  const disk = diskWith(files, false)
  const run = importFlumeFolder(optionsOn(disk, TWO_FOLDERS))
  run.catch(() => undefined)
  for (let calls = 1; !disk.files().has('/c/data/flume-import.json'); calls++) await runFor(disk, run, calls)
  const moved = diskWith(new Map())
  for (const [path, bytes] of disk.files()) moved.plant(path.replace('/c/more/', '/c/other/'), bytes)
  const before = moved.files()

  await assert.rejects(importFlumeFolder(optionsOn(moved, TWO_FOLDERS)), {
    code: 'ERR_START',
    message: /is not there any more, and not at \/c\/more\/.* Move the folder back/
  })
  assert.deepEqual(moved.files(), before)
})

test('any call of the disk may fail: the next start comes to the same end', async () => {
  const { files, held } = twoFolders()
  for (let after = 0; ; after++) {
    const disk = diskWith(files)
    disk.faults.add({
      operations: ['open', 'rename', 'list', 'makeFolder', 'syncFolder', 'write', 'read', 'sync', 'unlink'],
      after,
      times: 1,
      kind: 'EIO'
    })
    const failed = await importFlumeFolder(optionsOn(disk, TWO_FOLDERS)).then(
      () => false,
      () => true
    )

    if (failed) await importFlumeFolder(optionsOn(disk, TWO_FOLDERS))

    assert.deepEqual(bodiesOn(disk), held, `call ${after} failed`)
    if (!failed) return
  }
})

const small = {
  capacity: Infinity,
  transactionCapacity: 1000,
  keepAliveMs: 0,
  memoryBytes: 1_000_000,
  minimumFreeBytes: 0,
  segmentBytes: 64 * 1024,
  stagingBytes: 8192,
  keepFreeSegments: 1
}

const durable = {
  ...TWO_FOLDERS,
  openLog: (folders: readonly string[], disk: Disk) =>
    DurableLog.open({ ...small, name: 'c1', folders, disk, clock: new FakeClock(), log: new FakeLog() })
}

test('power loss at any call, with the real log: what it holds then is every event once, in order', async () => {
  const { files, held } = twoFolders()
  for (let calls = 1; ; calls += 3) {
    const disk = diskWith(files, false)
    if (await runFor(disk, importFlumeFolder(optionsOn(disk, durable)), calls)) break
    const next = disk.crash()

    await toTheEnd(next, optionsOn(next, durable))
    const taking = takeAll(next)
    await runFor(next, taking, Infinity)

    assert.deepEqual(await taking, held, `after ${calls} calls`)
    const left = [...next.files().keys()].filter(path => path.includes('/flume-import/last-stop'))
    assert.deepEqual(left, [], `after ${calls} calls`)
  }
})

async function takeAll(disk: SimulatedDisk): Promise<string[]> {
  const log = await durable.openLog(TWO_FOLDERS.logFolders, disk)
  const bodies: string[] = []
  for (;;) {
    await using lease = await log.take(1000)
    if (lease === undefined) break
    for (const event of lease.batch) bodies.push(event.text)
    await lease.commit()
  }
  assert.deepEqual(log.recovery.skipped, [])
  await log.close()
  return bodies
}

test('writing our own log anew may be cut off anywhere: the next start finds the old one or the new one', async () => {
  const lines = ['keep 1', 'drop', 'keep 2']
    .map(body => `${JSON.stringify({ headers: {}, body })}\n`)
    .join('')
  const keep = (batch: EventBatch): Promise<EventBatch> =>
    Promise.resolve(batch.filter(i => batch.text(i) !== 'drop'))
  const seen = new Set<string>()
  for (let calls = 1; ; calls++) {
    const disk = diskWith(new Map([[`data/${SEGMENT}`, Buffer.from(lines)]]), false)
    if (await runFor(disk, rewriteLog(optionsOn(disk), keep), calls)) break
    const next = disk.crash()

    await toTheEnd(next, optionsOn(next))

    seen.add(bodiesOn(next).join())
    assert.deepEqual(next.violations, [])
  }
  assert.deepEqual([...seen], ['keep 1,drop,keep 2', 'keep 1,keep 2'])
})
