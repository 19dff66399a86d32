import assert from 'node:assert/strict'
import type { Channel, Lifecycle, PolledSource, Sink, Source } from '../../src/core/contracts.ts'
import type { CounterGroup } from '../../src/core/counters.ts'
import type { BalanceSheet } from '../../src/engine/balance.ts'
import { settled } from '../../src/testing/fake-clock.ts'
import {
  batchOf,
  fakeChannelContext,
  type FakeContextParts,
  fakeSinkContext,
  fakeSourceContext,
  textsOf
} from '../../src/testing/fake-context.ts'
import { kept, until } from '../../src/testing/promise-kept.ts'

/** What a component is made of, for each kind that has a life. */
export interface Makers {
  readonly source: (context: ReturnType<typeof fakeSourceContext>) => Source | PolledSource
  readonly channel: (context: ReturnType<typeof fakeChannelContext>) => Channel
  readonly sink: (context: ReturnType<typeof fakeSinkContext>) => Sink
}

/** A component as the registry has it, made anew for each promise. */
export type Subject = {
  [Kind in keyof Makers]: { readonly kind: Kind; readonly make: Makers[Kind] }
}[keyof Makers]

/** Something that every component promises to its users, and how it is found out. Rejects when it is broken. */
export interface Promised {
  readonly promise: string
  check(subject: Subject): Promise<void>
}

const never = new AbortController().signal

function made(subject: Subject): { part: Lifecycle; context: FakeContextParts } {
  if (subject.kind === 'source') {
    const context = fakeSourceContext()
    return { part: subject.make(context), context }
  }
  if (subject.kind === 'channel') {
    const context = fakeChannelContext()
    return { part: subject.make(context), context }
  }
  const context = fakeSinkContext()
  return { part: subject.make(context), context }
}

const start = (part: Lifecycle): Promise<void> =>
  kept('start() resolves once the part does its job', part.start())
const stop = (part: Lifecycle): Promise<void> => kept('stop() resolves once it holds nothing', part.stop())

/** What the process keeps open, by kind, how often. */
function openHandles(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Kinds of which there are more than before. */
function leftOpen(before: ReadonlyMap<string, number>): string[] {
  return [...openHandles()].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name)
}

/** Of every source, channel and sink. */
export const LIFE: readonly Promised[] = [
  {
    promise: 'stop before start does nothing',
    check: async subject => stop(made(subject).part)
  },
  {
    promise: 'start and stop may be called twice, and it starts again after a stop',
    check: async subject => {
      const { part } = made(subject)
      for (const call of [start, start, stop, stop, start, stop]) await call(part)
    }
  },
  {
    promise: 'a stop during the start ends both',
    check: async subject => {
      const { part } = made(subject)
      const starting = start(part).catch((error: unknown) => error)
      await stop(part)
      const result = await starting
      if (result instanceof assert.AssertionError) throw result
      await stop(part)
    }
  },
  {
    promise: 'nothing is left running or open after a stop',
    check: async subject => {
      // What is made once for all, such as threads, is there after the first life.
      const first = made(subject).part
      await start(first)
      await stop(first)
      await settled()
      const before = openHandles()
      const { part, context } = made(subject)
      await start(part)
      await stop(part)
      let left = leftOpen(before)
      for (let turn = 0; turn < 100 && left.length > 0; turn++) {
        await settled()
        left = leftOpen(before)
      }
      assert.deepEqual(left, [], 'handles')
      assert.equal(context.clock.pending, 0, 'timers')
    }
  }
]

/** Of every source. */
export const SOURCES: readonly Promised[] = [
  {
    promise: 'counters of events are left to the engine',
    check: async subject => {
      assert.ok(subject.kind === 'source')
      const context = fakeSourceContext()
      const source = subject.make(context)
      await start(source)
      if ('poll' in source) {
        const poll = (): Promise<boolean> =>
          kept('poll() resolves once there was something, or not', source.poll(never))
        await until(() => context.intake.calls > 0, 'a polled source hands on what there is', poll)
      }
      await stop(source)
      const { EventReceivedCount, EventAcceptedCount } = context.counters
      assert.deepEqual(
        { EventReceivedCount, EventAcceptedCount },
        { EventReceivedCount: 0, EventAcceptedCount: 0 }
      )
    }
  }
]

/** Of every sink. */
export const SINKS: readonly Promised[] = [
  {
    promise: 'a delivery ends when its signal aborts',
    check: async subject => {
      assert.ok(subject.kind === 'sink')
      const sink = subject.make(fakeSinkContext())
      await start(sink)
      const ending = new AbortController()
      const delivery = sink.deliver(batchOf(['a', 'b']), ending.signal).catch(() => undefined)
      ending.abort()
      await kept('deliver() ends when its signal aborts', delivery)
      await stop(sink)
    }
  },
  {
    promise: 'counters of events are left to the engine',
    check: async subject => {
      assert.ok(subject.kind === 'sink')
      const context = fakeSinkContext()
      const sink = subject.make(context)
      await start(sink)
      await kept('deliver() resolves when the batch is delivered', sink.deliver(batchOf(['a', 'b']), never))
      await stop(sink)
      const { EventDrainAttemptCount, EventDrainSuccessCount } = context.counters
      assert.deepEqual(
        { EventDrainAttemptCount, EventDrainSuccessCount },
        { EventDrainAttemptCount: 0, EventDrainSuccessCount: 0 }
      )
    }
  }
]

/** Of every channel. */
export const CHANNELS: readonly Promised[] = [
  {
    promise: 'what is given back comes again, what is committed does not',
    check: async subject => {
      assert.ok(subject.kind === 'channel')
      const channel = subject.make(fakeChannelContext())
      await start(channel)
      const texts: string[][] = []
      await kept('put() resolves once the batch is held', channel.put(batchOf(['a', 'b']), never))
      for (const commits of [false, true]) {
        await using lease = await kept('take() never waits', channel.take(10))
        texts.push(textsOf(lease?.batch))
        if (commits) await kept('commit() resolves', lease?.commit() ?? Promise.resolve())
      }
      const size = channel.size
      await stop(channel)
      assert.deepEqual(
        [texts, size],
        [
          [
            ['a', 'b'],
            ['a', 'b']
          ],
          0
        ]
      )
    }
  },
  {
    promise: 'counters of events are left to the engine',
    check: async subject => {
      assert.ok(subject.kind === 'channel')
      const context = fakeChannelContext()
      const channel = subject.make(context)
      await start(channel)
      await kept('put() resolves once the batch is held', channel.put(batchOf(['a']), never))
      await using lease = await channel.take(1)
      await lease?.commit()
      await stop(channel)
      const { EventPutSuccessCount, EventTakeSuccessCount } = context.counters
      assert.deepEqual([EventPutSuccessCount, EventTakeSuccessCount], [0, 0])
    }
  }
]

/** What is promised by components of a kind. */
export const PROMISES: { readonly [Kind in keyof Makers]: readonly Promised[] } = {
  source: [...LIFE, ...SOURCES],
  channel: [...LIFE, ...CHANNELS],
  sink: [...LIFE, ...SINKS]
}

/** Where counters and balance sheet of an agent disagree. */
export function differences(counters: readonly CounterGroup[], balance: BalanceSheet): string[] {
  const found = [...balance.differences]
  const compare = (name: string, key: string, ledger: number): void => {
    const value = counters.find(group => group.name === name && key in group.values)?.values[key]
    if (value !== ledger)
      found.push(`${name}: ${key} is ${JSON.stringify(value)}, the balance sheet says ${ledger}`)
  }
  for (const { name, received, accepted } of balance.sources) {
    compare(name, 'EventReceivedCount', received)
    compare(name, 'EventAcceptedCount', accepted)
  }
  for (const { name, stored, taken } of balance.channels) {
    compare(name, 'EventPutSuccessCount', stored)
    compare(name, 'EventTakeSuccessCount', taken)
  }
  for (const { name, delivered } of balance.sinks) compare(name, 'EventDrainSuccessCount', delivered)
  return found
}
