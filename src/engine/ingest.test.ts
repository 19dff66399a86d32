import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Interceptor, Selector } from '../core/contracts.ts'
import { CHANNEL_COUNTERS, newCounters, SOURCE_COUNTERS } from '../core/counters.ts'
import { batchOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeChannel } from '../testing/fake-parts.ts'
import { ChannelPort } from './channel-port.ts'
import { Ingest } from './ingest.ts'

interface Options {
  interceptors?: Interceptor[]
  optional?: string[]
  selector?: Selector
}

function open(
  channels: Record<string, FakeChannel>,
  { interceptors = [], optional = [], selector }: Options = {}
) {
  const counters = newCounters(SOURCE_COUNTERS)
  const log = new FakeLog()
  const ports = new Map(
    Object.entries(channels).map(([name, channel]) => [
      name,
      new ChannelPort(name, channel, newCounters(CHANNEL_COUNTERS))
    ])
  )
  const replicating: Selector = {
    route: batch =>
      Object.keys(channels).map(channel => ({ channel, batch, required: !optional.includes(channel) }))
  }
  const ingest = new Ingest({
    interceptors,
    selector: selector ?? replicating,
    channels: ports,
    counters,
    log,
    signal: new AbortController().signal
  })
  return { ingest, counters, log, ports }
}

test('a batch goes to every channel, and is counted once', async () => {
  const c1 = new FakeChannel()
  const c2 = new FakeChannel()
  const { ingest, counters, ports } = open({ c1, c2 })

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
  const { ingest, counters } = open(
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
  const { ingest, log, counters } = open(
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
  const { ingest, counters } = open({ c1 })

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
  const { ingest } = open({ c1, c2 }, { optional: ['c2'] })

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
  const { ingest } = open({ c1 }, { interceptors: [{ intercept: batch => batch.slice(1) }] })

  await assert.rejects(ingest.ingest(batchOf(['dropped', 'kept'])))

  assert.deepEqual([ingest.ledger.rejected, ingest.ledger.dropped], [{ ERR_CHANNEL: 2 }, {}])
})

test('a failing optional channel is logged and counted, and fails nothing', async () => {
  const c1 = new FakeChannel()
  const c2 = new FakeChannel()
  c2.failPutWith = new Error('full')
  const { ingest, log } = open({ c2, c1 }, { optional: ['c2'] })

  await ingest.ingest(batchOf(['a']))

  assert.deepEqual(c1.texts, ['a'])
  assert.deepEqual(log.messages('error'), ['Unable to put batch on optional channel.'])
  assert.deepEqual(ingest.ledger.dropped, { 'optional channel c2': 1 })
})

test('events for which no channel is selected are accepted and counted as dropped', async () => {
  const channel = new FakeChannel()
  const { ingest } = open({ channel }, { selector: { route: () => [] } })

  await ingest.ingest(batchOf(['a', 'b']))

  assert.deepEqual(ingest.ledger.dropped, { 'no channel selected': 2 })
})

test('independent events are cut to what a transaction may hold', async () => {
  const channel = new FakeChannel(1000, 2)
  const { ingest, ports } = open({ channel })

  const result = await ingest.ingestEach(batchOf(['a', 'b', 'c', 'd', 'e']))

  assert.deepEqual(result, { accepted: 5, error: undefined })
  assert.equal(ports.get('channel')?.counters.EventPutSuccessCount, 5)
})

test('independent events stop at the first that is refused; those before it are stored', async () => {
  const channel = new FakeChannel(3, 3)
  const { ingest, counters } = open({ channel })

  const { accepted, error } = await ingest.ingestEach(batchOf(['a', 'b', 'c', 'd', 'e']))

  assert.deepEqual([accepted, error?.code, channel.texts], [3, 'ERR_CHANNEL_FULL', ['a', 'b', 'c']])
  assert.deepEqual([counters.EventReceivedCount, counters.EventAcceptedCount], [4, 3])
})
