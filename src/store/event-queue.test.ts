import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, textsOf } from '../testing/fake-context.ts'
import { EventQueue } from './event-queue.ts'

test('runs that come back find their places among those that came back before', () => {
  const queue = new EventQueue<undefined>()
  queue.push(batchOf(['a', 'b', 'c', 'd']), undefined, 0)
  const [a, b] = [queue.take(1), queue.take(1)]
  queue.giveBack(a?.runs ?? [])
  const acd = queue.take(3)
  queue.giveBack(b?.runs ?? [])

  queue.giveBack(acd?.runs ?? [])

  assert.deepEqual(textsOf(queue.take(10)?.batch), ['a', 'b', 'c', 'd'])
})

test('the oldest event is known, also while it is taken, until it is let go of', () => {
  const queue = new EventQueue<undefined>(0)
  const seen = [queue.oldestArrival]
  const look = (): void => void seen.push(queue.oldestArrival)
  queue.push(batchOf(['a', 'b']), undefined, 10)
  queue.push(batchOf(['c']), undefined, 20)
  const [first, second] = [queue.take(1), queue.take(1)]
  const third = queue.take(1)
  look()
  queue.forget(first?.runs ?? [])
  look()
  queue.giveBack(third?.runs ?? [])
  queue.forget(second?.runs ?? [])
  look()
  queue.forget(queue.take(9)?.runs ?? [])
  look()

  assert.deepEqual(seen, [undefined, 10, 10, 20, undefined])
  assert.deepEqual(
    [first, second, third].map(taken => taken?.arrivedAt),
    [10, 10, 20]
  )
})
