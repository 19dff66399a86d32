import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { batchOf } from '../testing/fake-context.ts'
import {
  FOLDER,
  SEGMENT_BYTES,
  newDisk,
  openLog,
  put,
  drain,
  closedLog,
  segmentsOf,
  range,
  lostOf,
  openPatiently,
  drainPatiently
} from '../testing/numbered-log.ts'
import { ScratchedDisk } from '../testing/scratched-disk.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { BLOCK_BYTES } from './frame.ts'
import { DATA_START } from './segment-header.ts'

const never = new AbortController().signal

test('the newest segment cut short after a stop is reported, event by event', async () => {
  for (const end of [0, 100, DATA_START, 3 * BLOCK_BYTES, 5 * BLOCK_BYTES + 17]) {
    const disk = newDisk()
    const newest = (await closedLog(disk, 20)).at(-1) ?? ''
    disk.plant(newest, (disk.files().get(newest) ?? Buffer.alloc(0)).subarray(0, end))

    const log = await openLog(disk, new FakeClock())
    const found = await drain(log)

    assert.ok(log.skippedEvents > 0, `cut at ${end}`)
    assert.deepEqual([...found, ...lostOf(log.recovery.skipped)], range(0, 20), `cut at ${end}`)
    assert.ok(log.recovery.skipped.every(({ file }) => file === newest))
    await log.close()
  }
})

test('a part that the start found damaged is not found again when it is read', async () => {
  const disk = newDisk()
  const newest = (await closedLog(disk, 20)).at(-1) ?? ''
  const bytes = Buffer.from(disk.files().get(newest) ?? Buffer.alloc(0))
  bytes.fill(0, 4 * BLOCK_BYTES, 5 * BLOCK_BYTES)
  disk.plant(newest, bytes)

  const log = await openLog(disk, new FakeClock())
  const found = await drain(log)

  assert.deepEqual([found.length, log.stats().skippedParts, log.skippedEvents], [19, 1, 1])
  await log.close()
})

test('the newest segments missing after a stop are reported, and their numbers are not used again', async () => {
  const disk = newDisk()
  for (const path of (await closedLog(disk, 30)).slice(1)) disk.uproot(path)

  const log = await openLog(disk, new FakeClock())
  const lost = lostOf(log.recovery.skipped)
  await put(log, 30, 40)
  const found = await drain(log)
  await log.close()
  const again = await openLog(disk, new FakeClock())

  assert.deepEqual([...found.filter(number => number < 30), ...lost], range(0, 30))
  assert.deepEqual(found.slice(-10), range(30, 40))
  assert.deepEqual([again.size, again.recovery.skipped], [0, []])
  await again.close()
})

test('after a stop, events that were taken are not reported, whatever else is damaged', async () => {
  const disk = newDisk()
  const paths = await closedLog(disk, 30, 25)
  for (const path of paths) disk.uproot(path)

  const log = await openLog(disk, new FakeClock())

  assert.deepEqual(lostOf(log.recovery.skipped), range(25, 30))
  await log.close()
})

test('the record of a stop counts no more once something newer is there', async () => {
  const disk = newDisk()
  await closedLog(disk, 10)
  const record = disk.files().get(`${FOLDER}/last-stop`) ?? Buffer.alloc(0)
  const log = await openLog(disk, new FakeClock())
  await put(log, 10, 12)
  await drain(log)
  await log.close()
  disk.plant(`${FOLDER}/last-stop`, record)

  const again = await openLog(disk, new FakeClock())

  assert.deepEqual([again.size, again.recovery.skipped], [0, []])
  await again.close()
})

test('a damaged record of a stop is no reason not to start', async () => {
  for (const spoil of [Buffer.alloc(0), Buffer.from('rubbish'), Buffer.from('00000000 {}')]) {
    const disk = newDisk()
    await closedLog(disk, 10)
    disk.plant(`${FOLDER}/last-stop`, spoil)

    const log = await openLog(disk, new FakeClock())

    assert.deepEqual([await drain(log), log.skippedEvents], [range(0, 10), 0])
    await log.close()
  }
})

test('a place that the disk cannot read costs what was there, wherever it is', async () => {
  for (const verify of [false, true]) {
    for (let block = 0; block < SEGMENT_BYTES / BLOCK_BYTES; block++) {
      const below = newDisk()
      const [oldest = ''] = await closedLog(below, 30)
      const disk = new ScratchedDisk(below)
      disk.scratch(oldest, block * BLOCK_BYTES + 1, (block + 1) * BLOCK_BYTES - 1)
      const clock = new FakeClock()

      const log = await openPatiently(disk, clock, verify)
      const found = await drainPatiently(log, clock)

      const lost = range(0, 30).filter(number => !found.includes(number))
      assert.equal(log.skippedEvents, lost.length, `block ${block}`)
      assert.ok(lost.length <= 1, `block ${block} cost ${lost.join(' ')}`)
      assert.deepEqual(
        found,
        range(0, 30).filter(number => !lost.includes(number))
      )
      await log.close()
    }
  }
})

test('a write that failed, a kill and power loss leave no false report', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const disk = new SimulatedDisk({ seed, folders: [FOLDER], automatic: true })
    const clock = new FakeClock()
    const log = await openLog(disk, clock)
    await put(log, 0, 5)
    disk.faults.add({
      operations: ['write', 'truncate'],
      after: 0,
      times: Infinity,
      kind: 'EIO'
    })
    let refused = false
    const rejected = assert.rejects(put(log, 5, 6)).then(() => (refused = true))
    for (let i = 0; i < 100 && !refused; i++) await clock.advance(100)
    await rejected
    const killed = disk.kill()
    const second = await openLog(killed, new FakeClock())
    const held = second.size
    await second.close()

    const third = await openLog(killed.crash(), new FakeClock())
    const found = await drain(third)

    assert.deepEqual(third.recovery.skipped, [], `seed ${seed}`)
    assert.deepEqual(found, range(0, held))
    await third.close()
  }
})

test('after power loss, a newest segment that was cut short is reported, whether full or not', async () => {
  for (const end of [
    0,
    100,
    DATA_START - 1,
    DATA_START,
    3 * BLOCK_BYTES,
    5 * BLOCK_BYTES + 17,
    8 * BLOCK_BYTES
  ]) {
    const before = newDisk()
    const first = await openLog(before, new FakeClock())
    await put(first, 0, 8)
    const disk = before.crash()
    const newest = segmentsOf(disk).at(-1) ?? ''
    const bytes = disk.files().get(newest) ?? Buffer.alloc(0)
    disk.plant(newest, bytes.subarray(0, end))

    const log = await openLog(disk, new FakeClock())
    const found = await drain(log)

    assert.deepEqual(found, range(0, found.length))
    assert.ok(found.length < 8, `cut at ${end}`)
    assert.deepEqual(
      log.recovery.skipped.map(({ file }) => file),
      [newest],
      `cut at ${end}`
    )
    await log.close()
  }
})

test('a put over several segments is reported where the newest of them is cut short: it may have been whole', async () => {
  for (const end of [DATA_START + 100, 4 * BLOCK_BYTES, 5 * BLOCK_BYTES + 17]) {
    const disk = newDisk()
    const first = await openLog(disk, new FakeClock())
    await put(first, 0, 3)
    await first.put(batchOf(range(3, 60).map(number => String(number).padEnd(1000, '.'))), never)
    const left = disk.kill()
    const newest = segmentsOf(left).at(-1) ?? ''
    left.plant(newest, (left.files().get(newest) ?? Buffer.alloc(0)).subarray(0, end))
    const whole = [...left.files().values()].map(bytes => bytes.toString('latin1')).join('')

    const log = await openLog(left, new FakeClock())
    const found = await drain(log)

    const stored = range(3, 60).filter(number => whole.includes(`${number}...`)).length
    assert.ok(stored > 20)
    assert.deepEqual([found, log.skippedEvents], [range(0, 3), stored], `cut at ${end}`)
    assert.deepEqual(
      log.recovery.skipped.map(({ file, firstEvent }) => [file, firstEvent]),
      [[newest, 3]]
    )
    await log.close()
  }
})

test('an end that holds nothing may be cut off', async () => {
  const before = newDisk()
  const first = await openLog(before, new FakeClock())
  await put(first, 0, 3)
  const disk = before.crash()
  const newest = segmentsOf(disk).at(-1) ?? ''
  disk.plant(newest, (disk.files().get(newest) ?? Buffer.alloc(0)).subarray(0, 12 * BLOCK_BYTES))

  const log = await openLog(disk, new FakeClock())

  assert.deepEqual([await drain(log), log.recovery.skipped], [range(0, 3), []])
  await log.close()
})
