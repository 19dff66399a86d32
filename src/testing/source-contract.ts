import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PolledSource, Source, SourceContext } from '../core/contracts/source.ts'
import { ENGINE_COUNTS, type SourceCounters } from '../core/counters.ts'
import type { Metrics, NoMetrics } from '../core/metrics.ts'
import { settled } from './fake-clock.ts'
import { fakeSourceContext, type FakeContextParts, type FakeIntake } from './fake-context.ts'
import { answering, kept, until, type Promises } from './promise-kept.ts'

type Context<M extends Metrics = NoMetrics> = SourceContext<M> &
  FakeContextParts & { readonly intake: FakeIntake; readonly counters: SourceCounters }

const PROMISES: Promises<PolledSource> = {
  start: 'start() of a source resolves once events can come',
  stop: 'stop() of a source resolves once it holds nothing',
  poll: 'poll() resolves once the channels have answered for what was there'
}

/** A source under test, and how its outside gives it events. */
export interface OpenedSource {
  readonly source: Source | PolledSource
  /** Has the started source read three events; resolves once their sender knows what became of them, or at once. */
  feed(): Promise<unknown>
}

/** What every source promises. Call it in the source's test with a way to open one. */
export function sourceContract<M extends Metrics = NoMetrics>(
  name: string,
  open: (context: Context<M>) => Promise<OpenedSource>
): void {
  async function opened() {
    const context = fakeSourceContext<M>()
    const { source: own, feed } = await kept('a source is made', open(context))
    const source = answering<Source | PolledSource>(own, PROMISES)
    return {
      context,
      source,
      intake: context.intake,
      feed: () =>
        kept(
          'whoever sends events to a started source learns what became of them',
          Promise.all([feed(), pollUntil(source, context)])
        )
    }
  }

  describe(`${name} keeps the contract of a source:`, () => {
    test('what it reads goes to the channels, each event once', async () => {
      const { source, intake, feed } = await opened()
      await source.start()
      await feed()
      await source.stop()

      assert.equal(intake.texts.length, 3)
    })

    test('start and stop may be called twice, and it starts again after a stop', async () => {
      const { source, intake, feed } = await opened()
      await source.start()
      await source.start()
      await source.stop()
      await source.stop()
      await source.start()
      await feed()
      await source.stop()

      assert.equal(intake.texts.length, 3)
    })

    test('stop before start does nothing', async () => {
      const { source } = await opened()

      await source.stop()
    })

    test('stop waits until the channels have answered for what was read', async () => {
      const { source, intake, feed } = await opened()
      const gate = Promise.withResolvers<void>()
      intake.gate = gate.promise
      await source.start()
      const fed = feed().catch(() => undefined)
      await until(() => intake.calls > 0, 'a started source hands on what it reads')
      const stopped = Promise.all([fed, source.stop()])
      gate.resolve()
      await stopped
      const atStop = intake.texts.length
      await settled()

      assert.ok(atStop > 0)
      assert.equal(intake.texts.length, atStop)
    })

    test('leaves it to the engine to count events', async () => {
      const { source, context, feed } = await opened()
      await source.start()
      await feed()
      await source.stop()

      assert.deepEqual(
        ENGINE_COUNTS.source.filter(name => context.counters[name] !== 0),
        []
      )
    })

    test('says in a few words where events come from', async () => {
      const { source } = await opened()

      assert.match(source.describe?.() ?? '', /\S/)
    })
  })
}

/** Does the engine's part for a polled source until three events are there. */
async function pollUntil(source: Source | PolledSource, { intake }: Context): Promise<void> {
  if (!('poll' in source)) return
  const { signal } = new AbortController()
  const promise = 'poll() hands on what there is, until three events came'
  await until(
    () => intake.texts.length >= 3,
    promise,
    () => source.poll(signal)
  )
}
