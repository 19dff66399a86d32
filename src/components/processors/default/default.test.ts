import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checked } from '../../../testing/checked.ts'
import { batchOf, fakeProcessorContext } from '../../../testing/fake-context.ts'
import { FakeGroupSink } from '../../../testing/fake-group-sink.ts'
import processor from './default.ts'

const never = new AbortController().signal

test('the only sink gets every batch', async () => {
  const sink = new FakeGroupSink('k1')

  await processor.create({}, fakeProcessorContext([sink])).deliver(batchOf(['a']), never)

  assert.deepEqual(sink.delivered, ['a'])
})

test('a failure of the sink reaches the engine', async () => {
  const sink = new FakeGroupSink('k1')
  sink.failWith = new Error('down')
  const { deliver } = processor.create({}, fakeProcessorContext([sink]))

  await assert.rejects(deliver(batchOf(['a']), never), { message: 'down' })
})

test('two sinks are refused when the configuration is read, and one is not', async () => {
  const problemsOf = async (...names: string[]) => {
    const sinks = names.map(name => ({ name, channel: 'c1' }))
    return (await checked(processor, {}, { around: { sinks } })).problems
  }

  assert.deepEqual(await problemsOf('k1'), [])
  assert.deepEqual(
    (await problemsOf('k1', 'k2')).map(({ level, key, message }) => [level, key, message]),
    [
      [
        'error',
        'type',
        'DefaultSinkPolicy can only handle one sink, try using a policy that supports multiple sinks.'
      ]
    ]
  )
})
