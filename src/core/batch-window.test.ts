import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { BatchWindow } from './batch-window.ts'

/** A window whose batches are taken when they are due; what they had, and when. */
function batches(limits = { count: 3, ms: 100 }) {
  const clock = new FakeClock()
  const taken: [atMs: number, count: number][] = []
  let gathered = 0
  const window = new BatchWindow(clock, limits, () => {
    taken.push([clock.monotonic(), gathered])
    gathered = 0
    window.taken()
  })
  const add = (count: number): void => {
    gathered += count
    window.add(count)
  }
  return { clock, taken, add, window }
}

test('a batch is due at its count, or so long after its first event', async () => {
  const { clock, taken, add } = batches()
  add(2)
  await clock.advance(60)
  add(0)
  add(1)
  await clock.advance(10)
  add(1)
  await clock.advance(99)
  add(1)
  await clock.advance(1)
  add(7)

  assert.deepEqual(taken, [
    [60, 3],
    [170, 2],
    [170, 7]
  ])
  assert.equal(clock.pending, 0)
})

test('nothing is due while nothing is there, and nothing that was taken early', async () => {
  const { clock, taken, add, window } = batches()
  add(0)
  await clock.advance(1000)
  add(2)
  window.taken()
  await clock.advance(1000)

  assert.deepEqual(taken, [])
  assert.equal(clock.pending, 0)
})
