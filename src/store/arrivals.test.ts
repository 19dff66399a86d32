import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { Arrivals, monotonicOf } from './arrivals.ts'

test('an event came when the put that has its number did', () => {
  const arrivals = new Arrivals()
  for (const [first, at] of [
    [10, 100],
    [20, 200],
    [25, 300]
  ] as const)
    arrivals.add(first, at)

  assert.deepEqual(
    [9, 10, 19, 20, 24, 25, 1000].map(event => arrivals.of(event)),
    [undefined, 100, 100, 200, 200, 300, 300]
  )
})

test('what is forgotten leaves the times of the others', () => {
  const arrivals = new Arrivals()
  for (let first = 0; first < 100; first++) arrivals.add(first * 10, first)

  arrivals.forgetBelow(505)

  assert.deepEqual([arrivals.of(499), arrivals.of(505), arrivals.of(990)], [undefined, 50, 99])
})

for (const [shape, timeOf] of [
  ['even', (i: number) => i],
  ['slow at first', (i: number) => Math.sqrt(i) * 1000],
  ['slow at last', (i: number) => (i * i) / 1e6],
  ['all at once', (i: number) => (i === 0 ? 0 : 77)],
  ['in bursts', (i: number) => Math.floor(i / 300_000) * 1e6 + i / 1000]
] as const) {
  test(`the times of a million puts are known to within a 250th, ${shape}`, () => {
    const arrivals = new Arrivals()
    const puts = 1_000_000
    for (let i = 0; i < puts; i++) arrivals.add(i, timeOf(i))
    const bound = (timeOf(puts - 1) - timeOf(0)) / 250

    for (let i = 0; i < puts; i += 997) {
      const early = timeOf(i) - (arrivals.of(i) ?? NaN)
      assert.ok(early >= 0 && early <= bound, `event ${i}: ${early} ms too early`)
    }
  })
}

test('a time of day before the start is a moment before the start, and the future is now', async () => {
  const clock = new FakeClock(1_000_000)
  await clock.advance(5000)

  assert.deepEqual(
    [995_000, 1_004_000, 2_000_000].map(ms => monotonicOf(ms, clock)),
    [-5000, 4000, 5000]
  )
})
