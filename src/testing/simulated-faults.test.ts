import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskFile } from '../store/disk.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts'

const FILE = '/data/file'
const SYNCED = { create: true, synced: true }
const CACHED = { create: true, synced: false }

function diskOf(options: Partial<SimulatedDiskOptions> = {}): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: ['/data'], automatic: true, ...options })
}

/** A file whose name is safe. */
async function safeFile(disk: SimulatedDisk, options = SYNCED): Promise<DiskFile> {
  const file = await disk.open(FILE, options)
  await disk.syncFolder('/data')
  return file
}

test('fails the calls that it is told to fail, with the code of the system', async () => {
  const disk = diskOf({
    faults: [{ operations: ['write', 'sync'], path: /file$/, after: 1, times: 2, kind: 'EIO' }]
  })
  const file = await safeFile(disk)
  const results: unknown[] = []
  for (let i = 0; i < 4; i++)
    results.push(await file.write(Buffer.alloc(10), i * 10).catch((error: { code: string }) => error.code))

  assert.deepEqual(results, [10, 'EIO', 'EIO', 10])
})

test('may drop what a failed sync was for, though a later sync succeeds', async () => {
  const found = new Set<number | undefined>()
  for (let seed = 0; seed < 100; seed++) {
    const disk = diskOf({ seed })
    disk.faults.add({ operations: ['sync'], after: 0, times: 1, kind: 'EIO' })
    const file = await safeFile(disk, CACHED)
    await file.write(Buffer.from('a'.repeat(512)), 0)
    await assert.rejects(file.sync(), { code: 'EIO' })
    await file.sync()
    found.add(disk.crash().files().get(FILE)?.length)
  }

  assert.deepEqual(new Set(found), new Set([0, 512]))
})

test('shows what a failed write left in memory, and later what the platter has', async () => {
  const shown = new Set<string>()
  for (let seed = 0; seed < 300; seed++) {
    const disk = diskOf({ seed })
    disk.faults.add({ operations: ['write'], path: /file$/, after: 0, times: 1, kind: 'EIO' })
    const file = await safeFile(disk)
    await assert.rejects(file.write(Buffer.from('a'.repeat(512)), 0), { code: 'EIO' })
    const before = disk.files().get(FILE)?.length
    await file.close()
    await safeFile(disk)
    shown.add(`${before} then ${disk.files().get(FILE)?.length}`)
  }

  for (const outcome of ['0 then 0', '512 then 512', '512 then 0', '0 then 512'])
    assert.ok(shown.has(outcome), outcome)
})

test('may have done what it says it did not: names', async () => {
  const found = new Set<string>()
  for (let seed = 0; seed < 50; seed++) {
    const disk = diskOf({ seed, faults: [{ operations: ['rename'], after: 0, times: 1, kind: 'EIO' }] })
    await (await safeFile(disk)).close()
    await assert.rejects(disk.rename(FILE, '/data/other'), { code: 'EIO' })
    found.add([...disk.files().keys()].join(' '))
  }

  assert.deepEqual([...found].sort(), [FILE, '/data/other'])
})

test('does not read a block that it spoilt, but all before it, until it is written again', async () => {
  const disk = diskOf()
  const file = await safeFile(disk)
  await file.write(Buffer.alloc(3 * 4096, 'a'), 0)
  disk.spoil(FILE, 5000)

  const read = await file.read(Buffer.alloc(3 * 4096), 100)
  await assert.rejects(file.read(Buffer.alloc(10), 4096), { code: 'EIO' })
  await assert.rejects(file.write(Buffer.alloc(10), 4096), { code: 'EIO' })
  const behind = await file.read(Buffer.alloc(4096), 8192)
  const after = disk.crash()
  const again = await after.open(FILE, SYNCED)
  await assert.rejects(again.read(Buffer.alloc(10), 8000), { code: 'EIO' })
  await again.write(Buffer.alloc(4096), 4096)

  assert.deepEqual([read, behind, await again.read(Buffer.alloc(10), 4096)], [3996, 4096, 10])
})

test('may spoil a block that was being written, when told to', async () => {
  let spoilt = 0
  for (let seed = 0; seed < 50; seed++) {
    const disk = diskOf({ seed, spoils: true })
    const file = await safeFile(disk)
    await file.write(Buffer.alloc(4096), 0)
    void file.write(Buffer.alloc(4096, 'a'), 0)
    const after = await disk.crash().open(FILE, SYNCED)
    await after.read(Buffer.alloc(10), 0).catch(() => spoilt++)
  }

  assert.ok(spoilt > 0 && spoilt < 50)
})

test('has so many bytes, writes what fits and refuses the rest', async () => {
  const disk = diskOf({ bytes: 3 * 4096 })
  const file = await safeFile(disk)
  const first = await file.write(Buffer.alloc(20_000), 0)
  await assert.rejects(file.write(Buffer.alloc(1), first), { code: 'ENOSPC' })
  const again = await file.write(Buffer.alloc(100), 50)
  const free = await disk.freeBytes('/data')
  await file.close()
  await disk.unlink(FILE)

  assert.deepEqual(
    [first, again, free, await disk.freeBytes('/data'), disk.violations],
    [12_288, 100, 0, 12_288, []]
  )
})

test('gives no room to holes', async () => {
  const disk = diskOf({ bytes: 2 * 4096 })
  const file = await safeFile(disk)
  await file.truncate(8 * 4096)

  await assert.rejects(
    async () => {
      for (let block = 0; block < 8; block++) await file.write(Buffer.alloc(4096), block * 4096)
    },
    { code: 'ENOSPC' }
  )
  assert.equal(await file.size(), 8 * 4096)
})

test('writes and reads short when told to, and slow calls come last', async () => {
  const disk = diskOf({
    faults: [
      { operations: ['write'], after: 0, times: 1, kind: 'short' },
      { operations: ['size'], after: 0, times: 1, kind: 'slow' }
    ]
  })
  const file = await safeFile(disk)
  const order: string[] = []
  const slow = file.size().then(() => order.push('slow'))
  const written = await file.write(Buffer.alloc(1000), 0)
  order.push('write')
  await slow

  const read = await file.read(Buffer.alloc(written), 0)

  assert.ok(written > 0 && written < 1000)
  assert.deepEqual([read, order], [written, ['write', 'slow']])
})
