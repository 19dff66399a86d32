import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StagingPool } from './staging-pool.ts'

const KIBIBYTE = 1024

test('buffers that are larger than usual count as well', () => {
  const pool = new StagingPool(16 * KIBIBYTE, 2)
  const usual = pool.take(100)
  const large = pool.take(100 * KIBIBYTE)
  const third = [pool.take(100), pool.take(100 * KIBIBYTE)]
  if (large !== undefined) pool.give(large)
  if (usual !== undefined) pool.give(usual)
  const again = [pool.take(100 * KIBIBYTE), pool.take(50 * KIBIBYTE), pool.take(100)]

  assert.deepEqual(
    [usual, large, ...third, ...again].map(staging => staging?.bytes.length),
    [16, 100, undefined, undefined, 100, 52, undefined].map(size => size && size * KIBIBYTE)
  )
})
