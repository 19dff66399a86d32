import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncTimes } from './sync-times.ts'

test('quantiles are those of the latest 1024 writes, whatever their order', () => {
  const times = new SyncTimes()
  for (let i = 0; i < 500; i++) times.add(9999, 1)
  for (let i = 1024; i > 0; i--) times.add(i, 3)

  assert.deepEqual([times.quantile(0.5), times.quantile(0.99), times.quantile(1)], [513, 1014, 1024])
  assert.deepEqual([times.syncs, times.transactions], [1524, 3572])
})

test('a single write is every quantile, and before it there is none', () => {
  const times = new SyncTimes()
  const before = times.quantile(0.5)
  times.add(0.25, 1)

  assert.deepEqual([before, times.quantile(0.5), times.quantile(0.99)], [0, 0.25, 0.25])
})
