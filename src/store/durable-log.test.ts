import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lease } from '../core/contracts.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { range } from '../testing/numbered-log.ts'
import { drain, FOLDER, KIBIBYTE, newDisk, numbered, openLog, turns } from '../testing/opened-log.ts'
import type { SimulatedDisk } from '../testing/simulated-disk.ts'

const never = new AbortController().signal

test('what was acknowledged before power is lost is there afterwards, in order', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  for (let i = 0; i < 20; i++) await log.put(numbered(i * 10, i * 10 + 10, 500), never)
  {
    await using lease = await log.take(1)
    await lease?.commit()
  }

  const { log: next } = await openLog(asAutomatic(disk.crash()))

  assert.equal(next.recovery.recovered, next.size)
  assert.deepEqual(next.recovery.skipped, [])
  const found = await drain(next)
  assert.deepEqual(found, range(200 - found.length, 200))
  assert.equal(found.length, 199)
})

test('many puts at once share few writes', async () => {
  const { log } = await openLog(newDisk())
  await log.put(numbered(0, 1), never)
  const before = log.stats().syncs

  await Promise.all(range(1, 101).map(i => log.put(numbered(i, i + 1), never)))

  assert.ok(log.stats().syncs - before <= 4, `${log.stats().syncs - before} writes`)
  assert.deepEqual(await drain(log), range(0, 101))
})

test('events that stand alone share writes, however few a transaction may hold; a transaction is refused', async () => {
  const { log } = await openLog(newDisk(), { transactionCapacity: 10 })
  await log.put(numbered(0, 1), never)
  const before = log.stats().syncs

  assert.deepEqual([log.fits(numbered(1, 101)), log.fitsEach(numbered(1, 101))], [10, 100])
  await log.putEach(numbered(1, 101), never)
  await assert.rejects(log.put(numbered(101, 112), never), { code: 'ERR_BATCH_TOO_LARGE' })

  assert.equal(log.stats().syncs - before, 1)
  assert.deepEqual(await drain(log), range(0, 101))
})

test('a backlog beyond memory is read back from disk, and memory stays bounded', async () => {
  const memoryBytes = 64 * KIBIBYTE
  const { log } = await openLog(newDisk(), { memoryBytes })
  let most = 0
  for (let i = 0; i < 50; i++) {
    await log.put(numbered(i * 20, i * 20 + 20, 1000), never)
    most = Math.max(most, log.stats().memoryBytes)
  }

  const found = await drain(log)

  assert.deepEqual(found, range(0, 1000))
  assert.ok(most <= memoryBytes, `${most} bytes`)
  assert.deepEqual([log.size, log.stats().memoryBytes], [0, 0])
})

test('consumed segments are used again', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  for (let i = 0; i < 100; i++) {
    await log.put(numbered(i * 20, i * 20 + 20, 1000), never)
    await drain(log)
  }

  const { segments, bytesOnDisk } = log.stats()

  assert.ok(segments <= 3 && bytesOnDisk < 9 * 256 * KIBIBYTE, `${segments} segments, ${bytesOnDisk} bytes`)
})

test('a transaction and an event larger than a segment are kept whole', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  await log.put(numbered(0, 600, 1000), never)
  await log.put(numbered(600, 601, 700_000), never)
  await log.put(numbered(601, 602), never)
  await log.close()

  const { log: next } = await openLog(disk)

  assert.equal(next.recovery.recovered, 602)
  assert.deepEqual(await drain(next), range(0, 602))
})

test('damage in a segment costs the events of that record, which are reported to the event', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  for (let i = 0; i < 5; i++) await log.put(numbered(i * 10, i * 10 + 10), never)
  await log.close()
  const [path, bytes] = segmentWith(disk, '25.')
  const at = bytes.indexOf('25.')
  bytes[at] = 0
  disk.plant(path, bytes)

  const { log: next, lines } = await openLog(disk)
  const found = await drain(next)
  const { skippedEvents, skippedParts } = next.stats()

  assert.deepEqual(found, [...range(0, 20), ...range(30, 50)])
  assert.deepEqual([skippedEvents, skippedParts, next.size], [10, 1, 0])
  const line = lines.find(({ level }) => level === 'error')
  assert.deepEqual([line?.facts['file'], line?.facts['firstEvent'], line?.facts['events']], [path, 20, 10])
  assert.ok([...disk.files().keys()].some(name => name.startsWith(`${FOLDER}/quarantine/`)))
})

test('a put whose last part is damaged is reported to the event, however the damage is found', async () => {
  for (const verify of [false, true]) {
    const disk = newDisk()
    const { log } = await openLog(disk)
    await log.put(numbered(0, 10), never)
    await log.put(numbered(10, 100, 1000), never)
    await log.put(numbered(100, 110), never)
    await log.close()
    const [path, bytes] = segmentWith(disk, '99.')
    bytes[bytes.indexOf('99.')] = 0
    disk.plant(path, bytes)

    const { log: next } = await openLog(disk, { verify })
    const found = await drain(next)

    const lost = range(0, 110).filter(i => !found.includes(i))
    assert.deepEqual([lost.at(-1), next.stats().skippedEvents, next.size], [99, lost.length, 0], `${verify}`)
  }
})

test('so is a put whose last part, at the begin of a segment without seal, is damaged', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  await log.put(numbered(10, 235, 1000), never)
  for (let i = 0; i < 5; i++) await log.put(numbered(235 + i, 236 + i), never)
  const lossy = asAutomatic(disk.crash())
  const [path, bytes] = segmentWith(lossy, '234.')
  bytes[bytes.indexOf('234.')] = 0
  lossy.plant(path, bytes)

  const { log: next } = await openLog(lossy)
  const found = await drain(next)

  const lost = range(0, 240).filter(i => !found.includes(i))
  assert.deepEqual([lost.at(-1), next.stats().skippedEvents, next.size], [234, lost.length, 0])
})

test('a segment that is missing is told from one that was consumed', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  for (let i = 0; i < 100; i++) await log.put(numbered(i * 10, i * 10 + 10, 1000), never)
  await log.close()
  const [path] = segmentWith(disk, '400.')
  disk.uproot(path)

  const { log: next } = await openLog(disk)
  const found = await drain(next)

  const lost = next.recovery.skipped.reduce((sum, { events }) => sum + events, 0)
  assert.ok(lost > 0 && found.length === 1000 - lost, `${found.length} found, ${lost} lost`)
  assert.deepEqual(
    found,
    range(0, 1000).filter(i => found.includes(i))
  )
})

test('after a restart, the age of the oldest event is still counted from when it came', async () => {
  const disk = newDisk()
  const clock = new FakeClock(1_700_000_000_000)
  const { log } = await openLog(disk, { clock })
  await clock.advance(100_000)
  await log.put(numbered(0, 3), never)
  await log.close()
  await clock.advance(30_000)

  const again = await openLog(disk, { clock })
  for (let i = 0; i < 20; i++) await turns()

  assert.equal(clock.monotonic() - (again.log.oldestArrival ?? NaN), 30_000)
  await again.log.close()
})

test('a put that waits for room when the log closes is refused', async () => {
  const { log } = await openLog(newDisk(), { capacity: 2, keepAliveMs: 2 ** 30 })
  await log.put(numbered(0, 2), never)
  const waiting = assert.rejects(log.put(numbered(2, 3), never), { code: 'ERR_CHANNEL' })

  await log.close()

  await waiting
})

test('a segment that cannot be closed after reading does not keep the log from closing', async () => {
  const disk = newDisk()
  const sizes = { memoryBytes: 4096, segmentBytes: 2 ** 24, stagingBytes: 2 ** 20 }
  const { log } = await openLog(disk, sizes)
  for (let i = 0; i < 6; i++) await log.put(numbered(i, i + 1, 900 * KIBIBYTE), never)
  {
    await using lease = await log.take(1)
    assert.equal(lease?.batch.length, 1)
  }
  // The first file closed is the one that was written to, then comes the one that is read.
  disk.faults.add({ operations: ['close'], after: 1, times: 1, kind: 'EIO' })

  await log.close()

  assert.equal(disk.handles.size, 0)
  const { log: next } = await openLog(disk, sizes)
  assert.deepEqual(await drain(next), range(0, 6))
})

test('a put that cannot be encoded is refused, and keeps no other one from the disk', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  await log.put(numbered(0, 1), never)
  const fails = (): never => {
    throw new RangeError('Array buffer allocation failed')
  }
  const bad = Object.defineProperty(numbered(1, 2), 'headers', {
    value: { empty: false, bytes: 9, pairs: fails }
  })

  const refused = assert.rejects(log.put(bad, never), { code: 'ERR_CHANNEL' })
  await Promise.all([refused, log.put(numbered(2, 3), never)])

  assert.deepEqual(await drain(log), [0, 2])
  await log.close()
  assert.deepEqual([disk.handles.size, log.size], [0, 0])
})

test('no more consumed segments are kept than told, also when many are consumed at once', async () => {
  const { log } = await openLog(newDisk(), { keepFreeSegments: 2 })
  for (let i = 0; i < 12; i++) await log.put(numbered(i * 20, i * 20 + 20, 10 * KIBIBYTE), never)
  const leases: Lease[] = []
  for (let lease = await log.take(100); lease !== undefined; lease = await log.take(100)) leases.push(lease)

  await Promise.all(leases.map(lease => lease.commit()))
  await turns()

  const { segments, freeSegments } = log.stats()
  assert.deepEqual([segments, freeSegments], [1, 2])
})

function asAutomatic(found: SimulatedDisk): SimulatedDisk {
  const disk = newDisk()
  for (const [path, bytes] of found.files()) disk.plant(path, bytes)
  return disk
}

function segmentWith(disk: SimulatedDisk, text: string): [string, Buffer] {
  for (const [path, bytes] of disk.files())
    if (path.includes('/seg-') && bytes.includes(text)) return [path, bytes]
  throw new Error('No segment has it.')
}
