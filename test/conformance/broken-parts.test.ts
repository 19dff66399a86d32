import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import type { Channel, Lease } from '../../src/core/contracts.ts'
import type { FakeContextParts } from '../../src/testing/fake-context.ts'
import { FakeChannel, FakeSink, FakeSource } from '../../src/testing/fake-parts.ts'
import { batchOf } from '../../src/testing/fake-context.ts'
import { differences, PROMISES, type Subject } from './conformance.ts'

/** Whether one of the promises that are made for the kind is found broken. */
async function broken(subject: Subject): Promise<string[]> {
  const found: string[] = []
  for (const { promise, check } of PROMISES[subject.kind])
    await check(subject).catch(() => {
      found.push(promise)
    })
  return found
}

describe('components broken on purpose are found:', () => {
  test('one that keeps a timer', async () => {
    const make = ({ clock }: FakeContextParts): FakeSource =>
      Object.assign(new FakeSource(), {
        start: async () => {
          clock.after(1000, () => undefined)
        }
      })

    assert.deepEqual(await broken({ kind: 'source', make }), ['nothing is left running or open after a stop'])
  })

  test('one that keeps a server', async t => {
    const servers: ReturnType<typeof createServer>[] = []
    t.after(() => {
      for (const server of servers) server.close()
    })
    const make = (): FakeSource =>
      Object.assign(new FakeSource(), {
        start: () =>
          new Promise<void>(resolve => {
            const server = createServer().listen(0, '127.0.0.1', resolve)
            servers.push(server)
          })
      })

    assert.ok(
      (await broken({ kind: 'source', make })).includes('nothing is left running or open after a stop')
    )
  })

  test('one that cannot be started again, and one that cannot be stopped before', async () => {
    const once = (): FakeSink => {
      let starts = 0
      return Object.assign(new FakeSink(), {
        start: async () => {
          if (starts++ > 1) throw new Error('It was started before.')
        }
      })
    }
    const picky = (): FakeSink => {
      let runs = false
      return Object.assign(new FakeSink(), {
        start: async () => {
          runs = true
        },
        stop: async () => {
          if (!runs) throw new Error('It does not run.')
        }
      })
    }

    const again = 'start and stop may be called twice, and it starts again after a stop'
    assert.deepEqual(await broken({ kind: 'sink', make: once }), [again])
    assert.deepEqual(await broken({ kind: 'sink', make: picky }), ['stop before start does nothing'])
  })

  test('ones that count what the engine counts', async () => {
    const sink = await broken({
      kind: 'sink',
      make: ({ counters }) =>
        Object.assign(new FakeSink(), {
          deliver: async (batch: { length: number }) => {
            counters.EventDrainSuccessCount += batch.length
          }
        })
    })
    const source = await broken({
      kind: 'source',
      make: context =>
        Object.assign(new FakeSource(), {
          backoff: { incrementMs: 1, maxMs: 1 },
          poll: async () => {
            context.counters.EventReceivedCount++
            await context.ingest(batchOf(['a']))
            return true
          }
        })
    })

    assert.deepEqual([source, sink].flat(), Array(2).fill('counters of events are left to the engine'))
  })

  test('a channel that loses what is given back', async () => {
    const make = (): Channel =>
      new Proxy(new FakeChannel(), {
        get: (channel, key): unknown => {
          if (key !== 'take') {
            const own: unknown = Reflect.get(channel, key, channel)
            return typeof own === 'function' ? (own.bind(channel) as unknown) : own
          }
          return async (max: number): Promise<Lease | undefined> => {
            const lease = await channel.take(max)
            await lease?.commit()
            return lease
          }
        }
      })

    assert.deepEqual(await broken({ kind: 'channel', make }), [
      'what is given back comes again, what is committed does not'
    ])
  })

  test('sound fakes are not', async () => {
    assert.deepEqual(await broken({ kind: 'source', make: () => new FakeSource() }), [])
    assert.deepEqual(await broken({ kind: 'sink', make: () => new FakeSink() }), [])
    assert.deepEqual(await broken({ kind: 'channel', make: () => new FakeChannel() }), [])
  })
})

test('counters that are not what the balance sheet says are found', () => {
  const balance = {
    sources: [{ name: 's', received: 2, accepted: 2, rejected: {}, entering: 0, dropped: {} }],
    channels: [],
    sinks: [],
    differences: []
  }
  const values = { EventReceivedCount: 4, EventAcceptedCount: 2 }

  const found = differences(
    [{ type: 'SOURCE', name: 's', startTime: 1, stopTime: 0, values, metrics: {} }],
    balance
  )

  assert.deepEqual(found, ['s: EventReceivedCount is 4, the balance sheet says 2'])
})
