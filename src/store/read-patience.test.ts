import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
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
import { BLOCK_BYTES } from './frame.ts'
import { PATIENCE_MS } from './read-patience.ts'

test('after power loss, what cannot be read in the newest segment is reported, and the rest is given out', async () => {
  for (let block = 0; block < 12; block++) {
    const before = newDisk()
    const first = await openLog(before, new FakeClock())
    await put(first, 0, 8)
    const below = before.crash()
    const newest = segmentsOf(below).at(-1) ?? ''
    const disk = new ScratchedDisk(below)
    disk.scratch(newest, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
    const clock = new FakeClock()

    const log = await openPatiently(disk, clock, false)
    const found = await drainPatiently(log, clock)
    await put(log, 100, 102)
    found.push(...(await drain(log)))

    const lost = range(0, 8).filter(number => !found.includes(number))
    assert.ok(lost.length <= 1, `block ${block} cost ${lost.join(' ')}`)
    assert.deepEqual(
      found,
      [...range(0, 8), 100, 101].filter(number => !lost.includes(number))
    )
    if (lost.length > 0 && lost[0] !== 7) assert.deepEqual(lostOf(log.recovery.skipped), lost)
    if (lost.length > 0) assert.ok(log.recovery.skipped.some(({ file }) => file === newest))
    await log.close()
  }
})

test('what can be read again within ten seconds costs nothing', async () => {
  const below = newDisk()
  const paths = await closedLog(below, 30)
  const disk = new ScratchedDisk(below)
  for (const path of paths) disk.scratch(path, 0, SEGMENT_BYTES)
  const clock = new FakeClock()
  await assert.rejects(openLog(disk, clock), { code: 'EIO' })
  await clock.advance(PATIENCE_MS - 1)
  await assert.rejects(openLog(disk, clock), { code: 'EIO' })
  disk.heal()
  const log = await openLog(disk, clock)
  await clock.advance(60_000)
  disk.scratch(paths[1] ?? '', 0, SEGMENT_BYTES)
  await assert.rejects(drain(log, 30), { code: 'ERR_CHANNEL' })
  await clock.advance(PATIENCE_MS - 1)
  await assert.rejects(drain(log, 30), { code: 'ERR_CHANNEL' })
  disk.heal()

  const found = await drain(log)

  assert.deepEqual([found.at(-1), log.skippedEvents], [29, 0])
  await log.close()
})

test('while the disk takes no writes either, nothing is given up', async () => {
  const below = newDisk()
  const [oldest = ''] = await closedLog(below, 30)
  const disk = new ScratchedDisk(below)
  disk.scratch(oldest, 0, SEGMENT_BYTES)
  disk.dead.add(`${FOLDER}/millrace.probe`)
  const clock = new FakeClock()
  for (let second = 0; second < 30; second++) {
    await assert.rejects(openLog(disk, clock), { code: 'EIO' })
    await clock.advance(1000)
  }
  disk.heal()

  const log = await openLog(disk, clock)

  assert.deepEqual([await drain(log), log.skippedEvents], [range(0, 30), 0])
  await log.close()
})

test('a clock that is set back in the meantime does not make it longer than ten seconds', async () => {
  const below = newDisk()
  const [, second = ''] = await closedLog(below, 30)
  const disk = new ScratchedDisk(below)
  disk.dead.add(second)
  const clock = new FakeClock(3_600_000)
  await assert.rejects(openLog(disk, clock), { code: 'EIO' })

  clock.set(0)
  await clock.advance(PATIENCE_MS)
  const log = await openLog(disk, clock)

  assert.equal((await drain(log)).length + log.skippedEvents, 30)
  await log.close()
})

test('a file that cannot be opened is set aside, and its events are reported', async () => {
  const below = newDisk()
  const [, second = ''] = await closedLog(below, 30)
  const disk = new ScratchedDisk(below)
  disk.dead.add(second)
  const clock = new FakeClock()

  const log = await openPatiently(disk, clock, false)
  const found = await drain(log)

  assert.ok(found.length < 30)
  assert.deepEqual(
    [...found, ...lostOf(log.recovery.skipped)].sort((one, other) => one - other),
    range(0, 30)
  )
  assert.ok(below.files().has(`${FOLDER}/quarantine/${second.slice(FOLDER.length + 1)}-whole`))
  await log.close()
})

test('a segment with a place that cannot be read is kept aside once the rest is taken', async () => {
  const below = newDisk()
  const [oldest = ''] = await closedLog(below, 30)
  const disk = new ScratchedDisk(below)
  disk.scratch(oldest, 3 * BLOCK_BYTES, 4 * BLOCK_BYTES)
  const clock = new FakeClock()

  const log = await openPatiently(disk, clock, false)
  const found = await drainPatiently(log, clock)
  await log.close()

  assert.equal(found.length, 29)
  assert.ok(below.files().has(`${FOLDER}/quarantine/${oldest.slice(FOLDER.length + 1)}-whole`))
})

test('a file that goes while the log is open is waited for, then reported; the rest is given out', async () => {
  for (const ending of ['missing', 'dead']) {
    const below = newDisk()
    const paths = await closedLog(below, 60)
    const disk = new ScratchedDisk(below)
    const clock = new FakeClock()
    const log = await openLog(disk, clock)
    const found = await drain(log, 10)
    const gone = paths.at(-2) ?? ''
    const bytes = below.files().get(gone)?.toString('latin1') ?? ''
    const lost = range(10, 60).filter(number => bytes.includes(`${number}...`))
    if (ending === 'missing') below.uproot(gone)
    else disk.dead.add(gone)
    found.push(...(await drain(log, (lost[0] ?? 0) - 10)))

    await assert.rejects(drain(log), { code: 'ERR_CHANNEL' })
    await clock.advance(PATIENCE_MS - 1)
    await assert.rejects(drain(log), { code: 'ERR_CHANNEL' })
    await clock.advance(1)
    found.push(...(await drain(log)))
    await put(log, 100, 102)
    found.push(...(await drain(log)))

    assert.ok(lost.length > 3)
    assert.deepEqual(
      [found, log.skippedEvents],
      [[...range(0, 60), 100, 101].filter(number => !lost.includes(number)), lost.length],
      ending
    )
    await log.close()
  }
})

test('where its folder is not there, a file is not given up', async () => {
  const below = newDisk()
  await closedLog(below, 60)
  const clock = new FakeClock()
  const log = await openLog(below, clock)
  await drain(log, 10)

  below.uproot(FOLDER)
  while ((await log.take(1).catch(() => undefined)) !== undefined);
  for (let second = 0; second < 30; second++) {
    await clock.advance(1000)
    await assert.rejects(log.take(1), { code: 'ERR_CHANNEL' })
  }

  assert.equal(log.skippedEvents, 0)
})
