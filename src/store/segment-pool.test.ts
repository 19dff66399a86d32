import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { FakeLog } from '../testing/fake-log.ts'
import type { Fault } from '../testing/simulated-faults.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { NO_LINEAGE } from './epoch.ts'
import { FolderPresence } from './folder-presence.ts'
import { pathOf } from './segment.ts'
import { SegmentPool } from './segment-pool.ts'

const FOLDER = '/data'
const SEGMENT_BYTES = 64 * 1024

/** A pool with one reserve. */
async function newPool(
  disk: SimulatedDisk,
  { clock = new FakeClock(), log = new FakeLog() } = {}
): Promise<SegmentPool> {
  const path = pathOf(FOLDER, 'reserve', 1)
  disk.plant(path, Buffer.alloc(SEGMENT_BYTES))
  return new SegmentPool({
    disk,
    clock,
    log,
    folders: await FolderPresence.of(disk, [FOLDER], log),
    segmentBytes: SEGMENT_BYTES,
    minimumFreeBytes: 0,
    keepFreeSegments: 0,
    cipher: undefined,
    channelId: Buffer.alloc(16),
    lineage: NO_LINEAGE,
    nextId: 2,
    free: [],
    reserves: [{ folder: FOLDER, path, size: SEGMENT_BYTES }],
    changed: () => undefined
  })
}

function newDisk(faults: readonly Fault[] = []): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: [FOLDER], faults })
}

/** Completes calls of the disk until it is so. */
async function until(disk: SimulatedDisk, done: () => boolean): Promise<void> {
  await settled()
  for (let turn = 0; turn < 1000 && !done(); turn++) {
    disk.step()
    await settled()
  }
  assert.ok(done())
}

async function close(disk: SimulatedDisk, pool: SegmentPool): Promise<void> {
  let closed = false
  void pool.close().then(() => {
    closed = true
  })
  await until(disk, () => closed)
}

test('a spare made before the reserve that is in use is given up, for its number comes before it', async () => {
  const disk = newDisk()
  const pool = await newPool(disk)
  pool.want()
  await until(disk, () => pool.spare !== undefined)
  pool.wantReserve()
  await until(disk, () => pool.reserveSpare !== undefined)

  const reserve = pool.reserveSpare
  assert.ok(reserve)
  pool.begun(reserve)
  assert.deepEqual([pool.spare, pool.reserveSpare], [undefined, undefined])
  pool.want()
  await until(disk, () => pool.spare !== undefined)

  assert.ok((pool.spare?.id ?? 0) > reserve.id)
  await close(disk, pool)
  assert.deepEqual([[...disk.handles], disk.violations], [[reserve.file], []])
})

test('so is a spare that is still being made then', async () => {
  const disk = newDisk([{ operations: ['open'], path: /free-/, after: 0, times: 1, kind: 'slow' }])
  const pool = await newPool(disk)
  pool.want()
  await until(disk, () => disk.completed === 1 && disk.pending === 1)
  pool.wantReserve()
  await until(disk, () => pool.reserveSpare !== undefined)

  const reserve = pool.reserveSpare
  assert.ok(reserve)
  pool.begun(reserve)
  await until(disk, () => pool.spare !== undefined)

  assert.ok((pool.spare?.id ?? 0) > reserve.id)
  await close(disk, pool)
  assert.deepEqual([[...disk.handles], disk.violations], [[reserve.file], []])
})

test('where no reserve is left, one is made once the disk has room for it, and the lack is said once', async () => {
  const disk = newDisk([
    { operations: ['open'], path: /reserve-.*[2-9]$/, after: 0, times: 3, kind: 'ENOSPC' }
  ])
  const log = new FakeLog()
  const pool = await newPool(disk, { log })
  pool.wantReserve()
  await until(disk, () => pool.reserveSpare !== undefined)
  const reserve = pool.reserveSpare
  assert.ok(reserve)
  pool.begun(reserve)

  for (let tries = 0; tries < 3; tries++) {
    pool.wantReserve()
    await until(disk, () => disk.pending === 0)
    assert.equal(pool.reserveSpare, undefined)
  }
  pool.wantReserve()
  await until(disk, () => disk.pending === 0)
  pool.wantReserve()
  await until(disk, () => pool.reserveSpare !== undefined)

  assert.ok((pool.reserveSpare?.id ?? 0) > reserve.id)
  assert.deepEqual(
    log.lines.map(({ message }) => message),
    ['The channel has no reserve for a full disk.']
  )
  await close(disk, pool)
  assert.deepEqual(disk.violations, [])
})

test('a segment for which there is no room keeps nobody from getting a smaller one', async () => {
  const disk = newDisk()
  const clock = new FakeClock()
  const pool = await newPool(disk, { clock })
  disk.bytes = 8 * SEGMENT_BYTES
  pool.want(100 * SEGMENT_BYTES)
  await until(disk, () => pool.problem !== undefined)

  await clock.advance(1000)
  await until(disk, () => pool.spare !== undefined)

  assert.deepEqual([pool.spare?.size, pool.problem], [SEGMENT_BYTES, undefined])
  await close(disk, pool)
})

test('a segment whose new name may not be safe leaves no file behind', async () => {
  for (const operation of ['rename', 'syncFolder'] as const) {
    const disk = newDisk([{ operations: [operation], after: 0, times: 1, kind: 'EIO' }])
    const clock = new FakeClock()
    const pool = await newPool(disk, { clock })
    pool.want()
    await until(disk, () => pool.problem !== undefined)
    const files = [...disk.files().keys()]

    await clock.advance(1000)
    await until(disk, () => pool.spare !== undefined)

    assert.deepEqual(files, [pathOf(FOLDER, 'reserve', 1)])
    await close(disk, pool)
    assert.deepEqual([[...disk.handles], disk.violations], [[], []])
  }
})

test('a reserve whose new name may not be safe is there for the next attempt', async () => {
  const disk = newDisk([{ operations: ['syncFolder'], after: 0, times: 1, kind: 'EIO' }])
  const clock = new FakeClock()
  const pool = await newPool(disk, { clock })
  pool.wantReserve()
  await until(disk, () => disk.completed > 0 && disk.pending === 0)
  await clock.advance(1000)

  pool.wantReserve()
  await until(disk, () => pool.reserveSpare !== undefined)

  const files = [...disk.files().keys()]
  assert.deepEqual(files, [pool.reserveSpare?.path])
  await close(disk, pool)
})

test('a reserve that could not be made is made once there is room for a segment', async () => {
  const disk = newDisk([{ operations: ['write'], path: /reserve-/, after: 0, times: 1, kind: 'ENOSPC' }])
  const pool = await newPool(disk)
  pool.fillReserves()
  await until(disk, () => disk.completed > 0 && disk.pending === 0)
  const before = [...disk.files().keys()]

  pool.want()
  await until(disk, () => disk.pending === 0)

  const reserves = [...disk.files().keys()].filter(path => path.includes('reserve-'))
  assert.deepEqual([before.length, reserves.length], [1, 2])
  await close(disk, pool)
  assert.deepEqual([[...disk.handles], disk.violations], [[], []])
})
