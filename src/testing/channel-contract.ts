import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Channel, ChannelContext, Lease } from '../core/contracts.ts'
import type { Metrics, NoMetrics } from '../core/metrics.ts'
import { settled } from './fake-clock.ts'
import { batchOf, fakeChannelContext, textsOf, type FakeContextParts } from './fake-context.ts'
import { answering, kept, until, type Promises } from './promise-kept.ts'

const PROMISES: Promises<Channel> = {
  start: 'start() of a channel resolves once events can come and go',
  stop: 'stop() of a channel resolves once it holds nothing but its events',
  put: 'put() resolves when the channel holds the batch, and rejects when there is no room in time',
  putEach: 'putEach() resolves when the channel holds the batch, and rejects when there is no room in time',
  take: 'take() waits for no events',
  filled: 'filled() resolves once there are events, and when it is told to stop'
}
const PROMISES_OF_LEASE: Promises<Lease> = {
  commit: 'commit() resolves once the events are gone',
  [Symbol.asyncDispose]: 'a lease can be given back'
}

/** Of a story. */
const LONGEST_TRANSACTION = 8

/** A new, started channel for `capacity` events and transactions of up to `transactionCapacity`. */
export type OpenChannel<M extends Metrics = NoMetrics> = (
  limits: { capacity: number; transactionCapacity: number },
  context: ChannelContext<M> & FakeContextParts
) => Promise<Channel>

/** What every channel promises. Call it in the channel's test with a way to open one; `M` are the metrics it declares. */
export function channelContract<M extends Metrics = NoMetrics>(name: string, open: OpenChannel<M>): void {
  const never = new AbortController().signal
  async function opened(capacity = 100, transactionCapacity = 50, context = fakeChannelContext<M>()) {
    const channel = await kept('a channel is made', open({ capacity, transactionCapacity }, context))
    return answering(channel, PROMISES, {
      take: async max => {
        const lease = await channel.take(max)
        return lease && answering(lease, PROMISES_OF_LEASE)
      }
    })
  }

  describe(`${name} keeps the contract of a channel:`, () => {
    test('gives events out in the order in which they came, also across puts', async () => {
      const channel = await opened()
      await channel.put(batchOf(['a', 'b']), never)
      await channel.put(batchOf(['c']), never)

      await using lease = await channel.take(10)

      assert.deepEqual(textsOf(lease?.batch), ['a', 'b', 'c'])
    })

    test('keeps headers with their events', async () => {
      const channel = await opened()
      await channel.put(batchOf(['a'], { n: '1' }), never)
      await channel.put(batchOf(['b'], { n: '2' }), never)

      await using lease = await channel.take(10)

      assert.deepEqual(
        [...(lease?.batch ?? [])].map(event => event.headers),
        [[['n', '1']], [['n', '2']]]
      )
    })

    test('gives out at most as many as asked for, and at least one', async () => {
      const channel = await opened()
      await channel.put(batchOf(['a', 'b', 'c']), never)

      const sizes = [
        await takeAndCommit(channel, 2),
        await takeAndCommit(channel, 2),
        await takeAndCommit(channel, 2)
      ]

      assert.deepEqual(sizes, [2, 1, 0])
    })

    test('takes back what was not committed, in its place', async () => {
      const channel = await opened()
      await channel.put(batchOf(['a', 'b', 'c']), never)
      {
        await using first = await channel.take(1)
        await using second = await channel.take(1)
        assert.deepEqual([...textsOf(first?.batch), ...textsOf(second?.batch)], ['a', 'b'])
      }

      await using lease = await channel.take(10)

      assert.deepEqual(textsOf(lease?.batch), ['a', 'b', 'c'])
    })

    test('takes back the loans of several takers, whoever returns first', async () => {
      const channel = await opened()
      await channel.put(batchOf(['a', 'b']), never)
      await channel.put(batchOf(['c', 'd']), never)
      const loans = [await channel.take(1), await channel.take(2), await channel.take(1)]
      for (const index of [0, 2, 1]) await loans[index]?.[Symbol.asyncDispose]()

      const texts: string[] = []
      for (let lease = await channel.take(10); lease !== undefined; lease = await channel.take(10)) {
        texts.push(...textsOf(lease.batch))
        await lease.commit()
        assert.ok(texts.length <= 4, 'a channel gives out no more events than came')
      }

      assert.deepEqual(texts, ['a', 'b', 'c', 'd'])
    })

    test('keeps the room of events on loan, as they may come back', async () => {
      const channel = await opened(4, 4)
      await channel.put(batchOf(['a', 'b', 'c', 'd']), never)
      const lease = await channel.take(3)
      const whileLent = channel.fits(batchOf(['e', 'f', 'g', 'h']))
      await lease?.commit()

      assert.deepEqual([whileLent, channel.fits(batchOf(['e', 'f', 'g', 'h']))], [0, 3])
    })

    test('counts events on loan as held until they are committed', async () => {
      const channel = await opened()
      await channel.put(batchOf(['a', 'b']), never)
      const lease = await channel.take(1)
      const whileLent = channel.size
      await lease?.commit()
      await lease?.[Symbol.asyncDispose]()

      assert.deepEqual([whileLent, channel.size], [2, 1])
    })

    test('knows when its oldest event and that of a batch came', async () => {
      const context = fakeChannelContext<M>()
      const { clock } = context
      const channel = await opened(100, 50, context)
      const before = channel.oldestArrival?.()
      await channel.put(batchOf(['a', 'b']), never)
      await clock.advance(3000)
      await channel.put(batchOf(['c']), never)
      const first = await channel.take(1)
      const lent = [first?.arrivedAt, channel.oldestArrival?.()]
      await first?.[Symbol.asyncDispose]()
      const second = await channel.take(2)
      await second?.commit()
      const younger = channel.oldestArrival?.()
      const third = await channel.take(9)
      await third?.commit()

      assert.deepEqual([before, ...lent], [undefined, 0, 0])
      assert.deepEqual([second?.arrivedAt, younger, third?.arrivedAt], [0, 3000, 3000])
      assert.equal(channel.oldestArrival?.(), undefined)
    })

    test('where events survive a restart, knows to the second when they came', async () => {
      const context = fakeChannelContext<M>()
      const { clock } = context
      const channel = await opened(100, 50, context)
      if (!channel.durable) return
      await clock.advance(500)
      await channel.put(batchOf(['a']), never)
      await clock.advance(60_000)
      await channel.stop()
      await channel.start()
      await until(() => channel.oldestArrival?.() !== undefined, 'a channel knows when its oldest event came')
      const held = channel.oldestArrival?.() ?? NaN
      const arrivedAt = (await channel.take(1))?.arrivedAt ?? NaN

      for (const at of [held, arrivedAt]) assert.ok(at > -500 && at <= 500, `${at}`)
    })

    test('says after a stop what it holds, and the same after a start', async () => {
      const channel = await opened()
      await channel.put(batchOf(['a', 'b', 'c']), never)
      await takeAndCommit(channel, 1)
      await channel.stop()
      const stopped = channel.size
      await channel.start()

      assert.deepEqual([stopped, channel.size], [2, 2])
    })

    test('refuses a put that is larger than a transaction, at once and whole', async () => {
      const channel = await opened(100, 3)

      await assert.rejects(channel.put(batchOf(['a', 'b', 'c', 'd']), never), { code: 'ERR_BATCH_TOO_LARGE' })
      assert.equal(channel.size, 0)
    })

    test('lets a put wait until there is room', async () => {
      const channel = await opened(2, 2)
      await channel.put(batchOf(['a', 'b']), never)
      const waiting = channel.put(batchOf(['c', 'd']), never)

      await takeAndCommit(channel, 2)
      await waiting

      await using lease = await channel.take(10)
      assert.deepEqual(textsOf(lease?.batch), ['c', 'd'])
    })

    test('refuses a put that found no room in time, whole', async () => {
      const context = fakeChannelContext<M>()
      const channel = await opened(2, 2, context)
      await channel.put(batchOf(['a']), never)
      const refused = assert.rejects(channel.put(batchOf(['b', 'c']), never), { code: 'ERR_CHANNEL_FULL' })

      await context.clock.advance(10_000)
      await refused

      assert.equal(channel.size, 1)
    })

    test('ends a wait for room when told to', async () => {
      const channel = await opened(1, 1)
      await channel.put(batchOf(['a']), never)
      const stop = new AbortController()
      const refused = assert.rejects(channel.put(batchOf(['b']), stop.signal), { code: 'ERR_STOPPED' })

      stop.abort()
      await refused

      assert.equal(channel.size, 1)
    })

    test('says how many events of a batch fit now', async () => {
      const channel = await opened(5, 3)
      const before = channel.fits(batchOf(['a', 'b', 'c', 'd']))
      await channel.put(batchOf(['a', 'b', 'c']), never)

      assert.deepEqual(
        [before, channel.fits(batchOf(['d', 'e', 'f'])), channel.fits(batchOf(['d']))],
        [3, 2, 1]
      )
    })

    test('holds events that stand alone, where it has a way for them, whatever a transaction may have', async () => {
      const channel = await opened(100, 3)
      if (channel.fitsEach === undefined) return
      const fits = channel.fitsEach(batchOf(['a', 'b', 'c', 'd', 'e']))
      await Promise.all([
        putApart(channel, ['a', 'b', 'c', 'd', 'e']),
        putApart(channel, ['f', 'g', 'h', 'i'])
      ])

      const texts: string[] = []
      for (let lease = await channel.take(10); lease !== undefined; lease = await channel.take(10)) {
        assert.ok(lease.batch.length <= 3, 'a take is a transaction all the same')
        texts.push(...textsOf(lease.batch))
        await lease.commit()
      }
      assert.deepEqual([fits, texts.join('')], [5, 'abcdefghi'])
    })

    test('refuses events that stand alone and found no room in time, all of them', async () => {
      const context = fakeChannelContext<M>()
      const channel = await opened(4, 2, context)
      if (channel.fitsEach === undefined) return
      await channel.put(batchOf(['a', 'b']), never)
      const fits = channel.fitsEach(batchOf(['c', 'd', 'e']))
      const refused = assert.rejects(putApart(channel, ['c', 'd', 'e']), { code: 'ERR_CHANNEL_FULL' })

      await context.clock.advance(10_000)
      await refused

      assert.deepEqual([fits, channel.size], [2, 2])
    })

    test('wakes who waits for events, and who is told to stop waiting', async () => {
      const channel = await opened()
      const stop = new AbortController()
      const filled = channel.filled(never)
      await channel.put(batchOf(['a']), never)
      await filled
      await takeAndCommit(channel, 1)
      const stopped = channel.filled(stop.signal)
      stop.abort()

      await stopped
    })

    test('behaves like a plain list through any story of puts, takes, commits and returns', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
          const channel = await opened(20, LONGEST_TRANSACTION)
          const model = new ListModel()
          for (const move of steps) await play(move, channel, model)
          assert.equal(channel.size, model.size)
        }),
        { numRuns: 60 }
      )
    })
  })

  async function play(move: Move, channel: Channel, model: ListModel): Promise<void> {
    if (move.kind === 'put') {
      const isLong = move.events > LONGEST_TRANSACTION
      const texts = Array.from({ length: move.events }, () => model.next())
      const fits = isLong ? channel.fitsEach?.(batchOf(texts)) : channel.fits(batchOf(texts))
      if ((fits ?? 0) < texts.length) return
      await (isLong ? putApart(channel, texts) : channel.put(batchOf(texts), never))
      model.queue.push(...texts)
    } else if (move.kind === 'take') {
      const lease = await channel.take(move.max)
      const expected = model.queue.slice(0, lease?.batch.length ?? 0)
      assert.deepEqual(textsOf(lease?.batch), expected)
      assert.ok(lease !== undefined || model.queue.length === 0)
      assert.ok((lease?.batch.length ?? 0) <= move.max)
      model.queue.splice(0, expected.length)
      if (lease !== undefined) model.leases.push({ lease, texts: expected })
    } else if (move.kind === 'restart') {
      // What does not survive is not asked to.
      if (channel.durable) await restart(channel, model)
    } else {
      const [held] = model.leases.splice(move.which % Math.max(1, model.leases.length), 1)
      if (held === undefined) return
      if (move.kind === 'commit') await held.lease.commit()
      else model.giveBack(held.texts)
      await held.lease[Symbol.asyncDispose]()
    }
    await settled()
  }
}

/** What is on loan is there again, and its old leases are worth nothing. */
async function restart(channel: Channel, model: ListModel): Promise<void> {
  await channel.stop()
  assert.equal(channel.size, model.size)
  for (const { lease, texts } of model.leases.splice(0)) {
    await assert.rejects(lease.commit(), { code: 'ERR_CHANNEL' })
    await lease[Symbol.asyncDispose]()
    model.giveBack(texts)
  }
  await channel.start()
}

type Move =
  | { kind: 'put'; events: number }
  | { kind: 'take'; max: number }
  | { kind: 'commit'; which: number }
  | { kind: 'return'; which: number }
  | { kind: 'restart' }

const step: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('put' as const), events: fc.integer({ min: 1, max: 12 }) })
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('take' as const), max: fc.integer({ min: 1, max: 10 }) })
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('commit' as const), which: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('return' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) }
)

/** A channel as a list. Texts are numbers, so that their place can be told. */
class ListModel {
  queue: string[] = []
  leases: { lease: Lease; texts: string[] }[] = []
  #count = 0

  get size(): number {
    return this.queue.length + this.leases.reduce((sum, { texts }) => sum + texts.length, 0)
  }

  next(): string {
    return String(this.#count++)
  }

  giveBack(texts: readonly string[]): void {
    this.queue = [...texts, ...this.queue].sort((a, b) => Number(a) - Number(b))
  }
}

async function putApart(channel: Channel, texts: readonly string[]): Promise<void> {
  await channel.putEach?.(batchOf([...texts]), new AbortController().signal)
}

async function takeAndCommit(channel: Channel, max: number): Promise<number> {
  await using lease = await channel.take(max)
  await lease?.commit()
  return lease?.batch.length ?? 0
}
