import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { batchOf, textsOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { ScratchedDisk } from '../testing/scratched-disk.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import type { Disk } from './disk.ts'
import { DurableLog } from './durable-log.ts'
import { BLOCK_BYTES } from './frame.ts'
import type { DurableLogOptions, SkippedPart } from './log-options.ts'
import { PATIENCE_MS } from './read-patience.ts'
import { DATA_START } from './segment-header.ts'

const FOLDER = '/data'
const SEGMENT_BYTES = 16 * BLOCK_BYTES
const BODY_BYTES = 1000
const never = new AbortController().signal

function newDisk(): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: [FOLDER], automatic: true })
}

function openLog(
  disk: Disk,
  clock: FakeClock,
  options: Partial<DurableLogOptions> = {}
): Promise<DurableLog> {
  return DurableLog.open({
    name: 'tested',
    folders: [FOLDER],
    disk,
    clock,
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: 10_000,
    keepAliveMs: 0,
    memoryBytes: BLOCK_BYTES,
    minimumFreeBytes: 0,
    segmentBytes: SEGMENT_BYTES,
    stagingBytes: 2 * BLOCK_BYTES,
    ...options
  })
}

/** One put for each number; each takes a block of a segment. */
async function put(log: DurableLog, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++)
    await log.put(batchOf([String(number).padEnd(BODY_BYTES, '.')]), never)
}

async function drain(log: DurableLog, most = Infinity): Promise<number[]> {
  const numbers: number[] = []
  while (numbers.length < most) {
    const lease = await log.take(Math.min(10, most - numbers.length))
    if (lease === undefined) break
    numbers.push(...textsOf(lease.batch).map(text => parseInt(text, 10)))
    await lease.commit()
  }
  return numbers
}

/** Events 0 to `events` in a log that was closed. */
async function closedLog(disk: SimulatedDisk, events: number, taken = 0): Promise<string[]> {
  const log = await openLog(disk, new FakeClock())
  await put(log, 0, events)
  await drain(log, taken)
  await log.close()
  return segmentsOf(disk)
}

/** Segments with events, by age. */
function segmentsOf(disk: SimulatedDisk): string[] {
  return [...disk.files()]
    .filter(([path, bytes]) => path.includes('/seg-') && bytes.length > DATA_START)
    .map(([path]) => path)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function lostOf(parts: readonly SkippedPart[]): number[] {
  return parts.flatMap(({ firstEvent, events }) => range(firstEvent, firstEvent + events))
}

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

async function openPatiently(disk: Disk, clock: FakeClock, verify: boolean): Promise<DurableLog> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const log = await openLog(disk, clock, { verify }).catch(() => undefined)
    if (log !== undefined) return log
    await clock.advance(1000)
  }
  throw new Error('The log never opens.')
}

async function drainPatiently(log: DurableLog, clock: FakeClock): Promise<number[]> {
  const found: number[] = []
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      found.push(...(await drain(log)))
      return found
    } catch {
      await clock.advance(1000)
    }
  }
  throw new Error('The log is never read to its end.')
}
