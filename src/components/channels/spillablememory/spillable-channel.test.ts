import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Lease } from '../../../core/contracts/channel.ts'
import { AgentError } from '../../../core/errors.ts'
import { SlotSpace } from '../../../store/space.ts'
import { settled } from '../../../testing/fake-clock.ts'
import { batchOf, textsOf } from '../../../testing/fake-context.ts'
import { setUp, take, takeAll } from './testing/spillable-parts.ts'

const never = new AbortController().signal

test('a put waits for memory before the first one spills, and then no more', async () => {
  const { channel, context, log } = setUp({ memoryCapacity: 2, overflowCapacity: 10 })
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  const waiting = channel.put(batchOf(['c']), never)
  await settled()
  const before = log.size
  await context.clock.advance(3000)
  await waiting
  await channel.put(batchOf(['d']), never)

  assert.deepEqual([before, log.size, channel.size], [0, 2, 4])
  assert.deepEqual(
    [await take(channel), await take(channel)],
    [
      ['a', 'b'],
      ['c', 'd']
    ]
  )
})

test('once enough memory is free, puts wait for it again', async () => {
  const { channel, log, context } = setUp({
    memoryCapacity: 10,
    overflowCapacity: 10,
    deactivationShare: 0.5
  })
  await channel.start()
  const ten = Array.from({ length: 10 }, (_, i) => `m${i}`)
  await channel.put(batchOf(ten), never)
  const spilled = channel.put(batchOf(['o0', 'o1']), never)
  await context.clock.advance(3000)
  await spilled
  await take(channel, 4)
  const atOnce = channel.fits(batchOf(ten))
  await take(channel, 1)

  assert.deepEqual([atOnce, channel.fits(batchOf(ten)), log.size], [8, 5, 2])
})

test('a put that comes into memory after others spilled does not overtake them', async () => {
  const { channel } = setUp({ memoryCapacity: 2, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  await channel.put(batchOf(['c', 'd', 'e']), never)
  const first = await take(channel, 1)
  await channel.put(batchOf(['f']), never)

  assert.deepEqual([first, await takeAll(channel)], [['a'], ['b', 'c', 'd', 'e', 'f']])
})

test('a put that comes into memory while others are being spilled does not overtake them', async () => {
  const { channel, log } = setUp({ memoryCapacity: 2, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a', 'b']), never)
  const spilling = channel.put(batchOf(['c', 'd', 'e']), never)
  const first = await take(channel, 1)
  await channel.put(batchOf(['f']), never)
  const [second, early] = [await take(channel), await take(channel)]
  await spilling
  log.failWith = new AgentError('ERR_CHANNEL', 'The disk fails.')
  const failing = assert.rejects(channel.put(batchOf(['g', 'h']), never))
  await channel.put(batchOf(['i']), never)
  const filled = channel.filled(never)
  await failing
  await filled

  assert.deepEqual([first, second, early], [['a'], ['b'], []])
  assert.deepEqual(await takeAll(channel), ['c', 'd', 'e', 'f', 'i'])
})

test('with both parts full a put is refused when its time is over', async () => {
  const { channel, context } = setUp({ memoryCapacity: 1, overflowCapacity: 1 })
  await channel.start()
  await channel.put(batchOf(['a']), never)
  const second = channel.put(batchOf(['b']), never)
  await context.clock.advance(3000)
  await second
  const refused = assert.rejects(channel.put(batchOf(['c']), never), {
    code: 'ERR_CHANNEL_FULL',
    message: /^The channel has reached it's capacity\. .* \[channel=tested\]$/
  })
  await context.clock.advance(3000)
  await refused
})

test('without overflow no disk is touched, and a full memory says so as Flume does', async () => {
  const { channel, context, stores } = setUp({ memoryCapacity: 1, overflowCapacity: 0 })
  await channel.start()
  await channel.put(batchOf(['a']), never)
  const refused = assert.rejects(channel.put(batchOf(['b']), never), {
    code: 'ERR_CHANNEL_FULL',
    message:
      "Spillable Memory Channel's memory capacity has been reached and overflow is disabled. Consider increasing memoryCapacity."
  })
  await context.clock.advance(3000)
  await refused

  assert.deepEqual([channel.durable, stores()], [false, 0])
})

test('a put that the disk refuses is refused whole, and others go on', async () => {
  const { channel, log } = setUp({ memoryCapacity: 1, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a']), never)
  log.failWith = new AgentError('ERR_CHANNEL', 'The disk fails.')
  await assert.rejects(channel.put(batchOf(['b']), never), { message: 'The disk fails.' })
  log.failWith = undefined
  await channel.put(batchOf(['c']), never)

  assert.deepEqual(await takeAll(channel), ['a', 'c'])
})

test('events that are damaged on disk lose their place, and nothing else moves', async () => {
  const { channel, log } = setUp({ memoryCapacity: 1, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a']), never)
  await channel.put(batchOf(['b', 'c', 'd']), never)
  await take(channel, 1)
  await channel.put(batchOf(['e']), never)
  await channel.put(batchOf(['f']), never)
  log.skip(2)

  assert.deepEqual(await takeAll(channel), ['d', 'e', 'f'])
})

test('where all that was next is damaged, what follows is given', async () => {
  const { channel, log } = setUp({ memoryCapacity: 1, overflowCapacity: 10, overflowTimeoutMs: 0 })
  await channel.start()
  await channel.put(batchOf(['a']), never)
  await channel.put(batchOf(['b', 'c']), never)
  await take(channel, 1)
  await channel.put(batchOf(['d']), never)
  log.skip(2)

  assert.deepEqual(await take(channel), ['d'])
})

test("with bytes full and no overflow the message is Flume's, with the bytes that are free", async () => {
  const space = new SlotSpace(1000, 0, 500)
  const { channel, context } = setUp({ memoryCapacity: 5, overflowCapacity: 0, space })
  await channel.start()
  await channel.put(batchOf(['a']), never)
  const refused = assert.rejects(channel.put(batchOf(['b', 'c']), never), {
    code: 'ERR_CHANNEL_FULL',
    message:
      "Spillable Memory Channel's memory capacity has been reached.  500 bytes are free and overflow is disabled. Consider increasing byteCapacity or capacity."
  })
  await context.clock.advance(3000)
  await refused
})

test('a channel that is not open refuses puts and takes', async () => {
  const { channel } = setUp({ memoryCapacity: 2, overflowCapacity: 10 })

  await assert.rejects(channel.put(batchOf(['a']), never), {
    code: 'ERR_CHANNEL',
    message: 'Channel closed [channel=tested]'
  })
  await assert.rejects(channel.take(1), { code: 'ERR_CHANNEL' })
})

type Move =
  | { kind: 'put'; events: number }
  | { kind: 'take'; max: number }
  | { kind: 'return' | 'commit' | 'restart'; which: number }

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('put' as const), events: fc.integer({ min: 1, max: 6 }) })
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('take' as const), max: fc.integer({ min: 1, max: 8 }) })
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('return' as const, 'commit' as const), which: fc.nat(4) })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), which: fc.nat(4) }) }
)

/** Both parts as one list of numbers. */
class Story {
  readonly #parts = setUp({
    memoryCapacity: 8,
    overflowCapacity: 20,
    overflowTimeoutMs: 0,
    transactionCapacity: 7
  })
  #queue: number[] = []
  #loans: { lease: Lease; numbers: number[] }[] = []
  #count = 0

  async play(moves: readonly Move[]): Promise<void> {
    await this.#parts.channel.start()
    for (const each of moves) {
      await this.#step(each)
      const held = this.#queue.length + this.#loans.reduce((sum, { numbers }) => sum + numbers.length, 0)
      assert.equal(this.#parts.channel.size, held)
    }
  }

  async #step(step: Move): Promise<void> {
    switch (step.kind) {
      case 'put':
        return this.#put(step.events)
      case 'take':
        return this.#take(step.max)
      case 'restart':
        return this.#restart(step.which)
      default: {
        const [loan] = this.#loans.splice(step.which % Math.max(1, this.#loans.length), 1)
        if (loan === undefined) return undefined
        return step.kind === 'commit' ? loan.lease.commit() : this.#giveBack(loan)
      }
    }
  }

  async #put(events: number): Promise<void> {
    const numbers = Array.from({ length: events }, () => this.#count++)
    const batch = batchOf(numbers.map(String))
    if (this.#parts.channel.fits(batch) < events) return
    await this.#parts.channel.put(batch, never)
    this.#queue.push(...numbers)
  }

  async #take(max: number): Promise<void> {
    const lease = await this.#parts.channel.take(max)
    const numbers = textsOf(lease?.batch).map(Number)
    assert.deepEqual(numbers, this.#queue.splice(0, numbers.length))
    assert.ok(lease !== undefined || this.#queue.length === 0)
    assert.ok(numbers.length <= max)
    if (lease !== undefined) this.#loans.push({ lease, numbers })
  }

  /** Some loans are returned before the stop, the others are taken back by it. */
  async #restart(returned: number): Promise<void> {
    const { channel } = this.#parts
    for (const loan of this.#loans.splice(0, returned)) await this.#giveBack(loan)
    await channel.stop()
    for (const loan of this.#loans.splice(0)) {
      await assert.rejects(loan.lease.commit())
      await this.#giveBack(loan)
    }
    await channel.start()
  }

  async #giveBack({ lease, numbers }: { lease: Lease; numbers: number[] }): Promise<void> {
    await lease[Symbol.asyncDispose]()
    this.#queue = [...numbers, ...this.#queue].sort((a, b) => a - b)
  }
}

test('both parts together are one list, through any story of puts, takes, returns and clean stops', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 50 }), async moves => new Story().play(moves)),
    { numRuns: 300 }
  )
})
