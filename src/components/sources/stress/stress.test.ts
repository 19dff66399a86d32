import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolledSource } from '../../../core/contracts/source.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { settled } from '../../../testing/fake-clock.ts'
import { fakeSourceContext } from '../../../testing/fake-context.ts'
import { sourceContract } from '../../../testing/source-contract.ts'
import stress from './stress.ts'

const never = new AbortController().signal

sourceContract('stress', async context => ({
  source: stress.create(
    settingsOf(stress, { maxTotalEvents: '3' }, () => undefined),
    context
  ),
  feed: async () => {}
}))

function open(properties: Record<string, string>) {
  const context = fakeSourceContext()
  return {
    source: stress.create(
      settingsOf(stress, properties, () => undefined),
      context
    ) as PolledSource,
    context
  }
}

test('bodies have the size asked for and are all 0x7F', async () => {
  const { source, context } = open({ size: '3', batchSize: '2' })

  await source.poll(never)

  assert.deepEqual(context.intake.texts, ['\x7f\x7f\x7f', '\x7f\x7f\x7f'])
})

test('it rests after as many tries as allowed, refused ones included', async () => {
  const { source, context } = open({ maxTotalEvents: '2' })
  context.intake.room = 0
  await assert.rejects(source.poll(never))
  context.intake.room = 10

  const found = [await source.poll(never), await source.poll(never)]

  assert.deepEqual(found, [true, false])
})

test('it rests after as many stored events as asked for', async () => {
  const { source, context } = open({ maxSuccessfulEvents: '3', batchSize: '2' })

  while (await source.poll(never));

  assert.equal(context.intake.texts.length, 3)
})

test('the rate is kept while the time of day is set back', async () => {
  const { source, context } = open({ maxEventsPerSecond: '100', batchSize: '100' })
  await source.poll(never)
  context.clock.set(0)
  await context.clock.advance(1000)

  await source.poll(never)

  assert.equal(context.intake.texts.length, 200)
})

test('the rate is kept after a burst of one second', async () => {
  const { source, context } = open({ maxEventsPerSecond: '100', batchSize: '100' })
  await source.poll(never)
  const second = source.poll(never)
  await settled()
  const before = context.intake.texts.length

  await context.clock.advance(1000)
  await second

  assert.deepEqual([before, context.intake.texts.length], [100, 200])
})
