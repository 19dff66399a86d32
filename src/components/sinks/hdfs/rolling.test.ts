import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchOf } from '../../../testing/fake-context.ts'
import { roomFor } from './rolling.ts'

const OFF = { events: 0, bytes: 0 }
const EMPTY = { events: 0, bytes: 0 }

test('without limits everything goes into one file', () => {
  const batch = batchOf(['a', 'bb', 'ccc'])

  assert.equal(roomFor(OFF, { events: 1e9, bytes: 1e12 }, batch, 0), 3)
})

test('the event that reaches rollCount is the last of its file', () => {
  const batch = batchOf(['a', 'b', 'c', 'd'])

  const ends = [0, 1, 2, 3].map(events => roomFor({ events: 3, bytes: 0 }, { events, bytes: 0 }, batch, 0))

  assert.deepEqual(ends, [3, 2, 1, 0])
})

test('the event that reaches rollSize is the last of its file', () => {
  const batch = batchOf(['aaa', 'bbb', 'ccc'])

  const ends = [0, 1, 4, 6, 9].map(bytes => roomFor({ events: 0, bytes: 7 }, { events: 0, bytes }, batch, 0))

  assert.deepEqual(ends, [3, 2, 1, 1, 0])
})

test('empty bodies never fill a file by size', () => {
  assert.equal(roomFor({ events: 0, bytes: 1 }, EMPTY, batchOf(['', '', '']), 0), 3)
})

test('cutting a batch into files is the same as asking before each event', () => {
  const sizes = fc.array(fc.nat({ max: 6 }), { maxLength: 30 })
  const limit = fc.integer({ min: -1, max: 12 })

  fc.assert(
    fc.property(sizes, limit, limit, (lengths, events, bytes) => {
      const batch = batchOf(lengths.map(length => 'x'.repeat(length)))
      const limits = { events, bytes }

      assert.deepEqual(cutByRange(batch.length, limits), cutByEvent(lengths, limits))

      function cutByRange(length: number, given: typeof limits): number[] {
        const files: number[] = []
        for (let from = 0; from < length;) {
          const to = roomFor(given, EMPTY, batch, from)
          files.push(to - from)
          from = to
        }
        return files
      }
    })
  )
})

function cutByEvent(lengths: readonly number[], limits: { events: number; bytes: number }): number[] {
  const files: number[] = []
  let [events, bytes] = [0, 0]
  for (const length of lengths) {
    if ((limits.events > 0 && events >= limits.events) || (limits.bytes > 0 && bytes >= limits.bytes)) {
      files.push(events)
      ;[events, bytes] = [0, 0]
    }
    events += 1
    bytes += length
  }
  return events > 0 ? [...files, events] : files
}
