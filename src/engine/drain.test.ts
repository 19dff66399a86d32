import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventBatch } from '../core/batch.ts'
import { CHANNEL_COUNTERS, newCounters, SINK_COUNTERS } from '../core/counters.ts'
import { AgentError } from '../core/errors.ts'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { batchOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeChannel, FakeSink } from '../testing/fake-parts.ts'
import { ChannelPort } from './channel-port.ts'
import { Drain } from './drain.ts'
import { SinkPort } from './sink-port.ts'

const never = new AbortController().signal

function open(batchSize = 10, channel = new FakeChannel()) {
  const clock = new FakeClock()
  const log = new FakeLog()
  const sink = new FakeSink()
  const port = new ChannelPort('c', channel, newCounters(CHANNEL_COUNTERS), clock)
  const sinkPort = new SinkPort('k', sink, newCounters(SINK_COUNTERS), batchSize)
  sinkPort.running = true
  const drain = new Drain({
    name: 'k',
    port,
    processor: sinkPort,
    sinks: [sinkPort],
    clock,
    log,
    ready: () => Promise.resolve(),
    hurry: () => {}
  })
  return { drain, channel, sink, port, sinkPort, clock, log }
}

test('events go to the sink as they come, in order, at most a batch at a time', async () => {
  const { drain, channel, sink } = open(2)
  drain.start()
  await channel.put(batchOf(['a', 'b', 'c']))
  await settled()
  await channel.put(batchOf(['d']))
  await settled()

  await drain.end(never)

  assert.deepEqual(
    [sink.delivered, sink.batchSizes],
    [
      ['a', 'b', 'c', 'd'],
      [2, 1, 1]
    ]
  )
})

test('a sink that is not running gets nothing, and nothing is lost', async () => {
  const { drain, channel, sink, sinkPort, clock } = open()
  sinkPort.running = false
  drain.start()
  await channel.put(batchOf(['a']))
  await settled()
  const meanwhile = [...sink.delivered]
  sinkPort.running = true
  await clock.advance(1000)
  await drain.end(never)

  assert.deepEqual([meanwhile, sink.delivered], [[], ['a']])
})

test('a failed batch stays in the channel and is tried again after 1 s, 2 s … at most 5 s', async () => {
  const { drain, channel, sink, clock, sinkPort } = open()
  sink.failWith = new AgentError('ERR_DELIVERY', 'down')
  drain.start()
  await channel.put(batchOf(['a']))
  await settled()
  const attempts = (): number => sinkPort.counters.EventDrainAttemptCount
  const seen = [attempts()]
  for (const ms of [999, 1, 1999, 1, 3000, 4000, 5000, 5000]) {
    await clock.advance(ms)
    seen.push(attempts())
  }
  sink.failWith = undefined
  await clock.advance(5000)
  await drain.end(never)

  assert.deepEqual(seen, [1, 1, 2, 2, 3, 4, 5, 6, 7])
  assert.deepEqual(sink.delivered, ['a'])
})

test('an unexpected error pauses 5 s', async () => {
  const { drain, channel, sink, clock, sinkPort } = open()
  sink.failWith = new Error('bug')
  drain.start()
  await channel.put(batchOf(['a']))
  await clock.advance(4999)
  const before = sinkPort.counters.EventWriteFail
  await clock.advance(1)
  sink.failWith = undefined
  await drain.end(never)

  assert.deepEqual([before, sinkPort.counters.EventWriteFail], [1, 2])
})

test('counters tell full, partial and empty batches and what was committed', async () => {
  const { drain, channel, sinkPort, port } = open(2)
  drain.start()
  await channel.put(batchOf(['a', 'b', 'c']))
  await settled()
  await drain.end(never)

  const { BatchCompleteCount, BatchUnderflowCount, BatchEmptyCount, EventDrainSuccessCount } =
    sinkPort.counters
  assert.deepEqual([BatchCompleteCount, BatchUnderflowCount, EventDrainSuccessCount], [1, 1, 3])
  assert.ok(BatchEmptyCount >= 1)
  assert.equal(port.counters.EventTakeSuccessCount, 3)
})

test('ending empties a channel that would lose its events', async () => {
  const { drain, channel, sink } = open(1)
  const gate = Promise.withResolvers<void>()
  sink.gate = gate.promise
  drain.start()
  await channel.put(batchOf(['a', 'b', 'c']))
  await settled()
  const ended = drain.end(never)
  gate.resolve()
  await ended

  assert.deepEqual(sink.delivered, ['a', 'b', 'c'])
})

test('ending leaves events in a durable channel after the batch in hand', async () => {
  const { drain, channel, sink } = open(1)
  channel.durable = true
  const gate = Promise.withResolvers<void>()
  sink.gate = gate.promise
  drain.start()
  await channel.put(batchOf(['a', 'b']))
  await settled()
  const ended = drain.end(never)
  gate.resolve()
  await ended

  assert.deepEqual([sink.delivered, channel.texts], [['a'], ['b']])
})

test('the deadline aborts a delivery that hangs, and its events are still in the channel', async () => {
  const { drain, channel, sink } = open()
  sink.gate = new Promise(() => {})
  drain.start()
  await channel.put(batchOf(['a']))
  await settled()
  const deadline = new AbortController()
  const ended = drain.end(deadline.signal)
  deadline.abort()
  await ended

  assert.deepEqual([sink.delivered, channel.texts], [[], ['a']])
})

test('ending waits for a sink that does not run yet, until its channel is empty', async () => {
  const { drain, channel, sink, sinkPort, clock, log } = open()
  sinkPort.running = false
  await channel.put(batchOf(['a']))
  drain.start()
  const ended = drain.end(never)
  await clock.advance(1000)
  const before = channel.size
  sinkPort.running = true
  await clock.advance(200)
  await ended

  assert.deepEqual([before, sink.delivered], [1, ['a']])
  assert.deepEqual(log.messages('warn'), [
    'The sink does not run yet. The stop waits for it, as its channel would lose its events.'
  ])
})

test('ending does not wait for a sink that does not run where the channel keeps its events', async () => {
  const { drain, channel, sinkPort } = open()
  channel.durable = true
  sinkPort.running = false
  await channel.put(batchOf(['a']))
  drain.start()

  await drain.end(never)

  assert.equal(channel.size, 1)
})

test('the next batch is delivered while a commit takes its time, and ending waits for the commit', async () => {
  const { drain, channel, sink, sinkPort } = open(1)
  const gate = Promise.withResolvers<void>()
  channel.commitGate = gate.promise
  drain.start()
  await channel.put(batchOf(['a', 'b']))
  await settled()
  const before = [sink.delivered.length, sinkPort.counters.EventDrainSuccessCount]
  let ended = false
  const end = drain.end(never).then(() => {
    ended = true
  })
  await settled()
  const whileWaiting = ended
  gate.resolve()
  await end

  assert.deepEqual(before, [2, 0])
  assert.deepEqual([whileWaiting, sinkPort.counters.EventDrainSuccessCount], [false, 2])
})

test('a commit that fails because the agent ends, for its disk refuses writes, keeps nobody waiting', async () => {
  const { drain, channel, sink, port, sinkPort } = open(1)
  channel.commitsNothing = true
  drain.start()
  await channel.put(batchOf(['a']))
  await settled()

  await drain.end(never)

  assert.deepEqual(
    [sink.delivered, channel.size, port.ledger.taken, sinkPort.counters.EventDrainSuccessCount],
    [['a'], 1, 0, 0]
  )
})

test('events whose commit failed come again', async () => {
  const { drain, channel, sink, clock } = open(1)
  channel.commitGate = Promise.reject(new Error('disk on fire'))
  channel.commitGate.catch(() => {})
  drain.start()
  await channel.put(batchOf(['a']))
  await settled()
  channel.commitGate = undefined
  await clock.advance(5000)
  await drain.end(never)

  assert.deepEqual([sink.delivered, channel.size], [['a', 'a'], 0])
})

/** How many events a sink with such batches gets of `events`, while the channel does not let go of any. */
async function deliveredAhead(
  events: EventBatch,
  { batchSize = 1000, durable = true } = {}
): Promise<number> {
  const channel = new FakeChannel(events.length, events.length)
  channel.durable = durable
  const { drain, sink } = open(batchSize, channel)
  const gate = Promise.withResolvers<void>()
  channel.commitGate = gate.promise
  await channel.put(events)
  drain.start()
  for (let turns = 0; turns < 200; turns++) await settled()
  const ahead = sink.delivered.length
  gate.resolve()
  for (let turns = 0; turns < 1000 && channel.size > 0; turns++) await settled()
  await drain.end(never)
  assert.equal(sink.delivered.length, events.length)
  return ahead
}

for (const { batchSize, ahead } of [
  { batchSize: 1000, ahead: 16_000 },
  { batchSize: 100, ahead: 16_000 },
  { batchSize: 10_000, ahead: 16_000 },
  { batchSize: 20_000, ahead: 20_000 }
]) {
  test(`in batches of ${batchSize} no more than ${ahead} events are ahead of a durable channel's disk`, async () => {
    const events = batchOf(Array.from({ length: 25_000 }, () => ''))

    assert.equal(await deliveredAhead(events, { batchSize }), ahead)
  })
}

test('where a crash loses the events anyway, as many as the sink takes are ahead', async () => {
  const events = batchOf(Array.from({ length: 25_000 }, () => ''))

  assert.equal(await deliveredAhead(events, { durable: false }), 25_000)
})

test('of large events no more are ahead than 16 MiB and the batch in hand', async () => {
  const events = batchOf(Array.from({ length: 24 }, () => 'x'.repeat(1024 * 1024)))

  assert.equal(await deliveredAhead(events, { batchSize: 2 }), 18)
})
