import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBatch } from '../core/batch.ts'
import { batchOf } from '../testing/fake-context.ts'
import { FakeChannel } from '../testing/fake-parts.ts'
import { openIngest } from './testing/open-ingest.ts'

test('a batch goes to every channel, and is counted once', async () => {
  const c1 = new FakeChannel()
  const c2 = new FakeChannel()
  const { ingest, counters, ports } = openIngest({ c1, c2 })

  await ingest.ingest(batchOf(['a', 'b']))

  assert.deepEqual(
    [c1.texts, c2.texts],
    [
      ['a', 'b'],
      ['a', 'b']
    ]
  )
  assert.deepEqual([counters.EventReceivedCount, counters.EventAcceptedCount], [2, 2])
  assert.equal(ports.get('c2')?.counters.EventPutSuccessCount, 2)
})

test('interceptors run in order, and what they drop counts as accepted', async () => {
  const channel = new FakeChannel()
  const { ingest, counters } = openIngest(
    { channel },
    {
      interceptors: [
        { intercept: batch => batch.filter(i => batch.text(i) !== 'drop') },
        { intercept: batch => batch.withHeader('seen', batch.length.toString()) }
      ]
    }
  )

  await ingest.ingest(batchOf(['keep', 'drop']))

  assert.deepEqual(channel.texts, ['keep'])
  assert.equal(counters.EventAcceptedCount, 2)
  assert.deepEqual(ingest.ledger.dropped, { interceptor: 1 })
})

test('an interceptor that fails on one event harms no other', async () => {
  const channel = new FakeChannel()
  const { ingest, log, counters } = openIngest(
    { channel },
    {
      interceptors: [
        {
          intercept: batch => {
            for (const event of batch) if (event.text === 'bad') throw new Error('cannot')
            return batch
          }
        }
      ]
    }
  )

  await ingest.ingest(batchOf(['a', 'bad', 'b']))

  assert.deepEqual(channel.texts, ['a', 'b'])
  assert.equal(counters.GenericProcessingFail, 1)
  assert.equal(log.messages('error').length, 1)
})

test("a failing required channel fails the batch, with Flume's words for errors that are not ours", async () => {
  const c1 = new FakeChannel()
  c1.failPutWith = new Error('disk on fire')
  const { ingest, counters } = openIngest({ c1 })

  await assert.rejects(ingest.ingest(batchOf(['a'])), {
    message: 'Unable to put batch on required channel: c1'
  })
  assert.deepEqual([counters.EventAcceptedCount, counters.ChannelWriteFail], [0, 1])
  assert.deepEqual(ingest.ledger.rejected, { ERR_CHANNEL: 1 })
})

test('a batch is accepted once the optional channels have answered, too', async () => {
  const c1 = new FakeChannel()
  const c2 = new FakeChannel()
  const gate = Promise.withResolvers<void>()
  c2.put = () => gate.promise
  const { ingest } = openIngest({ c1, c2 }, { optional: ['c2'] })

  const work = ingest.ingest(batchOf(['a']))
  await new Promise(resolve => setImmediate(resolve))
  const meanwhile = [ingest.ledger.entering, ingest.ledger.accepted]
  gate.resolve()
  await work

  assert.deepEqual([meanwhile, ingest.ledger.accepted], [[1, 0], 1])
})

test('a batch that a required channel refuses is rejected whole, dropped events included', async () => {
  const c1 = new FakeChannel()
  c1.failPutWith = new Error('full')
  const { ingest } = openIngest({ c1 }, { interceptors: [{ intercept: batch => batch.slice(1) }] })

  await assert.rejects(ingest.ingest(batchOf(['dropped', 'kept'])))

  assert.deepEqual([ingest.ledger.rejected, ingest.ledger.dropped], [{ ERR_CHANNEL: 2 }, {}])
})

test('a failing optional channel is logged and counted, and fails nothing', async () => {
  const c1 = new FakeChannel()
  const c2 = new FakeChannel()
  c2.failPutWith = new Error('full')
  const { ingest, log } = openIngest({ c2, c1 }, { optional: ['c2'] })

  await ingest.ingest(batchOf(['a']))

  assert.deepEqual(c1.texts, ['a'])
  assert.deepEqual(log.messages('error'), ['Unable to put batch on optional channel.'])
  assert.deepEqual(ingest.ledger.dropped, { 'optional channel c2': 1 })
})

test('events for which no channel is selected are accepted and counted as dropped', async () => {
  const channel = new FakeChannel()
  const { ingest } = openIngest({ channel }, { selector: { route: () => [] } })

  await ingest.ingest(batchOf(['a', 'b']))

  assert.deepEqual(ingest.ledger.dropped, { 'no channel selected': 2 })
})

test('events that are lost one after the other have a line at once, then one in 10 s with their number', async () => {
  const c1 = new FakeChannel()
  c1.failPutWith = new Error('full')
  const failing = {
    intercept: (batch: EventBatch) => {
      if (batch.text(0).startsWith('bad')) throw new Error('bad text')
      return batch
    }
  }
  const { ingest, log, clock } = openIngest({ c1 }, { optional: ['c1'], interceptors: [failing] })
  const work = async (): Promise<void> => {
    await ingest.ingest(batchOf(['bad 1', 'bad 2', 'bad 3']))
    for (let i = 0; i < 4; i++) await ingest.ingest(batchOf(['good']))
  }
  await work()
  await clock.advance(9999)
  await work()
  await clock.advance(1)
  await work()

  const told = log.lines.map(({ level, message, facts }) => [level, message.slice(0, 14), facts['events']])
  assert.deepEqual(told, [
    ['error', 'An interceptor', 1],
    ['error', 'Unable to put ', 1],
    ['error', 'An interceptor', 6],
    ['error', 'Unable to put ', 8]
  ])
  assert.deepEqual(ingest.ledger.dropped, { interceptor: 9, 'optional channel c1': 12 })
})
