import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { batchOf, textsOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { DurableLog } from './durable-log.ts'
import { BLOCK_BYTES } from './frame.ts'
import { IDLE_MS, IdleMark } from './idle-mark.ts'

const FOLDER = '/data'
const never = new AbortController().signal

function openLog(disk: SimulatedDisk, clock: FakeClock): Promise<DurableLog> {
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
    segmentBytes: 16 * BLOCK_BYTES,
    stagingBytes: 2 * BLOCK_BYTES
  })
}

/** Bytes of the segment that is written to: the one that is not empty. */
function written(disk: SimulatedDisk): { readonly path: string; readonly bytes: Buffer } {
  const [path = '', bytes = Buffer.alloc(0)] =
    [...disk.files()].find(([name]) => name.includes('/seg-')) ?? []
  return { path, bytes: Buffer.from(bytes) }
}

test('a mark is made once, when nothing was written for a while', async () => {
  const clock = new FakeClock()
  let marks = 0
  const mark = new IdleMark(clock, () => marks++)
  const seen: number[] = []
  for (let i = 0; i < 4; i++) {
    mark.wrote()
    await clock.advance(IDLE_MS - 1)
    seen.push(marks)
  }
  await clock.advance(10 * IDLE_MS)
  seen.push(marks)
  mark.wrote()
  mark.stop()
  await clock.advance(10 * IDLE_MS)

  assert.deepEqual([...seen, marks], [0, 0, 0, 0, 1, 1])
})

test('after a crash, damage to what came to the disk a while before is reported, up to the last event', async () => {
  for (const block of [2, 3, 4]) {
    const before = new SimulatedDisk({ seed: 1, folders: [FOLDER], automatic: true })
    const clock = new FakeClock()
    const first = await openLog(before, clock)
    for (let number = 0; number < 3; number++) await first.put(batchOf([`${number}`.padEnd(1000)]), never)
    await clock.advance(10 * IDLE_MS)
    while (before.pending > 0) await settled()
    const disk = before.crash()
    const { path, bytes } = written(disk)
    bytes[block * BLOCK_BYTES + 50] = (bytes[block * BLOCK_BYTES + 50] ?? 0) ^ 1
    disk.plant(path, bytes)

    const log = await openLog(disk, new FakeClock())
    const lease = await log.take(10)
    const found = lease === undefined ? [] : textsOf(lease.batch).map(Number)
    const lost = log.recovery.skipped.flatMap(({ firstEvent, events }) =>
      Array.from({ length: events }, (_, i) => firstEvent + i)
    )

    assert.equal(log.recovery.skipped.length, 1, `block ${block}`)
    assert.deepEqual(
      [...found, ...lost].sort((one, other) => one - other),
      [0, 1, 2],
      `block ${block}`
    )
    await log.close()
  }
})

test('so is damage to the last event of a segment that has no room for another', async () => {
  for (let events = 8; events < 14; events++) {
    const before = new SimulatedDisk({ seed: 1, folders: [FOLDER], automatic: true })
    const clock = new FakeClock()
    const first = await openLog(before, clock)
    for (let number = 0; number < events; number++)
      await first.put(batchOf([`${number}`.padEnd(1000, '.')]), never)
    await clock.advance(10 * IDLE_MS)
    while (before.pending > 0) await settled()
    const disk = before.crash()
    for (const [path, bytes] of disk.files()) {
      const at = bytes.indexOf(`${events - 1}...`)
      if (at < 0) continue
      bytes[at + 5] = 0
      disk.plant(path, bytes)
    }

    const log = await openLog(disk, new FakeClock())

    const lost = log.recovery.skipped.map(({ firstEvent, events: count }) => [firstEvent, count])
    assert.deepEqual([log.size, lost], [events - 1, [[events - 1, 1]]], `${events} events`)
    await log.close()
  }
})
