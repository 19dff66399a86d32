import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolledSource } from '../../../core/contracts/source.ts'
import { readSettings, settingsOf } from '../../../core/read-settings.ts'
import { fakeSourceContext } from '../../../testing/fake-context.ts'
import { sourceContract } from '../../../testing/source-contract.ts'
import seq from './seq.ts'

const never = new AbortController().signal
const none = (): undefined => undefined

sourceContract('seq', async context => ({
  source: seq.create(settingsOf(seq, { totalEvents: '3' }, none), context),
  feed: async () => {}
}))

function open(properties: Record<string, string>) {
  const context = fakeSourceContext()
  return { source: seq.create(settingsOf(seq, properties, none), context) as PolledSource, context }
}

test('each poll makes a batch of the next numbers', async () => {
  const { source, context } = open({ batchSize: '3' })

  await source.poll(never)
  await source.poll(never)

  assert.deepEqual(context.intake.texts, ['0', '1', '2', '3', '4', '5'])
  assert.equal(context.counters.AppendBatchAcceptedCount, 2)
})

test('it rests after the total, which need not be a multiple of the batch', async () => {
  const { source, context } = open({ batchSize: '4', totalEvents: '6' })

  const found = [await source.poll(never), await source.poll(never), await source.poll(never)]

  assert.deepEqual(found, [true, true, false])
  assert.equal(context.intake.texts.length, 6)
})

test('numbers that were refused come again', async () => {
  const { source, context } = open({})
  context.intake.room = 0
  await assert.rejects(source.poll(never), { code: 'ERR_CHANNEL_FULL' })
  context.intake.room = 1

  await source.poll(never)

  assert.deepEqual(context.intake.texts, ['0'])
})

test('a batch size below one is refused', () => {
  assert.equal(readSettings(seq, { batchSize: '0' }, none).values, undefined)
})
