import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { drain, newDisk, openLog, put, range } from '../testing/numbered-log.ts'
import type { SimulatedDisk } from '../testing/simulated-disk.ts'

const ONE = ['/data/one/a', '/data/one/b']
const TWO = ['/data/two/a', '/data/two/b']

/** Two channels of two folders each. */
async function twoChannels(): Promise<SimulatedDisk> {
  const disk = newDisk()
  for (const [name, folders, first] of [
    ['c1', ONE, 0],
    ['c2', TWO, 1000]
  ] as const) {
    const log = await openLog(disk, new FakeClock(), { name, folders })
    await put(log, first, first + 60)
    await log.close()
  }
  return disk
}

function swap(disk: SimulatedDisk, one: string, other: string): void {
  const files = [...disk.files()].filter(
    ([path]) => path.startsWith(`${one}/`) || path.startsWith(`${other}/`)
  )
  for (const [path] of files) disk.uproot(path)
  for (const [path, bytes] of files) {
    const [from, to] = path.startsWith(`${one}/`) ? [one, other] : [other, one]
    disk.plant(to + path.slice(from.length), bytes)
  }
}

test('swapped folders of two channels stop both starts with both names, and nothing is touched', async () => {
  const disk = await twoChannels()
  swap(disk, '/data/one/b', '/data/two/b')
  const before = disk.files()

  await assert.rejects(openLog(disk, new FakeClock(), { name: 'c1', folders: ONE }), {
    code: 'ERR_CHANNEL',
    message:
      /^\/data\/one\/b holds a part of another log, that of channel c2, and \/data\/one\/a says .* channel c1 /
  })
  await assert.rejects(openLog(disk, new FakeClock(), { name: 'c2', folders: TWO }), {
    message: /^\/data\/two\/b holds a part of another log, that of channel c1, .* channel c2 /
  })
  assert.deepEqual([...disk.files().keys()], [...before.keys()])

  swap(disk, '/data/one/b', '/data/two/b')
  const found: number[][] = []
  for (const [name, folders] of [
    ['c1', ONE],
    ['c2', TWO]
  ] as const) {
    const log = await openLog(disk, new FakeClock(), { name, folders })
    found.push(await drain(log))
    await log.close()
  }
  assert.deepEqual(found, [range(0, 60), range(1000, 1060)])
})

test('files of another channel are set aside, and it is said how many events they hold', async () => {
  const disk = await twoChannels()
  const strange = [...disk.files()].filter(([path]) => path.startsWith('/data/two/a/seg-'))
  const first = strange.find(([, bytes]) => bytes.includes('...'))
  assert.ok(first !== undefined)
  disk.plant('/data/one/a/seg-000000000f00', first[1])

  const log = await openLog(disk, new FakeClock(), { name: 'c1', folders: ONE })

  const [part] = log.recovery.skipped
  assert.deepEqual([part?.file, part?.events], ['/data/one/a/seg-000000000f00', 0])
  assert.ok((part?.otherEvents ?? 0) > 5)
  assert.deepEqual([await drain(log), log.skippedEvents], [range(0, 60), 0])
  await log.close()
})

test('a single folder that is not mounted is missed, as another one notes where the log is', async () => {
  for (const end of ['stop', 'kill'] as const) {
    const filled = newDisk()
    const options = { name: 'c1', folders: ['/data/only'], witness: '/data/checkpoint' }
    const log = await openLog(filled, new FakeClock(), options)
    await put(log, 0, 30)
    if (end === 'stop') await log.close()
    const disk = filled.kill()
    const away = [...disk.files()].filter(([path]) => path.startsWith('/data/only/'))
    for (const [path] of away) disk.uproot(path)

    await assert.rejects(openLog(disk, new FakeClock(), options), {
      code: 'ERR_CHANNEL',
      message:
        /^\/data\/only is empty, and \/data\/checkpoint says that a part of the log is in it\. Mount its disk/
    })
    for (const [path, bytes] of away) disk.plant(path, bytes)
    const again = await openLog(disk, new FakeClock(), options)

    assert.deepEqual(await drain(again), range(0, 30))
    await again.close()
  }
})

test('a single folder that held nothing is not missed, nor is one that is no longer configured', async () => {
  const disk = newDisk()
  const options = { name: 'c1', folders: ['/data/only'], witness: '/data/checkpoint' }
  const log = await openLog(disk, new FakeClock(), options)
  await put(log, 0, 3)
  await drain(log)
  await log.close()
  for (const path of disk.files().keys()) if (path.startsWith('/data/only/')) disk.uproot(path)
  const fresh = await openLog(disk, new FakeClock(), options)
  await put(fresh, 0, 5)
  await fresh.close()

  const moved = await openLog(disk, new FakeClock(), { ...options, folders: ['/data/new'] })

  assert.equal(moved.size, 0)
  await moved.close()
})
