import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { FOLDER, newDisk, openLog, put, drain, range, lostOf } from '../testing/numbered-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'

test('a data folder whose disk is not there is waited for, and nothing of it is given up', async () => {
  for (const end of ['stop', 'power'] as const) {
    const folders = ['/data/a', '/data/b']
    const filled = newDisk()
    const first = await openLog(filled, new FakeClock(), { folders })
    await put(first, 0, 40)
    if (end === 'stop') await first.close()
    const disk = end === 'stop' ? filled.kill() : filled.crash()
    const gone = [...disk.files()].filter(([path]) => path.startsWith('/data/b/'))
    for (const [path] of gone) disk.uproot(path)

    await assert.rejects(openLog(disk, new FakeClock(), { folders }), {
      code: 'ERR_CHANNEL',
      message: /^\/data\/b is empty/
    })
    for (const [path, bytes] of gone) disk.plant(path, bytes)
    const log = await openLog(disk, new FakeClock(), { folders })

    assert.deepEqual([await drain(log), log.skippedEvents], [range(0, 40), 0])
    await log.close()
  }
})

test('a data folder that is new, or taken out of the configuration, is no reason to wait', async () => {
  const disk = newDisk()
  const first = await openLog(disk, new FakeClock(), { folders: ['/data/a', '/data/b'] })
  await put(first, 0, 40)
  await first.close()
  const more = await openLog(disk, new FakeClock(), { folders: ['/data/a', '/data/b', '/data/c'] })
  const held = more.size
  await more.close()
  for (const path of disk.files().keys()) if (path.startsWith('/data/b/')) disk.uproot(path)

  const less = await openLog(disk, new FakeClock(), { folders: ['/data/a', '/data/c'] })
  const found = await drain(less)

  assert.equal(held, 40)
  assert.deepEqual(
    [...found, ...lostOf(less.recovery.skipped)].sort((one, other) => one - other),
    range(0, 40)
  )
  await less.close()
})

test('cut off while the folders are written down, a start goes on', async () => {
  for (let calls = 1; calls < 120; calls++) {
    const disk = new SimulatedDisk({ seed: calls, folders: [FOLDER] })
    const folders = ['/data/a', '/data/b', '/data/c']
    openLog(disk, new FakeClock(), { folders }).catch(() => undefined)
    for (let call = 0; call < calls; call++) {
      disk.step()
      await settled()
    }
    const next = disk.crash()
    const opening = openLog(next, new FakeClock(), { folders })
    let opened = false
    const log = opening.then(found => {
      opened = true
      return found
    })
    for (let call = 0; call < 1000 && !opened; call++) {
      next.step()
      await settled()
    }

    assert.ok(await log, `after ${calls} calls`)
  }
})
