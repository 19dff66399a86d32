import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBatch } from '../core/batch.ts'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { batchOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { DurableLog } from './durable-log.ts'
import { bytesOnDisk } from './segment.ts'

const never = new AbortController().signal
const SEGMENT_BYTES = 256 * 1024
const ROOM = 2 ** 30

async function openLog({ disk = newDisk(), verify = false, memoryBytes = 2 ** 20 } = {}) {
  const clock = new FakeClock()
  const log = await DurableLog.open({
    name: 'tested',
    folders: ['/data'],
    disk,
    clock,
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: 10_000,
    keepAliveMs: 0,
    memoryBytes,
    minimumFreeBytes: 0,
    segmentBytes: SEGMENT_BYTES,
    stagingBytes: 32 * 1024,
    verify
  })
  return { disk, clock, log }
}

function newDisk(): SimulatedDisk {
  return new SimulatedDisk({ seed: 3, folders: ['/data'], automatic: true })
}

function lines(events: number, bytes = 100): EventBatch {
  return batchOf(Array.from({ length: events }, () => 'x'.repeat(bytes)))
}

async function takeAll(log: DurableLog): Promise<void> {
  for (let lease = await log.take(1000); lease !== undefined; lease = await log.take(1000))
    await lease.commit()
}

test('transactions per sync counts the puts and commits that shared a write', async () => {
  const { log } = await openLog()
  await log.put(lines(1), never)
  const alone = log.stats()
  const lease = await log.take(1)
  await Promise.all([lease?.commit(), ...Array.from({ length: 8 }, () => log.put(lines(1), never))])
  const together = log.stats()

  assert.deepEqual([alone.syncs, alone.transactionsPerSync], [1, 1])
  assert.deepEqual([together.syncs, together.transactionsPerSync], [2, 5])
  assert.ok(together.syncP50Ms > 0 && together.syncP99Ms >= together.syncP50Ms)
})

test('the oldest arrival is that of the events that are held', async () => {
  const { log, clock } = await openLog()
  const empty = log.oldestArrival
  await log.put(lines(1), never)
  await clock.advance(4000)
  await log.put(lines(1), never)
  await clock.advance(1500)
  const both = log.oldestArrival
  await (await log.take(1))?.commit()
  const younger = log.oldestArrival
  await takeAll(log)

  assert.deepEqual([empty, both, younger, log.oldestArrival], [undefined, 0, 4000, undefined])
})

test('the oldest arrival of a backlog that is only on disk is known, too', async () => {
  const { log, clock } = await openLog({ memoryBytes: 1000 })
  for (let i = 0; i < 20; i++) await log.put(lines(100), never)
  await clock.advance(60_000)

  assert.equal(log.oldestArrival, 0)
})

test('events that went to disk alone know when they came, whatever the time is set to', async () => {
  const { log, clock } = await openLog({ memoryBytes: 1000 })
  for (let i = 0; i < 20; i++) {
    await clock.advance(1000)
    await log.put(lines(100), never)
  }
  clock.set(0)
  const came: (number | undefined)[] = []
  for (let lease = await log.take(100); lease !== undefined; lease = await log.take(100)) {
    came.push(lease.arrivedAt, log.oldestArrival)
    await lease.commit()
  }

  assert.deepEqual(came, Array.from({ length: 20 }, (_, i) => [1000 * (i + 1), 1000 * (i + 1)]).flat())
})

test('its segments are shown with what they hold, oldest first', async () => {
  const { log } = await openLog()
  for (let i = 0; i < 8; i++) await log.put(lines(1000, 50), never)
  await (await log.take(10))?.commit()
  const { total } = log.segments
  const rows = [...log.segments.rows]

  assert.deepEqual([total, rows.length], [log.stats().segments, total])
  assert.ok(rows.every(({ name, sizeBytes }) => name.startsWith('/data/seg-') && sizeBytes === SEGMENT_BYTES))
  assert.equal(
    rows.reduce((sum, { events = 0 }) => sum + Number(events), 0),
    7990
  )
  assert.deepEqual([rows[0]?.state, rows.at(-1)?.state], ['full', 'writing'])
})

test('segments grow with the backlog, and go with it', async () => {
  const { log } = await openLog()
  const before = log.stats()
  for (let i = 0; i < 30; i++) await log.put(lines(1000, 50), never)
  const full = log.stats()
  await takeAll(log)
  await log.put(lines(1), never)
  const drained = log.stats()

  assert.ok(before.segments <= 1)
  assert.ok(full.segments >= (30 * 1000 * 50) / SEGMENT_BYTES, String(full.segments))
  assert.ok(
    full.bytesOnDisk >= 30 * 1000 * 50 && full.bytesOnDisk < 2 * 30 * 1000 * 54,
    String(full.bytesOnDisk)
  )
  assert.ok(drained.segments <= 2, String(drained.segments))
})

test('the bytes on disk are those that the files take, also of those that are used again', async () => {
  const disk = new SimulatedDisk({ seed: 3, folders: ['/data'], automatic: true, bytes: ROOM })
  const { log } = await openLog({ disk })
  const found: [number, number][] = []
  const look = async (): Promise<void> => {
    await settled()
    found.push([log.stats().bytesOnDisk, ROOM - disk.room])
  }
  for (let i = 0; i < 30; i++) await log.put(lines(1000, 50), never)
  await look()
  await takeAll(log)
  await look()
  for (let i = 0; i < 8; i++) await log.put(lines(1000, 50), never)
  await look()
  await log.close()
  await look()

  for (const [said, used] of found) assert.ok(Math.abs(said - used) < SEGMENT_BYTES, JSON.stringify(found))
})

test('a file that was written before takes its whole size, a new one what is written', () => {
  const segment = { size: 4096, end: 100 }

  assert.deepEqual(
    [bytesOnDisk({ ...segment, allocated: true }), bytesOnDisk({ ...segment, allocated: false })],
    [4096, 100]
  )
})

test('the estimated replay is that of what a start reads: all with verifyOnStart, else what has no seal', async () => {
  const disk = newDisk()
  const { log } = await openLog({ disk })
  for (let i = 0; i < 200; i++) await log.put(lines(1000, 500), never)
  const trusting = log.stats().estimatedReplayMs
  await log.close()
  const { log: checking } = await openLog({ disk, verify: true })
  const checked = checking.stats().estimatedReplayMs
  await checking.close()

  assert.ok(trusting > 0 && checked > 2 * trusting, `${trusting} and ${checked} ms`)
})
