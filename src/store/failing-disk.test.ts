import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '../core/errors.ts'
import { drain, FOLDER, inTime, KIBIBYTE, newDisk, numbered, openLog, turns } from '../testing/opened-log.ts'
import { range } from '../testing/numbered-log.ts'

const never = new AbortController().signal

test('a full disk refuses puts while takes go on, and takes puts again when there is room', async () => {
  const disk = newDisk(1200 * KIBIBYTE)
  const { log, clock, lines } = await openLog(disk)
  let stored = 0
  let refusal: string | undefined
  while (refusal === undefined) {
    const putting = log.put(numbered(stored * 20, stored * 20 + 20, 1000), never)
    refusal = await inTime(clock, putting).then(() => undefined, messageOf)
    if (refusal === undefined) stored++
  }
  const { unhealthy } = log.stats()
  const found = await drain(log, clock)
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

test('of events that stand alone, and whose writes fail, none is given out, whatever a transaction holds', async () => {
  const disk = newDisk()
  const { log, clock } = await openLog(disk, { transactionCapacity: 100 })
  await log.putEach(numbered(0, 1000, 100), never)
  // The first parts of the next are on the disk by then.
  disk.faults.add({ operations: ['write'], after: 2, times: Infinity, kind: 'EIO' })
  const puts = [numbered(1000, 2000, 100), numbered(2000, 2500, 100)].map(batch => log.putEach(batch, never))
  const refused = await Promise.all(
    puts.map(put =>
      inTime(clock, put).then(
        () => false,
        () => true
      )
    )
  )
  disk.faults.clear()
  await clock.advance(10_000)
  await turns()
  await inTime(clock, log.putEach(numbered(3000, 4000, 100), never))

  assert.deepEqual(refused, [true, true])
  assert.deepEqual(await drain(log, clock), [...range(0, 1000), ...range(3000, 4000)])
})

test('takes go on after a restart on a full disk, though the reserve that was in use then is none any more', async () => {
  const disk = newDisk(1000 * KIBIBYTE)
  const options = { keepAliveMs: 0, minimumFreeBytes: 256 * KIBIBYTE }
  const { log: first, clock } = await openLog(disk, options)
  for (let isFull = false; !isFull;) {
    const putting = first.put(numbered(0, 1000), never)
    isFull = await inTime(clock, putting).then(
      () => false,
      () => true
    )
  }
  const reserves = (): string[] => [...disk.files().keys()].filter(path => path.includes('/reserve-'))
  while (reserves().length > 1) await inTime(clock, (await first.take(1))?.commit() ?? Promise.resolve())
  await first.close()
  disk.plant(`${FOLDER}/of-another-program`, Buffer.alloc(disk.room, 1))

  const { log, clock: later } = await openLog(disk, options)
  for (let taken = 0; taken < 500; taken++) {
    const lease = await log.take(1)
    assert.ok(lease)
    await inTime(later, lease.commit())
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

test('a stop while the disk refuses writes ends at once, and says how many delivered events will come again', async () => {
  const disk = newDisk()
  const { log, clock, lines } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  await turns()
  disk.faults.add({ operations: ['write', 'open'], after: 0, times: Infinity, kind: 'EIO' })
  const agent = new AbortController()
  const early = (await log.take(3))?.commit(agent.signal)
  await turns()
  await clock.advance(1000)
  await turns()
  agent.abort()
  const late = (await log.take(4))?.commit(agent.signal)

  await assert.rejects(early ?? Promise.resolve(), { code: 'ERR_STOPPED' })
  await assert.rejects(late ?? Promise.resolve(), { code: 'ERR_STOPPED' })
  await log.close()
  const told = lines.filter(({ message }) => message.startsWith('Delivered events could not be recorded'))
  assert.deepEqual(
    told.map(({ level, facts }) => [level, facts?.['events']]),
    [['warn', 7]]
  )
  const { log: next } = await openLog(disk.crash())
  assert.deepEqual(await drain(next), range(0, 10))
})

test('a stop while the disk takes writes waits for the commits under way', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  disk.faults.add({ operations: ['write'], after: 0, times: 1, kind: 'EIO' })

  await (await log.take(3))?.commit(AbortSignal.abort())

  assert.equal(log.size, 7)
  await log.close()
})

test('of files kept for a full disk that power losses brought back, no more are kept than are needed', async () => {
  const disk = newDisk()
  for (let i = 1; i < 8; i++) disk.plant(`${FOLDER}/reserve-00000000000${i}`, Buffer.alloc(256 * KIBIBYTE))

  const { log } = await openLog(disk)
  await turns()

  assert.equal([...disk.files().keys()].filter(path => path.includes('/reserve-')).length, 2)
  await log.close()
})
