import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { atMostEvery } from './seldom.ts'

test('the first time is said at once, what follows in sums, with the reason of the last', async () => {
  const clock = new FakeClock()
  const said: unknown[] = []
  const count = atMostEvery<'events' | 'bytes'>(1000, clock, (sums, reason) => said.push([sums, reason]))
  count({ events: 1, bytes: 10 }, 'first')
  count({ events: 2, bytes: 20 }, 'second')
  await clock.advance(999)
  count({ events: 3, bytes: 0 }, 'third')
  // A day that was set back changes nothing.
  clock.set(0)
  await clock.advance(1)
  count({ events: 4, bytes: 1 }, 'last')
  await clock.advance(5000)
  count({ events: 1, bytes: 1 }, 'again')

  assert.deepEqual(said, [
    [{ events: 1, bytes: 10 }, 'first'],
    [{ events: 9, bytes: 21 }, 'last'],
    [{ events: 1, bytes: 1 }, 'again']
  ])
})
