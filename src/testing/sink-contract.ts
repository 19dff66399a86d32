import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Sink, SinkContext } from '../core/contracts/sink.ts'
import { ENGINE_COUNTS } from '../core/counters.ts'
import type { Metrics, NoMetrics } from '../core/metrics.ts'
import { batchOf, fakeSinkContext, type FakeContextParts } from './fake-context.ts'
import { answering, kept, type Promises } from './promise-kept.ts'

const PROMISES: Promises<Sink> = {
  start: 'start() of a sink resolves once it can deliver',
  stop: 'stop() of a sink resolves once it holds nothing',
  deliver: 'deliver() resolves when the whole batch is delivered, and rejects when it is not'
}

/** A sink under test, and a way to see what reached its target; undefined where nothing can be seen. */
export interface OpenedSink {
  readonly sink: Sink
  /** The bodies that readers of the target can see now, in order. */
  readonly stored: (() => Promise<string[]>) | undefined
}

/** What every sink promises. Call it in the sink's test with a way to open one; it is started and stopped here. */
export function sinkContract<M extends Metrics = NoMetrics>(
  name: string,
  openOwn: (context: SinkContext<M> & FakeContextParts) => Promise<OpenedSink>
): void {
  const never = new AbortController().signal
  async function open(context: SinkContext<M> & FakeContextParts): Promise<OpenedSink> {
    const { sink, stored } = await kept('a sink is made', openOwn(context))
    return {
      sink: answering(sink, PROMISES),
      stored: stored && (() => kept('what a sink delivered can be read', stored()))
    }
  }

  describe(`${name} keeps the contract of a sink:`, () => {
    test('what deliver() took is at its target when it resolves, in order', async () => {
      const { sink, stored } = await open(fakeSinkContext())
      await sink.start()
      await sink.deliver(batchOf(['a', 'b']), never)
      await sink.deliver(batchOf(['c']), never)

      const texts = await stored?.()
      await sink.stop()

      assert.deepEqual(texts, stored === undefined ? undefined : ['a', 'b', 'c'])
    })

    test('start and stop may be called twice, and it starts again after a stop', async () => {
      const { sink, stored } = await open(fakeSinkContext())
      await sink.start()
      await sink.start()
      await sink.deliver(batchOf(['a']), never)
      await sink.stop()
      await sink.stop()
      await sink.start()
      await sink.deliver(batchOf(['b']), never)
      await sink.stop()

      assert.deepEqual(await stored?.(), stored === undefined ? undefined : ['a', 'b'])
    })

    test('stop before start does nothing', async () => {
      const { sink } = await open(fakeSinkContext())

      await sink.stop()
    })

    test('no timer is left after stop', async () => {
      const context = fakeSinkContext<M>()
      const { sink } = await open(context)
      await sink.start()
      await sink.deliver(batchOf(['a']), never)
      await sink.stop()

      assert.equal(context.clock.pending, 0)
    })

    test('leaves it to the engine to count events', async () => {
      const context = fakeSinkContext<M>()
      const { sink } = await open(context)
      await sink.start()
      await sink.deliver(batchOf(['a']), never)
      await sink.stop()

      assert.deepEqual(
        ENGINE_COUNTS.sink.filter(name => context.counters[name] !== 0),
        []
      )
    })

    test('says in a few words where events go', async () => {
      const { sink } = await open(fakeSinkContext())

      assert.match(sink.describe?.() ?? '', /\S/)
    })
  })
}
