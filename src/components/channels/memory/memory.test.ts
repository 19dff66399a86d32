import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchBuilder } from '../../../core/batch-builder.ts'
import { EventBatch } from '../../../core/batch.ts'
import { MemoryBudget } from '../../../core/memory-budget.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { channelContract } from '../../../testing/channel-contract.ts'
import { batchOf, fakeChannelContext, textsOf } from '../../../testing/fake-context.ts'
import { checked } from '../../../testing/checked.ts'
import memory from './memory.ts'

const none = (): undefined => undefined
const never = new AbortController().signal

function memoryChannel(properties: Record<string, string>, context = fakeChannelContext()) {
  return memory.create(settingsOf(memory, properties, none), context)
}

channelContract('memory', async ({ capacity, transactionCapacity }, context) =>
  memoryChannel({ capacity: String(capacity), transactionCapacity: String(transactionCapacity) }, context)
)

test('a capacity that is not a number means a warning and the default', async () => {
  const { values, problems } = await checked(memory, { capacity: 'many' })

  assert.equal(values?.capacity, 100)
  assert.deepEqual(
    problems.map(({ level, key }) => [level, key]),
    [['warning', 'capacity']]
  )
})

test('a transaction that could never fit the capacity is refused before start', async () => {
  const { values, problems } = await checked(memory, { capacity: '10' })

  assert.equal(values, undefined)
  assert.equal(
    problems[0]?.message,
    'Transaction Capacity of Memory Channel cannot be higher than the capacity.'
  )
})

test('byteCapacity is counted in slots of 100 bytes, less the share for headers', async () => {
  const channel = memoryChannel({ byteCapacity: '1000', 'keep-alive': '0' })

  const fitting = channel.fits(batchOf(['x'.repeat(450), '', 'x'.repeat(100), 'x'.repeat(101)]))

  assert.equal(fitting, 3)
})

test('an event larger than the whole byteCapacity is refused at once, with what to do', async () => {
  const channel = memoryChannel({ byteCapacity: '1000' })

  await assert.rejects(channel.put(batchOf(['x'.repeat(900)]), never), {
    code: 'ERR_BATCH_TOO_LARGE',
    message: /Increase byteCapacity/
  })
})

test('with a keep-alive of 0 a full channel refuses at once', async () => {
  const channel = memoryChannel({ capacity: '1', transactionCapacity: '1', 'keep-alive': '0' })
  await channel.put(batchOf(['x']), never)

  await assert.rejects(channel.put(batchOf(['y']), never), { code: 'ERR_CHANNEL_FULL' })
})

test("a wait for bytes ends with Flume's message", async () => {
  const context = fakeChannelContext()
  const channel = memoryChannel({ byteCapacity: '1000' }, context)
  await channel.put(batchOf(['x'.repeat(800)]), never)
  const refused = assert.rejects(channel.put(batchOf(['y']), never), {
    message:
      'Cannot commit transaction. Byte capacity allocated to store event body 800.0reached. Please increase heap ' +
      'space/byte capacity allocated to the channel as the sinks may not be keeping up with the sources'
  })

  await context.clock.advance(3000)
  await refused
})

test('channels that share the memory budget wait for one another', async () => {
  const memoryBudget = new MemoryBudget(4000)
  const first = memoryChannel({}, fakeChannelContext({ memory: memoryBudget }))
  const second = memoryChannel({}, fakeChannelContext({ memory: memoryBudget }))
  await first.put(batchOf(['x'.repeat(3000)]), never)
  const waiting = second.put(batchOf(['y'.repeat(2000)]), never)

  const before = second.size
  {
    await using lease = await first.take(1)
    await lease?.commit()
  }
  await waiting

  assert.deepEqual([before, second.size], [0, 1])
})

test('all memory is given back when the events are gone, however they were cut', async () => {
  const budget = new MemoryBudget(100_000)
  const channel = memoryChannel({}, fakeChannelContext({ memory: budget }))
  const builder = new BatchBuilder()
  for (let i = 0; i < 50; i++) builder.add(`event ${i}`, { n: String(i) })
  const batch = builder.build()
  await channel.put(batch.slice(0, 20), never)
  await channel.put(batch.slice(20), never)

  for (let left = 50; left > 0; left -= 7) {
    await using lease = await channel.take(7)
    await lease?.commit()
  }

  assert.deepEqual([channel.size, budget.used], [0, 0])
})

test('a few events of a large slab are copied, so that the slab can go', async () => {
  const budget = new MemoryBudget(10_000_000)
  const channel = memoryChannel({}, fakeChannelContext({ memory: budget }))
  const slab = Buffer.allocUnsafeSlow(1_000_000).fill('a')
  await channel.put(new EventBatch(slab, Uint32Array.of(10), Uint32Array.of(20)), never)

  assert.ok(budget.used < 1000, `${budget.used} bytes kept`)
  await using lease = await channel.take(1)
  assert.deepEqual(textsOf(lease?.batch), ['aaaaaaaaaa'])
})
