import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings, settingsOf } from '../../../core/read-settings.ts'
import { sinkContract } from '../../../testing/sink-contract.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import nullSink from './null.ts'

const none = (): undefined => undefined
const never = new AbortController().signal

sinkContract('null', async context => ({
  sink: nullSink.create(settingsOf(nullSink, {}, none), context),
  stored: undefined
}))

test('a line is logged each time as many more events have gone as asked for', async () => {
  const context = fakeSinkContext()
  const sink = nullSink.create(settingsOf(nullSink, { logEveryNEvents: '2' }, none), context)

  for (const texts of [['a'], ['b'], ['c', 'd', 'e']]) await sink.deliver(batchOf(texts), never)

  assert.deepEqual(
    context.log.lines.map(({ facts }) => facts),
    [{ events: 2 }, { events: 4 }]
  )
})

test('a batch size below one is refused', () => {
  const { problems } = readSettings(nullSink, { batchSize: '0' }, none)

  assert.deepEqual(
    problems.map(({ level, key, code }) => [level, key, code]),
    [['error', 'batchSize', 'BAD_NUMBER']]
  )
})
