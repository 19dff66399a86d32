import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defineChannel,
  defineSelector,
  defineSink,
  defineSource,
  type AnyDefinition
} from '../core/component.ts'
import type { SourceContext } from '../core/contracts/source.ts'
import type { SinkContext } from '../core/contracts/sink.ts'
import type { AgentPlan } from '../core/plan.ts'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { batchOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeChannel, FakeSink, FakeSource } from '../testing/fake-parts.ts'
import { Agent } from './agent.ts'

const described = { stability: 'stable', summary: 'For tests.', settings: {} } as const

/** An agent of one source, one channel and one sink, all fakes. */
function open() {
  const clock = new FakeClock()
  const parts = { source: new FakeSource(), channel: new FakeChannel(), sink: new FakeSink() }
  let context: SourceContext | undefined
  let sinkContext: SinkContext | undefined
  const definitions: AnyDefinition[] = [
    defineSource({
      ...described,
      type: 's',
      create: (_settings, given) => {
        context = given
        return parts.source
      }
    }),
    defineChannel({ ...described, type: 'c', create: () => parts.channel }),
    defineSink({
      ...described,
      type: 'k',
      create: (_settings, given) => {
        sinkContext = given
        return parts.sink
      }
    }),
    defineSelector({
      ...described,
      type: 'all',
      create: () => ({
        route: batch => [{ channel: 'c1', batch, required: true }]
      })
    })
  ]
  const plan: AgentPlan = {
    agent: 'a',
    groups: [],
    channels: [{ kind: 'channel', name: 'c1', type: 'c', properties: {} }],
    sinks: [{ kind: 'sink', name: 'k1', type: 'k', properties: {}, channel: 'c1' }],
    sources: [
      {
        kind: 'source',
        name: 's1',
        type: 's',
        properties: {},
        channels: ['c1'],
        interceptors: [],
        selector: { kind: 'selector', name: 's1', type: 'all', properties: {} }
      }
    ]
  }
  const agent = new Agent(plan, {
    log: () => new FakeLog(),
    clock,
    load: () => Promise.reject(new Error('Nothing is installed.')),
    memoryBytes: 1_000_000,
    resolved: () => undefined,
    environment: { variables: {}, properties: {}, configDirectory: undefined },
    definition: ({ kind, type }) => {
      const found = definitions.find(one => one.kind === kind && one.type === type)
      assert.ok(found)
      return found
    }
  })
  const ingest = (...texts: string[]) => context?.ingest(batchOf(texts))
  return { agent, clock, ingest, sinkContext: () => sinkContext, ...parts }
}

test('events go from the source to the sink, and the balance says so', async () => {
  const { agent, ingest, sink } = open()
  await agent.start()
  await ingest('a', 'b')
  await settled()
  const { sources, channels, sinks, differences } = agent.balance()
  await agent.stop()

  assert.deepEqual(sink.delivered, ['a', 'b'])
  assert.deepEqual(
    [sources[0]?.accepted, channels[0]?.taken, sinks[0]?.delivered, differences],
    [2, 2, 2, []]
  )
})

test("counters carry Flume's names, sizes and times", async () => {
  const { agent, ingest, clock } = open()
  await agent.start()
  await ingest('a')
  await settled()
  await clock.advance(5)
  await agent.stop()

  const groups = Object.fromEntries(agent.counters().map(group => [`${group.type}.${group.name}`, group]))
  assert.deepEqual(Object.keys(groups), ['CHANNEL.c1', 'SOURCE.s1', 'SINK.k1'])
  assert.equal(groups['SINK.k1']?.values['EventDrainSuccessCount'], 1)
  assert.equal(groups['CHANNEL.c1']?.values['ChannelFillPercentage'], 0)
  assert.deepEqual(
    [groups['SOURCE.s1']?.startTime, groups['SOURCE.s1']?.stopTime],
    [1_700_000_000_000, 1_700_000_000_005]
  )
})

test('what the sink cannot take before the deadline is counted as abandoned, and the balance still holds', async () => {
  const { agent, ingest, sink, clock } = open()
  sink.gate = new Promise(() => {})
  await agent.start()
  await ingest('a', 'b')
  await settled()
  const stopped = agent.stop(1000)
  clock.set(0)
  await clock.advance(1000)

  const { abandoned, elapsedMs } = await stopped
  assert.deepEqual([abandoned, elapsedMs], [[{ channel: 'c1', events: 2 }], 1000])
  assert.deepEqual(agent.balance().differences, [])
})

test('a stop waits for a sink that does not run yet, and tries it at once', async () => {
  const { agent, ingest, sink, clock } = open()
  sink.failStartWith = new Error('no folder')
  await agent.start()
  await ingest('a', 'b')
  const stopped = agent.stop(1000)
  await settled()
  const before = sink.starts
  sink.failStartWith = undefined
  await clock.advance(400)

  assert.deepEqual((await stopped).abandoned, [])
  assert.deepEqual([before, sink.delivered, sink.starts], [2, ['a', 'b'], 3])
})

test('a sink that broke is waited for as well', async () => {
  const { agent, ingest, sink, clock, sinkContext } = open()
  await agent.start()
  sink.failStartWith = new Error('no folder')
  sinkContext()?.fail(new Error('lost it'))
  await ingest('a')
  const stopped = agent.stop(1000)
  await settled()
  sink.failStartWith = undefined
  await clock.advance(400)

  assert.deepEqual([(await stopped).abandoned, sink.delivered], [[], ['a']])
})

test('a sink that runs never is waited for until the deadline; what is lost then is said', async () => {
  const { agent, ingest, sink, clock } = open()
  sink.failStartWith = new Error('no folder')
  await agent.start()
  await ingest('a', 'b')
  const stopped = agent.stop(1000)
  await clock.advance(1000)

  assert.deepEqual(await stopped, {
    abandoned: [{ channel: 'c1', events: 2 }],
    unfinished: [],
    elapsedMs: 1000
  })
})

for (const { name, durable, events } of [
  { name: 'its channel is empty', durable: false, events: [] },
  { name: 'its channel keeps what it holds', durable: true, events: ['a'] }
]) {
  test(`a sink that does not run is not waited for where ${name}`, async () => {
    const { agent, ingest, sink, channel } = open()
    channel.durable = durable
    sink.failStartWith = new Error('no folder')
    await agent.start()
    await ingest(...events)

    const { elapsedMs, unfinished } = await agent.stop()

    assert.deepEqual([elapsedMs, unfinished, sink.starts], [0, [], 1])
  })
}

test('a source waits for a channel that fails to start; the agent is started all the same', async () => {
  const { agent, channel, source, clock } = open()
  channel.failStartWith = new Error('no disk')
  await agent.start()
  const before = agent.components().map(({ kind, state }) => `${kind} ${state}`)
  channel.failStartWith = undefined
  await clock.advance(3000)
  const after = agent.components().map(({ state }) => state)
  await agent.stop()

  assert.deepEqual(before, ['channel failing', 'source waiting', 'sink waiting'])
  assert.deepEqual([after, source.starts], [['running', 'running', 'running'], 1])
})

test('stop ends the waits for room in the channels before it stops the sources', async () => {
  const { agent, ingest, channel, source, sink } = open()
  let waiting: AbortSignal | undefined
  channel.put = (_batch: unknown, signal?: AbortSignal) =>
    new Promise((_resolve, reject) => {
      waiting = signal
      signal?.addEventListener('abort', () => reject(new Error('told to stop')))
    })
  await agent.start()
  const refused = assert.rejects(Promise.resolve(ingest('a')), { code: 'ERR_CHANNEL' })
  source.stop = () => refused
  await agent.stop()

  assert.deepEqual([waiting?.aborted, sink.delivered], [true, []])
})

test('stop may be called twice and says the same', async () => {
  const { agent } = open()
  await agent.start()

  assert.deepEqual(await agent.stop(), await agent.stop())
})

test('stop works while parts still try to start', async () => {
  const { agent, channel, sink } = open()
  channel.failStartWith = new Error('no disk')
  await agent.start()

  await agent.stop()

  assert.equal(sink.starts, 0)
})

test('every component says what it waits for', async () => {
  const { agent, ingest, sink, channel, clock } = open()
  channel.failStartWith = new Error('no disk')
  await agent.start()
  const early = agent.waits()
  channel.failStartWith = undefined
  sink.gate = new Promise(() => {})
  await clock.advance(3000)
  await ingest('a', 'b')
  await clock.advance(7000)
  const late = agent.waits()
  const stopped = agent.stop(0)
  await clock.advance(0)
  await stopped

  const waiting = { state: 'waiting', waitsFor: 'the channel c1, which is failing' }
  assert.deepEqual(early, [
    { kind: 'source', name: 's1', ...waiting },
    {
      kind: 'channel',
      name: 'c1',
      state: 'failing',
      error: 'no disk',
      waitsFor: 'the next attempt to start'
    },
    { kind: 'sink', name: 'k1', ...waiting }
  ])
  assert.deepEqual(late, [
    { kind: 'source', name: 's1', state: 'running', waitsFor: 'events' },
    { kind: 'channel', name: 'c1', state: 'running', waitsFor: 'its sinks to take 2 events' },
    {
      kind: 'sink',
      name: 'k1',
      state: 'running',
      waitsFor: 'the delivery of 2 events',
      sinceMs: 7000
    }
  ])
  assert.deepEqual(
    agent.waits().map(({ state }) => state),
    ['stopped', 'stopped', 'stopped']
  )
})

test('a source that waits for room says so, and a sink after a failure why', async () => {
  const { agent, ingest, sink, channel } = open()
  await agent.start()
  sink.failWith = new Error('target is down')
  await ingest('a')
  await settled()
  channel.put = () => new Promise(() => {})
  void ingest('b', 'c')
  await settled()

  assert.deepEqual(
    agent.waits().map(({ waitsFor }) => waitsFor),
    [
      'room in c1 for 2 events',
      'room or its disk for 2 events, and its sinks to take 1 event',
      'another attempt; attempt 1 failed: target is down'
    ]
  )
})

test('a stop says what it still waits for', async () => {
  const { agent, ingest, sink, clock } = open()
  sink.gate = new Promise(() => {})
  await agent.start()
  await ingest('a')
  await settled()
  const before = agent.stopWaits()
  const stopped = agent.stop(10_000)
  await clock.advance(4000)
  const during = agent.stopWaits()
  await clock.advance(6000)
  await stopped

  assert.deepEqual(
    [before, during, agent.stopWaits()],
    [[], ['drain of k1: the delivery of 1 event (4 s)'], []]
  )
})
