import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, textsOf } from '../../../testing/fake-context.ts'
import { SimulatedDisk } from '../../../testing/simulated-disk.ts'
import { setUpOnDisk, take, takeAll } from './testing/spillable-parts.ts'

const never = new AbortController().signal

function newDisk(): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: ['/data'], automatic: true })
}

test('a put to disk that is under way at a stop is given out once after the next start', async () => {
  const channel = setUpOnDisk(newDisk(), 0)
  await channel.start()
  const put = channel.put(batchOf(['a']), never)
  await channel.stop()
  await put

  await channel.start()
  await channel.put(batchOf(['b']), never)

  assert.deepEqual([await takeAll(channel), channel.size], [['a', 'b'], 0])
})

test('and behind what was in memory before it', async () => {
  const channel = setUpOnDisk(newDisk(), 2)
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  const put = channel.put(batchOf(['c']), never)
  await channel.stop()
  await put

  await channel.start()

  assert.deepEqual(await takeAll(channel), ['a', 'b', 'c'])
})

test('a take that is under way at a stop is refused, and its events stay in their place', async () => {
  const channel = setUpOnDisk(newDisk(), 1)
  await channel.start()
  for (const text of ['a', 'b', 'c']) await channel.put(batchOf([text]), never)
  const held = await channel.take(1)
  const taking = assert.rejects(channel.take(1), { code: 'ERR_CHANNEL' })
  await channel.stop()
  await taking

  await channel.start()

  assert.deepEqual([textsOf(held?.batch), await takeAll(channel)], [['a'], ['a', 'b', 'c']])
})

test('a commit that is under way at a stop changes the place of no other event', async () => {
  const channel = setUpOnDisk(newDisk(), 1)
  await channel.start()
  for (const text of ['a', 'b', 'c']) await channel.put(batchOf([text]), never)
  assert.deepEqual(await take(channel, 1), ['a'])
  for (const text of ['d', 'e']) await channel.put(batchOf([text]), never)
  const lease = await channel.take(1)
  const commit = lease?.commit()
  await channel.stop()
  await commit

  await channel.start()

  assert.deepEqual([textsOf(lease?.batch), await takeAll(channel)], [['b'], ['c', 'd', 'e']])
})

test('what is given back while the channel stops is held once', async () => {
  const channel = setUpOnDisk(newDisk(), 0)
  await channel.start()
  for (const text of ['a', 'b']) await channel.put(batchOf([text]), never)
  const lease = await channel.take(1)
  const returned = lease?.[Symbol.asyncDispose]()
  await channel.stop()
  await returned

  await channel.start()

  assert.deepEqual([await takeAll(channel), channel.size], [['a', 'b'], 0])
})
