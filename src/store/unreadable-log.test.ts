import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { batchOf, textsOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { DurableLog } from './durable-log.ts'
import { BLOCK_BYTES } from './frame.ts'
import type { SkippedPart } from './log-options.ts'
import { PATIENCE_MS } from './read-patience.ts'
import { DATA_START } from './segment-header.ts'

const FOLDER = '/data'
const EVENTS = 200
const never = new AbortController().signal

interface Start {
  readonly log: DurableLog
  readonly clock: FakeClock
  readonly skipped: readonly SkippedPart[]
}

function openLog(disk: SimulatedDisk, clock: FakeClock, segmentBlocks: number): Promise<DurableLog> {
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
    segmentBytes: segmentBlocks * BLOCK_BYTES,
    stagingBytes: 4 * BLOCK_BYTES
  })
}

/** Opens a log some of which cannot be read, as often as it takes. */
async function openAfterAll(disk: SimulatedDisk, segmentBlocks: number): Promise<Start> {
  const clock = new FakeClock()
  for (;;) {
    try {
      const log = await openLog(disk, clock, segmentBlocks)
      return { log, clock, skipped: log.recovery.skipped }
    } catch {
      assert.ok(clock.pending === 0 && disk.handles.size === 0)
      await clock.advance(PATIENCE_MS)
    }
  }
}

async function drain({ log, clock }: Start): Promise<number[]> {
  const found: number[] = []
  while (log.size > 0) {
    const lease = await log.take(1000).catch(() => undefined)
    if (lease === undefined) {
      await clock.advance(PATIENCE_MS)
      continue
    }
    found.push(...textsOf(lease.batch).map(text => parseInt(text, 10)))
    await lease.commit()
  }
  return found
}

async function diskWithPut(segmentBlocks: number, events: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ seed: 1, folders: [FOLDER], automatic: true })
  const log = await openLog(disk, new FakeClock(), segmentBlocks)
  await log.put(batchOf(Array.from({ length: events }, (_, i) => String(i).padEnd(200, '.'))), never)
  return disk.crash()
}

function eventsIn(skipped: readonly SkippedPart[]): number {
  return skipped.reduce((sum, { events }) => sum + events, 0)
}

test('a segment whose first record cannot be read is reported and kept, though nothing else shows what it held', async () => {
  const disk = await diskWithPut(64, 1)
  const path = [...disk.files().keys()].find(name => name.includes('seg-')) ?? ''
  disk.spoil(path, DATA_START)

  const { log, skipped } = await openAfterAll(disk, 64)

  const [first] = skipped
  assert.deepEqual([first?.file, first?.at], [path, DATA_START])
  assert.ok([...disk.files().keys()].some(name => name.includes('/quarantine/')))
  await log.close()
})

test('a put of which parts in the middle cannot be read loses these and says so, at this start and the next', async () => {
  const disk = await diskWithPut(8, EVENTS)
  const segments = [...disk.files().keys()].filter(name => name.includes('seg-'))
  const middle = segments[Math.floor(segments.length / 2)] ?? ''
  const bytes = disk.files().get(middle)?.length ?? 0
  // The seal, and the end of a part of which the begin can be read.
  disk.spoil(middle, bytes - BLOCK_BYTES)
  disk.spoil(middle, DATA_START + 3 * BLOCK_BYTES)

  const { log, skipped } = await openAfterAll(disk, 8)
  const held = log.size
  await log.close()
  const again = await openAfterAll(disk, 8)
  const found = await drain(again)

  assert.ok(eventsIn(skipped) > 0 && eventsIn(skipped) < EVENTS)
  assert.deepEqual([held, found.length], [EVENTS - eventsIn(skipped), held])
  assert.deepEqual(
    found,
    found.toSorted((one, other) => one - other)
  )
  await again.log.close()
})
