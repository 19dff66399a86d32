import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineChannel, defineProcessor, defineSink } from '../core/component.ts'
import type { GroupSink, ProcessorContext } from '../core/contracts/processor.ts'
import { AgentError } from '../core/errors.ts'
import type { SinkPlan } from '../core/plan.ts'
import { settled } from '../testing/fake-clock.ts'
import { batchOf } from '../testing/fake-context.ts'
import { FakeChannel, FakeSink } from '../testing/fake-parts.ts'
import { openAgent } from './testing/open-agent.ts'

const described = { stability: 'stable', summary: 'For tests.', settings: {} } as const

/** Takes the first that runs and is not let be; one that fails is let be for ten seconds. */
const first = defineProcessor({
  ...described,
  type: 'first',
  create: (_settings, { sinks }) => ({
    deliver: async (batch, signal) => {
      for (const sink of sinks) {
        const { running, backsOffUntil } = sink.health
        if (!running || backsOffUntil !== undefined) continue
        try {
          return await sink.deliver(batch, signal)
        } catch {
          sink.backOff(10_000)
        }
      }
      throw new AgentError('ERR_DELIVERY', 'All sinks failed.')
    }
  })
})

/** An agent of channels and sinks alone; `channelOf` says which channel each sink drains, and the group has them all. */
function open(channelOf: Readonly<Record<string, string>>) {
  const channels = new Map([...new Set(Object.values(channelOf))].map(name => [name, new FakeChannel()]))
  const sinks = new Map(Object.keys(channelOf).map(name => [name, new FakeSink()]))
  const contexts: ProcessorContext[] = []
  const part = <T>(of: ReadonlyMap<string, T>, name: string): T => of.get(name) ?? assert.fail(name)
  const definitions = [
    defineChannel({ ...described, type: 'c', create: (_settings, { name }) => part(channels, name) }),
    defineSink({ ...described, type: 'k', create: (_settings, { name }) => part(sinks, name) }),
    {
      ...first,
      create: (settings: object, context: ProcessorContext) => {
        contexts.push(context)
        return first.create(settings, context)
      }
    }
  ]
  const plan = {
    channels: [...channels.keys()].map(
      name => ({ kind: 'channel', name, type: 'c', properties: {} }) as const
    ),
    sinks: Object.entries(channelOf).map(([name, channel]): SinkPlan => ({
      kind: 'sink',
      name,
      type: 'k',
      properties: {},
      channel
    })),
    groups: [
      {
        name: 'g',
        processor: { kind: 'processor', name: 'g', type: 'first', properties: {} } as const,
        sinks: Object.keys(channelOf)
      }
    ]
  }
  const memberOf = (name: string): GroupSink =>
    contexts.flatMap(({ sinks: members }) => members).find(member => member.name === name) ??
    assert.fail(name)
  return {
    ...openAgent(plan, definitions),
    contexts,
    memberOf,
    channel: (name: string) => part(channels, name),
    sink: (name: string) => part(sinks, name)
  }
}

test('each channel of a group is drained, by the members on it', async () => {
  const { agent, channel, sink, contexts } = open({ k1: 'c1', k2: 'c2', k3: 'c1' })
  await agent.start()
  await channel('c1').put(batchOf(['one']))
  await channel('c2').put(batchOf(['two']))
  await settled()
  const { sinks } = agent.balance()
  await agent.stop()

  assert.deepEqual(
    contexts.map(({ name, channel: of, sinks }) => [name, of, sinks.map(member => member.name)]),
    [
      ['g on c1', 'c1', ['k1', 'k3']],
      ['g on c2', 'c2', ['k2']]
    ]
  )
  assert.deepEqual([sink('k1').delivered, sink('k2').delivered, sink('k3').delivered], [['one'], ['two'], []])
  assert.deepEqual(
    sinks.map(({ name, delivered }) => [name, delivered]),
    [
      ['k1', 1],
      ['k2', 1],
      ['k3', 0]
    ]
  )
})

test('a group of one channel has one processor, with its name', async () => {
  const { agent, contexts, logs } = open({ k1: 'c1', k2: 'c1' })
  await agent.start()
  await agent.stop()

  assert.deepEqual(
    contexts.map(({ name, channel }) => [name, channel]),
    [['g', 'c1']]
  )
  assert.ok(logs.has('sink g'))
})

test('a processor sees who runs, who fails and why, and until when it lets one be', async () => {
  const { agent, channel, sink, clock, memberOf } = open({ k1: 'c1', k2: 'c1', k3: 'c1' })
  const down = new AgentError('ERR_DELIVERY', 'k1 is down.')
  sink('k1').failWith = down
  sink('k3').failStartWith = new Error('no folder')
  await agent.start()
  await clock.advance(500)
  await channel('c1').put(batchOf(['a']))
  await settled()
  const early = ['k1', 'k2', 'k3'].map(name => memberOf(name).health)
  sink('k1').failWith = undefined
  await clock.advance(10_000)
  const rested = memberOf('k1').health
  await channel('c1').put(batchOf(['b']))
  await settled()
  const late = memberOf('k1').health
  await agent.stop()

  const calm = { failures: 0, lastFailureAt: undefined, lastError: undefined, backsOffUntil: undefined }
  assert.deepEqual(early, [
    { running: true, failures: 1, lastFailureAt: 500, lastError: down, backsOffUntil: 10_500 },
    { running: true, ...calm },
    { running: false, ...calm }
  ])
  assert.deepEqual([rested.failures, rested.backsOffUntil], [1, undefined])
  assert.deepEqual([late.failures, late.lastError], [0, down])
  assert.deepEqual([sink('k1').delivered, sink('k2').delivered], [['b'], ['a']])
})

test('a delivery to a member that does not run, or that the deadline cuts short, is no failure of it', async () => {
  const { agent, channel, sink, clock, memberOf } = open({ k1: 'c1', k2: 'c1' })
  sink('k2').failStartWith = new Error('no folder')
  sink('k1').gate = new Promise(() => {})
  await agent.start()
  await assert.rejects(memberOf('k2').deliver(batchOf(['x']), new AbortController().signal), {
    code: 'ERR_DELIVERY'
  })
  await channel('c1').put(batchOf(['a']))
  await settled()
  const stopped = agent.stop(1000)
  await clock.advance(1000)
  await clock.advance(2000)
  await stopped

  assert.deepEqual([memberOf('k1').health.failures, memberOf('k2').health.failures], [0, 0])
})

test('a stop empties every channel of a group, and names what it waits for', async () => {
  const { agent, channel, sink, clock } = open({ k1: 'c1', k2: 'c2' })
  sink('k2').gate = new Promise(() => {})
  await agent.start()
  await channel('c1').put(batchOf(['a']))
  await channel('c2').put(batchOf(['b', 'c']))
  await settled()
  const waits = agent.waits().map(({ name, waitsFor }) => `${name}: ${waitsFor}`)
  const stopped = agent.stop(1000)
  await settled()
  const ending = agent.stopWaits()
  await clock.advance(1000)
  await clock.advance(2000)

  assert.deepEqual(waits.slice(2), ['k1: events', 'k2: the delivery of 2 events'])
  assert.deepEqual(ending, ['drain of g on c2: the delivery of 2 events (0 s)'])
  assert.deepEqual((await stopped).abandoned, [{ channel: 'c2', events: 2 }])
  assert.deepEqual(sink('k1').delivered, ['a'])
})
