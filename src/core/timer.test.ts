import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Timer } from './timer.ts'

test('quantiles are those of the latest 1024 times, whatever their order; count and sum are of all', () => {
  const timer = new Timer()
  for (let i = 0; i < 500; i++) timer.add(9999)
  for (let i = 1024; i > 0; i--) timer.add(i)

  assert.deepEqual(timer.read(), { count: 1524, sum: 500 * 9999 + (1024 * 1025) / 2, p50: 513, p99: 1014 })
})

test('a single time is every quantile, and before it there is none', () => {
  const timer = new Timer()
  const before = timer.read()
  timer.add(0.2504)

  assert.deepEqual(
    [before, timer.read()],
    [
      { count: 0, sum: 0, p50: 0, p99: 0 },
      { count: 1, sum: 0.25, p50: 0.25, p99: 0.25 }
    ]
  )
})
