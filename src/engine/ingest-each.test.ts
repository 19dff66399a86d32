import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EventBatch } from '../core/batch.ts'
import type { IngestResult, Selector } from '../core/contracts.ts'
import { batchOf } from '../testing/fake-context.ts'
import { ApartChannel, FakeChannel } from '../testing/fake-parts.ts'
import { openIngest } from './testing/open-ingest.ts'

const FIVE = ['a', 'b', 'c', 'd', 'e']

describe('independent events', () => {
  test('are cut to what a transaction may hold', async () => {
    const channel = new FakeChannel(1000, 2)
    const { ingest, ports } = openIngest({ channel })

    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual(result, { tried: 5, refusals: [] })
    assert.equal(ports.get('channel')?.counters.EventPutSuccessCount, 5)
  })

  test('stop at the first that finds no room; those before it are stored, those behind it are not touched', async () => {
    const channel = new FakeChannel(3, 3)
    const { ingest, counters } = openIngest({ channel })

    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual(shortly(result), { tried: 4, refusals: ['3-4 ERR_CHANNEL_FULL'] })
    assert.deepEqual(channel.texts, ['a', 'b', 'c'])
    assert.deepEqual([counters.EventReceivedCount, counters.EventAcceptedCount], [4, 3])
  })

  test('are one put where a channel has a way for them, whatever a transaction may hold', async () => {
    const channel = new ApartChannel(1000, 2)
    const { ingest } = openIngest({ channel })

    const fits = ingest.fits(batchOf(FIVE))
    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual([fits, result], [5, { tried: 5, refusals: [] }])
    assert.deepEqual([channel.texts, channel.puts], [FIVE, [5]])
    await assert.rejects(ingest.ingest(batchOf(FIVE)), { code: 'ERR_CHANNEL_FULL' })
  })

  test('are refused together there, and none of them is stored', async () => {
    const channel = new ApartChannel(1000, 2)
    channel.failPutWith = new Error('disk on fire')
    const { ingest, counters } = openIngest({ channel })

    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual(shortly(result), { tried: 5, refusals: ['0-5 ERR_CHANNEL'] })
    assert.deepEqual([channel.texts, counters.EventAcceptedCount], [[], 0])
  })

  test('are cut to the room of a channel that has one, and what waits is a piece of its own', async () => {
    const channel = new ApartChannel(3, 2)
    const { ingest } = openIngest({ channel })

    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual(shortly(result), { tried: 4, refusals: ['3-4 ERR_CHANNEL_FULL'] })
    assert.deepEqual([channel.texts, channel.puts], [['a', 'b', 'c'], [3]])
  })

  test('are cut to the transactions of a channel that has none, for every channel', async () => {
    const channels = { c1: new ApartChannel(1000, 2), c2: new FakeChannel(1000, 3) }
    const { ingest } = openIngest(channels)

    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual(result, { tried: 5, refusals: [] })
    assert.deepEqual([channels.c1.puts, channels.c1.texts, channels.c2.texts], [[3, 2], FIVE, FIVE])
  })

  test('go to optional channels in the same way', async () => {
    const channels = { c1: new FakeChannel(), c2: new ApartChannel(1000, 2) }
    const { ingest } = openIngest(channels, { optional: ['c2'] })

    await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual([channels.c2.puts, channels.c2.texts, ingest.ledger.dropped], [[5], FIVE, {}])
  })

  test('are in the first channel once, and counted once, when a channel fails that said it had room', async () => {
    const c1 = new FakeChannel()
    const c2 = failing('disk on fire')
    const { ingest, counters, ports } = openIngest({ c1, c2 })

    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual(shortly(result), { tried: 5, refusals: ['0-5 ERR_CHANNEL'] })
    assert.deepEqual(c1.texts, FIVE)
    assert.equal(ports.get('c2')?.counters.EventPutAttemptCount, 5)
    assert.deepEqual([counters.EventReceivedCount, counters.EventAcceptedCount], [5, 0])
    assert.deepEqual(
      { ...ingest.ledger },
      {
        received: 5,
        accepted: 0,
        entering: 0,
        rejected: { ERR_CHANNEL: 5 },
        dropped: {}
      }
    )
  })

  test('are stored as far as there is room in a channel that lost some of it meanwhile', async () => {
    const { ingest, c1, c2, gate } = racing()

    const work = ingest.ingestEach(batchOf(FIVE))
    await c2.put(batchOf(['of another source']))
    gate.resolve()
    const result = await work

    assert.deepEqual(shortly(result), { tried: 5, refusals: ['4-5 ERR_CHANNEL_FULL'] })
    assert.deepEqual([c1.texts, c2.texts], [FIVE, ['of another source', 'a', 'b', 'c', 'd']])
  })

  test('go whole where others have come since, which they must not let in between', async () => {
    const { ingest, c2, gate } = racing()

    const first = ingest.ingestEach(batchOf(FIVE))
    await c2.put(batchOf(['of another source']))
    const second = ingest.ingestEach(batchOf(['f']))
    gate.resolve()

    assert.deepEqual(shortly(await first), { tried: 5, refusals: ['0-5 ERR_CHANNEL_FULL'] })
    assert.deepEqual(await second, { tried: 1, refusals: [] })
    assert.deepEqual(c2.texts, ['of another source', 'f'])
  })

  test('are not offered to the channels behind one that refused them', async () => {
    const channels = {
      c1: new FakeChannel(),
      c2: failing('no'),
      c3: new FakeChannel(),
      c4: new FakeChannel()
    }
    const { ingest } = openIngest(channels, { optional: ['c4'] })

    await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual([channels.c1.texts, channels.c3.texts, channels.c4.texts], [FIVE, [], []])
    assert.deepEqual(ingest.ledger.dropped, {})
  })

  test('are refused one by one where they go different ways', async () => {
    const channels = { c1: new FakeChannel(), c2: failing('no'), c3: new FakeChannel() }
    const { ingest, counters } = openIngest(channels, { selector: vowelsAlsoTo('c2') })

    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual(shortly(result), { tried: 5, refusals: ['0-1 ERR_CHANNEL', '4-5 ERR_CHANNEL'] })
    assert.deepEqual([channels.c1.texts, channels.c3.texts], [FIVE, ['b', 'c', 'd']])
    assert.equal(counters.EventAcceptedCount, 3)
  })

  test('that an interceptor dropped are accepted, though those that it kept are refused', async () => {
    const intercept = (batch: EventBatch): EventBatch => batch.filter(i => batch.text(i) !== 'c')
    const { ingest } = openIngest({ c1: failing('no') }, { interceptors: [{ intercept }] })

    const result = await ingest.ingestEach(batchOf(FIVE))

    assert.deepEqual(shortly(result), { tried: 5, refusals: ['0-2 ERR_CHANNEL', '3-5 ERR_CHANNEL'] })
    assert.deepEqual([ingest.ledger.accepted, ingest.ledger.dropped], [1, { interceptor: 1 }])
  })

  for (const { name, texts, intercept } of [
    {
      name: 'an interceptor made new events of fewer',
      texts: FIVE,
      intercept: (batch: EventBatch) => batch.slice(1).compact()
    },
    {
      name: 'neighbours have the same bytes',
      texts: ['', '', 'a'],
      intercept: (batch: EventBatch) => batch.filter(i => i !== 1)
    }
  ]) {
    test(`are all refused where it cannot be told which are: ${name}`, async () => {
      const { ingest } = openIngest({ c1: failing('no') }, { interceptors: [{ intercept }] })

      const result = await ingest.ingestEach(batchOf(texts))

      const all = texts.length
      assert.deepEqual(shortly(result), { tried: all, refusals: [`0-${all} ERR_CHANNEL`] })
      assert.deepEqual([ingest.ledger.rejected, ingest.ledger.dropped], [{ ERR_CHANNEL: all }, {}])
    })
  }
})

function failing(message: string): FakeChannel {
  const channel = new FakeChannel()
  channel.failPutWith = new Error(message)
  return channel
}

/** Two channels; the first takes its time until `gate` is resolved, the second has room for five events. */
function racing() {
  const c1 = new FakeChannel()
  const c2 = new FakeChannel(5)
  const gate = Promise.withResolvers<void>()
  const put = c1.put.bind(c1)
  c1.put = async batch => {
    await gate.promise
    await put(batch)
  }
  return { ...openIngest({ c1, c2 }), c1, c2, gate }
}

/** Everything goes to c1 and c3, vowels to `channel` in between. */
function vowelsAlsoTo(channel: string): Selector {
  const isVowel = (batch: EventBatch, i: number): boolean => 'aeiou'.includes(batch.text(i))
  return {
    route: batch => [
      { channel: 'c1', batch, required: true },
      { channel, batch: batch.filter(i => isVowel(batch, i)), required: true },
      { channel: 'c3', batch, required: true }
    ]
  }
}

function shortly({ tried, refusals }: IngestResult): { tried: number; refusals: string[] } {
  return { tried, refusals: refusals.map(({ from, to, error }) => `${from}-${to} ${error.code}`) }
}
