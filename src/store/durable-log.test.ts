import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBatch } from '../core/batch.ts'
import type { Lease } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { batchOf, textsOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { DurableLog } from './durable-log.ts'
import type { DurableLogOptions } from './log-options.ts'

const FOLDER = '/data'
const never = new AbortController().signal
const KIBIBYTE = 1024

function newDisk(bytes = Infinity): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: [FOLDER], automatic: true, bytes })
}

async function openLog(disk: SimulatedDisk, options: Partial<DurableLogOptions> = {}) {
  const clock = new FakeClock()
  const log = new FakeLog()
  const opened = await DurableLog.open({
    name: 'tested',
    folders: [FOLDER],
    disk,
    clock,
    log,
    capacity: Infinity,
    transactionCapacity: 10_000,
    keepAliveMs: 3000,
    memoryBytes: 2 ** 20,
    minimumFreeBytes: 0,
    segmentBytes: 256 * KIBIBYTE,
    stagingBytes: 32 * KIBIBYTE,
    ...options
  })
  return { log: opened, clock, lines: log.lines }
}

function numbered(from: number, to: number, bytes = 10): EventBatch {
  return batchOf(Array.from({ length: to - from }, (_, i) => String(from + i).padEnd(bytes, '.')))
}

async function drain(log: DurableLog): Promise<number[]> {
  const numbers: number[] = []
  for (;;) {
    await using lease = await log.take(10_000)
    if (lease === undefined) return numbers
    numbers.push(...textsOf(lease.batch).map(text => parseInt(text, 10)))
    await lease.commit()
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

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

test('a full disk refuses puts while takes go on, and takes puts again when there is room', async () => {
  const disk = newDisk(1200 * KIBIBYTE)
  const { log, clock, lines } = await openLog(disk)
  let stored = 0
  let refusal: string | undefined
  while (refusal === undefined) {
    const putting = log.put(numbered(stored * 20, stored * 20 + 20, 1000), never).then(
      () => undefined,
      (error: unknown) => messageOf(error)
    )
    while (await Promise.race([putting.then(() => false), turns().then(() => true)])) await clock.advance(500)
    refusal = await putting
    if (refusal === undefined) stored++
  }
  const { unhealthy } = log.stats()
  const found = await drain(log)
  await clock.advance(1500)
  await turns()
  await clock.advance(1500)
  await log.put(numbered(0, 20, 1000), never)

  assert.match(refusal, /Usable space exhausted/)
  assert.match(unhealthy ?? '', /Usable space exhausted/)
  assert.deepEqual(found, range(0, stored * 20))
  assert.equal(log.stats().unhealthy, undefined)
  const told = lines.filter(({ message }) => /room for/.test(message))
  assert.deepEqual(
    told.map(({ level, facts }) => [level, facts?.['folder']]),
    [
      ['error', FOLDER],
      ['info', undefined]
    ]
  )
})

test('takes go on after a restart on a full disk, though the reserve that was in use then is none any more', async () => {
  const disk = newDisk(1000 * KIBIBYTE)
  const options = { keepAliveMs: 0, minimumFreeBytes: 256 * KIBIBYTE }
  const { log: first, clock } = await openLog(disk, options)
  for (let isFull = false; !isFull;) {
    const putting = first.put(numbered(0, 1000), never).catch(() => {
      isFull = true
    })
    while (await Promise.race([putting.then(() => false), turns().then(() => true)])) await clock.advance(500)
  }
  const reserves = (): string[] => [...disk.files().keys()].filter(path => path.includes('/reserve-'))
  while (reserves().length > 1) await (await first.take(1))?.commit()
  await first.close()
  disk.plant(`${FOLDER}/of-another-program`, Buffer.alloc(disk.room, 1))

  const { log, clock: later } = await openLog(disk, options)
  for (let taken = 0; taken < 500; taken++) {
    const lease = await log.take(1)
    const committed = lease?.commit().then(() => false)
    for (let wait = 0; wait < 5 && (await Promise.race([committed, turns().then(() => true)])); wait++)
      await later.advance(1000)
    assert.equal(await Promise.race([committed, turns().then(() => true)]), false, `stuck after ${taken}`)
  }
  await log.close()
})

test('a put that waits for room on a full disk ends at once when the agent stops', async () => {
  const { log } = await openLog(newDisk(), { minimumFreeBytes: Number.MAX_SAFE_INTEGER })
  await turns()
  const agent = new AbortController()
  const waiting = log.put(numbered(0, 1), agent.signal)
  await turns()
  agent.abort()

  await assert.rejects(waiting, { code: 'ERR_STOPPED' })
  await log.close()
})

test('a write that fails once is made good in another segment, unnoticed', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  disk.faults.add({ operations: ['write'], after: 0, times: 1, kind: 'EIO' })

  await log.put(numbered(10, 20), never)

  assert.deepEqual(await drain(log), range(0, 20))
  assert.equal(log.stats().unhealthy, undefined)
})

test('a disk that goes on failing refuses puts, says so, and is taken back when it heals', async () => {
  const disk = newDisk()
  const { log, clock } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  await turns()
  disk.faults.add({ operations: ['write'], after: 0, times: 12, kind: 'EIO' })

  const refused = log.put(numbered(10, 20), never)
  void refused.catch(() => undefined)
  for (let i = 0; i < 40; i++) {
    await turns()
    await clock.advance(500)
  }
  await assert.rejects(refused, { code: /ERR_CHANNEL/ })
  await log.put(numbered(20, 30), never)

  assert.deepEqual(await drain(log), [...range(0, 10), ...range(20, 30)])
  assert.equal(log.stats().unhealthy, undefined)
})

/** Time for the disk to do what is under way. */
async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++)
    await new Promise(resolve => {
      setImmediate(resolve)
    })
}

/** A disk after power loss answers by itself again. */
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

  assert.equal(again.log.stats().oldestEventAgeMs, 30_000)
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
