import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PolledSource, Source, SourceContext } from '../core/contracts.ts'
import { settled } from './fake-clock.ts'
import { fakeSourceContext, type FakeContextParts, type FakeIntake } from './fake-context.ts'

type Context = SourceContext & FakeContextParts & { readonly intake: FakeIntake }

/** A source under test, and how its outside gives it events. */
export interface OpenedSource {
  readonly source: Source | PolledSource
  /** Has the started source read three events; resolves once their sender knows what became of them, or at once. */
  feed(): Promise<unknown>
}

/** What every source promises. Call it in the source's test with a way to open one. */
export function sourceContract(name: string, open: (context: Context) => Promise<OpenedSource>): void {
  async function opened() {
    const context = fakeSourceContext()
    const { source, feed } = await open(context)
    return {
      context,
      source,
      intake: context.intake,
      feed: () => Promise.all([feed(), pollUntil(source, context)])
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
      while (intake.calls === 0) await settled()
      const stopped = Promise.all([fed, source.stop()])
      gate.resolve()
      await stopped
      const atStop = intake.texts.length
      await settled()

      assert.ok(atStop > 0)
      assert.equal(intake.texts.length, atStop)
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
  while (intake.texts.length < 3) await source.poll(signal)
}
