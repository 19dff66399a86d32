import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, textsOf } from '../../../testing/fake-context.ts'
import { FakeLog } from '../../../testing/fake-log.ts'
import { createFrameCipher, type FrameCipher } from '../../../store/frame-cipher.ts'
import { MemoryFile } from './memory-file.ts'
import { setUp, take, takeAll } from './testing/spillable-parts.ts'

const never = new AbortController().signal

test('a clean stop keeps what is in memory, and the order over both parts', async () => {
  const { channel, log, stores, disk } = setUp({
    memoryCapacity: 2,
    overflowCapacity: 10,
    overflowTimeoutMs: 0
  })
  await channel.start()
  await channel.put(batchOf(['a', 'b'], { n: '1' }), never)
  await channel.put(batchOf(['c']), never)
  await take(channel, 1)
  await channel.put(batchOf(['d']), never)
  await channel.put(batchOf(['e']), never)

  await channel.stop()
  const [whileStopped, inLog, released] = [channel.size, log.size, stores()]
  await channel.start()
  const left = await disk.list('/data')

  assert.deepEqual([whileStopped, inLog, released, channel.size, left], [4, 2, 0, 4, []])
  assert.deepEqual(await takeAll(channel), ['b', 'c', 'd', 'e'])
})

test('an overflow that changed while the agent was down comes before what was in memory', async () => {
  const { channel, log, context } = setUp({ memoryCapacity: 2, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  await channel.put(batchOf(['c', 'd']), never)
  await channel.stop()
  log.skip(1)

  await channel.start()

  assert.deepEqual(await takeAll(channel), ['d', 'a', 'b'])
  assert.equal(context.log.messages('warn').length, 1)
})

test('events in memory that cannot be saved are said to be lost', async () => {
  const { channel, context, disk, stores } = setUp({ memoryCapacity: 2, overflowCapacity: 10 })
  await channel.start()
  await channel.put(batchOf(['a']), never)
  disk.bytes = 0

  await channel.stop()

  assert.deepEqual(
    context.log.lines.filter(({ level }) => level === 'error').map(({ facts }) => facts['events']),
    [1]
  )
  assert.equal(stores(), 0)
  assert.deepEqual([channel.size, channel.skipped()], [0, { 'in memory, not saved at the stop': 1 }])
})

test('a start that cannot remove the file of the memory is tried again without doubling its events', async () => {
  const { channel, disk } = setUp({ memoryCapacity: 4, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  await channel.stop()
  disk.faults.add({ operations: ['unlink'], after: 0, times: 1, kind: 'EIO' })
  await assert.rejects(channel.start(), { code: 'EIO' })
  const [heldByFile, { Unhealthy }] = [channel.size, channel.gauges()]

  await channel.start()

  assert.deepEqual([heldByFile, Unhealthy, await takeAll(channel)], [2, 1, ['a', 'b']])
})

test('a damaged file of the memory is set aside, and its events are counted as lost', async () => {
  const { channel, context, disk } = setUp({ memoryCapacity: 4, overflowCapacity: 10 })
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  await channel.stop()
  const file = await disk.open('/data/memory-events', { create: false, synced: true })
  await file.write(Buffer.from('?'), (await file.size()) - 1)
  await file.close()

  await channel.start()

  assert.deepEqual(
    [channel.size, channel.skipped(), await disk.list('/data')],
    [0, { 'in memory, saved in a damaged file': 2 }, ['memory-events.damaged']]
  )
  assert.deepEqual(
    context.log.lines.filter(({ level }) => level === 'error').map(({ facts }) => facts['events']),
    [2]
  )
})

test('a channel that encrypts seals what was in memory; without the key it waits, and a changed byte is damage', async () => {
  const cipherOf = (byte: number): FrameCipher =>
    createFrameCipher({ name: 'key', bytes: Buffer.alloc(32, byte) })
  const keys: { cipher?: FrameCipher } = { cipher: cipherOf(1) }
  const { channel, disk } = setUp({ memoryCapacity: 4, overflowCapacity: 10, overflowTimeoutMs: 0 }, keys)
  await channel.start()
  await channel.put(batchOf(['secret words', 'more of them'], { head: 'line' }), never)
  await channel.put(batchOf(['the last']), never)
  await channel.stop()
  const path = '/data/memory-events'
  const written = Buffer.from(disk.files().get(path) ?? '')
  for (const word of ['secret', 'head', 'memory']) assert.ok(!written.includes(word), word)

  for (const cipher of [undefined, cipherOf(2)]) {
    if (cipher === undefined) delete keys.cipher
    else keys.cipher = cipher
    await assert.rejects(channel.start(), { code: 'ERR_CHANNEL', message: /encryption\.oldKeyFiles/ })
    assert.ok(disk.files().has(path))
  }
  keys.cipher = createFrameCipher({ name: 'new', bytes: Buffer.alloc(16, 2) }, [
    { name: 'old', bytes: Buffer.alloc(32, 1) }
  ])
  await channel.start()
  assert.deepEqual(await takeAll(channel), ['secret words', 'more of them', 'the last'])

  await channel.put(batchOf(['a', 'b']), never)
  await channel.stop()
  const whole = Buffer.from(disk.files().get(path) ?? '')
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole)
    changed.writeUInt8(changed.readUInt8(at) ^ 4, at)
    disk.plant(path, changed)
    const { saved } = await new MemoryFile(disk, '/data', new FakeLog(), keys.cipher).load()
    assert.equal(saved, undefined, `byte ${at}`)
  }
})

test('a stop takes back what is on loan, keeps it in its place, and refuses its commit', async () => {
  const { channel } = setUp({ memoryCapacity: 2, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  await channel.put(batchOf(['c', 'd']), never)
  const [fromMemory, fromDisk] = [await channel.take(2), await channel.take(1)]
  assert.deepEqual([textsOf(fromMemory?.batch), textsOf(fromDisk?.batch)], [['a', 'b'], ['c']])
  await channel.stop()
  await fromDisk?.[Symbol.asyncDispose]()
  await assert.rejects(async () => fromMemory?.commit(), { code: 'ERR_CHANNEL' })
  const held = channel.size

  await channel.start()

  assert.deepEqual([held, await takeAll(channel)], [4, ['a', 'b', 'c', 'd']])
})

test('a start says what it found, and the gauges where the events are', async () => {
  const { channel, context } = setUp({ memoryCapacity: 2, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  await channel.put(batchOf(['c']), never)
  await channel.stop()
  await channel.start()
  await context.clock.advance(700)
  const { Open, MemoryEventCount, OverflowEventCount } = channel.gauges()
  const oldestAgeMs = context.clock.monotonic() - (channel.oldestArrival() ?? NaN)

  const said = context.log.lines.filter(({ message }) => message.startsWith('Queue Size after replay: 3 '))
  assert.deepEqual(
    said.map(({ facts }) => facts),
    [{ events: 3, recovered: 3, skipped: 0, damagedParts: 0, elapsedMs: 4, folders: ['/data'] }]
  )
  assert.deepEqual(
    { Open, MemoryEventCount, OverflowEventCount, oldestAgeMs },
    { Open: true, MemoryEventCount: 2, OverflowEventCount: 1, oldestAgeMs: 700 }
  )
})

test('what was in memory at a stop is as old after the start as the oldest of it', async () => {
  const { channel, context } = setUp({ memoryCapacity: 5, overflowCapacity: 10 })
  const { clock } = context
  await channel.start()
  await clock.advance(1000)
  await channel.put(batchOf(['a']), never)
  await clock.advance(1000)
  await channel.put(batchOf(['b']), never)
  await channel.stop()
  await clock.advance(60_000)
  await channel.start()
  const held = channel.oldestArrival()
  const lease = await channel.take(1)

  assert.deepEqual([held, lease?.arrivedAt, channel.oldestArrival()], [1000, 1000, 1000])
})
