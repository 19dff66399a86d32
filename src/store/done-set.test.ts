import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DoneSet } from './done-set.ts'

const range = fc.tuple(fc.nat(60), fc.nat(12)).map(([first, length]) => ({ first, end: first + length }))

test('a done set holds what a plain set of numbers holds, in any order of adding', () => {
  fc.assert(
    fc.property(fc.array(range), range, (added, asked) => {
      const done = new DoneSet()
      const plain = new Set<number>()
      for (const { first, end } of added) {
        done.add(first, end)
        for (let i = first; i < end; i++) plain.add(i)
      }
      const undone = done.undone(asked.first, asked.end).flatMap(({ first, end }) => numbers(first, end))
      const expected = numbers(asked.first, asked.end).filter(i => !plain.has(i))

      assert.deepEqual(undone, expected)
      assert.equal(done.countUndone(asked.first, asked.end), expected.length)
      assert.equal(done.covers(asked.first, asked.end), expected.length === 0)
      assert.deepEqual(new DoneSet(done.ranges()).ranges(), done.ranges())
      assert.ok(!plain.has(done.watermark) && numbers(0, done.watermark).every(i => plain.has(i)))
    })
  )
})

function numbers(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i)
}
