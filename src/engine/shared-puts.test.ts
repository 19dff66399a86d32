import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf } from '../testing/fake-context.ts'
import { FakeChannel } from '../testing/fake-parts.ts'
import { openIngest } from './testing/open-ingest.ts'

test('what many callers bring in one turn is one put, and each is answered', async () => {
  const c = new FakeChannel()
  const { ingest, ports, counters } = openIngest({ c })

  await Promise.all(['a', 'b', 'c'].map(text => ingest.ingestShared(batchOf([text, text]))))

  assert.deepEqual(c.texts, ['a', 'a', 'b', 'b', 'c', 'c'])
  assert.equal(counters.EventAcceptedCount, 6)
  assert.equal(ports.get('c')?.counters.EventPutSuccessCount, 6)
})

test('callers are joined as far as there is room for them together, whole batches only', async () => {
  const c = new FakeChannel(1000, 5)
  const { ingest } = openIngest({ c })
  const puts: number[] = []
  const put = c.put.bind(c)
  c.put = batch => {
    puts.push(batch.length)
    return put(batch)
  }

  await Promise.all([2, 2, 2, 5].map(events => ingest.ingestShared(batchOf(Array(events).fill('x')))))

  assert.deepEqual(puts, [4, 2, 5])
})

test('those whose batch is refused are told, the others are not', async () => {
  const c = new FakeChannel(1000, 2)
  const { ingest } = openIngest({ c })

  const outcomes = await Promise.allSettled(
    [['a'], ['b', 'c', 'd'], ['e']].map(texts => ingest.ingestShared(batchOf(texts)))
  )

  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled']
  )
  assert.deepEqual(c.texts, ['a', 'e'])
})

test('an offer skips what is refused and counts it by its reason', async () => {
  const c = new FakeChannel(3)
  const { ingest } = openIngest({ c })

  const stored = await ingest.offer(batchOf(['a', 'b', 'c', 'd', 'e']))

  assert.equal(stored, 3)
  assert.deepEqual(c.texts, ['a', 'b', 'c'])
  assert.deepEqual(
    [ingest.ledger.received, ingest.ledger.accepted, ingest.ledger.rejected],
    [5, 3, { ERR_CHANNEL_FULL: 2 }]
  )
})

test('events that a source gives up are in the balance sheet', () => {
  const { ingest, counters } = openIngest({ c: new FakeChannel() })

  ingest.dropped('a datagram without a message', 2)

  assert.deepEqual(
    [ingest.ledger.received, ingest.ledger.rejected, counters.EventReceivedCount],
    [2, { 'a datagram without a message': 2 }, 2]
  )
})
