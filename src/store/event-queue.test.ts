import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, textsOf } from '../testing/fake-context.ts'
import { EventQueue } from './event-queue.ts'

test('runs that come back find their places among those that came back before', () => {
  const queue = new EventQueue<undefined>()
  queue.push(batchOf(['a', 'b', 'c', 'd']), undefined)
  const [a, b] = [queue.take(1), queue.take(1)]
  queue.giveBack(a?.runs ?? [])
  const acd = queue.take(3)
  queue.giveBack(b?.runs ?? [])

  queue.giveBack(acd?.runs ?? [])

  assert.deepEqual(textsOf(queue.take(10)?.batch), ['a', 'b', 'c', 'd'])
})
