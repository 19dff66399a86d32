import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { batchOf, textsOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { DurableLog } from './durable-log.ts'
import { BLOCK_BYTES } from './frame.ts'

const FOLDERS = ['/one', '/two']
const never = new AbortController().signal

function openLog(disk: SimulatedDisk, folders = FOLDERS, clock = new FakeClock()): Promise<DurableLog> {
  return DurableLog.open({
    name: 'tested',
    folders,
    disk,
    clock,
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: 10_000,
    keepAliveMs: 0,
    memoryBytes: BLOCK_BYTES,
    minimumFreeBytes: 0,
    segmentBytes: 8 * BLOCK_BYTES,
    stagingBytes: 2 * BLOCK_BYTES
  })
}

async function put(log: DurableLog, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++)
    await log.put(batchOf([String(number).padEnd(1000, '.')]), never)
}

async function take(log: DurableLog, most: number): Promise<number[]> {
  const numbers: number[] = []
  while (numbers.length < most) {
    const lease = await log.take(Math.min(5, most - numbers.length))
    if (lease === undefined) break
    numbers.push(...textsOf(lease.batch).map(text => parseInt(text, 10)))
    await lease.commit()
  }
  return numbers
}

/** Files that were used again, that are free, and that hold events from 15 on. */
async function leaveLog(ending: string, events = 30, seed = 1): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ seed, folders: FOLDERS, automatic: true })
  const log = await openLog(disk)
  await put(log, 0, 15)
  assert.equal((await take(log, 15)).length, 15)
  await put(log, 15, events)
  if (ending === 'stop') {
    await log.close()
    return disk
  }
  const left = disk.kill()
  left.plant('/two/free-000000000005', Buffer.alloc(8 * BLOCK_BYTES))
  return left
}

function segmentsIn(disk: SimulatedDisk): string[] {
  return [...disk.files().keys()].filter(path => path.includes('/seg-'))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function swap(disk: SimulatedDisk, one: string, other: string): void {
  const files = disk.files()
  disk.plant(one, files.get(other) ?? Buffer.alloc(0))
  disk.plant(other, files.get(one) ?? Buffer.alloc(0))
}

for (const ending of ['stop', 'kill']) {
  test(`after a ${ending}, any two files may have changed names`, async () => {
    for (let seed = 1; seed < 6; seed++) {
      const names = [...(await leaveLog(ending, 30, seed)).files().keys()].filter(path =>
        /(seg|free|reserve)-/.test(path)
      )
      assert.ok(['seg', 'free', 'reserve'].every(role => names.some(name => name.includes(role))))
      for (const [at, one] of names.entries()) {
        for (const other of names.slice(at + 1)) {
          const disk = await leaveLog(ending, 30, seed)
          swap(disk, one, other)

          const log = await openLog(disk)

          const found = await take(log, Infinity)
          assert.deepEqual([found, log.recovery.skipped], [range(15, 30), []], `${seed}: ${one} and ${other}`)
          await log.close()
        }
      }
    }
  })

  test(`after a ${ending}, a segment of another log does not take the place of this one`, async () => {
    const disk = await leaveLog(ending)
    const other = await leaveLog('stop')
    for (let start = 0; start < 3; start++) {
      const log = await openLog(other)
      await put(log, 30, 45)
      await log.close()
    }
    const [foreign] = [...other.files()].findLast(([path]) => path.includes('/seg-')) ?? []
    const strange = '/two/seg-000000000fff'
    disk.plant(strange, other.files().get(foreign ?? '') ?? Buffer.alloc(0))

    const log = await openLog(disk)

    assert.deepEqual(await take(log, Infinity), range(15, 30))
    assert.deepEqual(
      log.recovery.skipped.map(({ file }) => file),
      [strange]
    )
    await log.close()
  })
}

test('the record of a stop is found in whichever folder it is', async () => {
  const disk = await leaveLog('stop')
  const newest =
    [...disk.files().keys()]
      .filter(path => path.includes('/seg-'))
      .sort((one, other) => one.slice(-12).localeCompare(other.slice(-12)))
      .at(-1) ?? ''
  disk.uproot(newest)

  const log = await openLog(disk, FOLDERS.toReversed())

  const found = await take(log, Infinity)
  assert.equal(found.length + log.skippedEvents, 15)
  await log.close()
})

test('a folder that is gone for good, and no longer configured, is reported after a stop', async () => {
  for (let events = 16; events < 40; events++) {
    for (const folder of FOLDERS) {
      const disk = await leaveLog('stop', events)
      for (const path of disk.files().keys()) if (path.startsWith(folder)) disk.uproot(path)

      const left = FOLDERS.filter(other => other !== folder)
      const log = await openLog(disk, left)

      const found = await take(log, Infinity)
      assert.equal(found.length + log.skippedEvents, events - 15, folder)
      await log.close()
    }
  }
})

test('a folder that comes back does not take the place of what came in while it was not configured', async () => {
  let sameNumbers = 0
  for (let events = 5; events < 15; events++) {
    const clock = new FakeClock()
    const disk = new SimulatedDisk({ seed: 100 + events, folders: FOLDERS, automatic: true })
    const first = await openLog(disk, FOLDERS, clock)
    await put(first, 0, events)
    await take(first, 7)
    await put(first, events, 2 * events)
    const killed = disk.kill()
    const away = [...killed.files()].filter(([path]) => path.startsWith('/one'))
    for (const [path] of away) killed.uproot(path)
    await clock.advance(1)
    const second = await openLog(killed, ['/two'], clock)
    await put(second, 100, 125)
    const both = killed.kill()
    for (const [path, bytes] of away) both.plant(path, bytes)
    const ids = segmentsIn(both).map(path => path.slice(-12))
    if (new Set(ids).size < ids.length) sameNumbers++

    const log = await openLog(both, FOLDERS, clock)

    const found = await take(log, Infinity)
    assert.deepEqual(
      found.filter(number => number >= 100),
      range(100, 125),
      `${events} events`
    )
    await log.close()
  }
  assert.ok(sameNumbers > 0)
})

test('a strange file with the name of the last segment there can be does not use up the numbers', async () => {
  for (const name of ['seg-0000fefffffe', 'free-0000feffffff', 'reserve-0000ff000000']) {
    const disk = await leaveLog('stop')
    disk.plant(`/one/${name}`, Buffer.alloc(0))
    for (let start = 0; start < 3; start++) {
      const log = await openLog(disk)
      await put(log, 30 + 5 * start, 35 + 5 * start)
      await log.close()
    }

    const log = await openLog(disk)

    assert.deepEqual(await take(log, Infinity), range(15, 45), name)
    await log.close()
  }
})
