import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairLine } from './fair-line.ts'

function member(name: string): { name: string; usedUpTo: number } {
  return { name, usedUpTo: 0 }
}

test('who used least comes first; those who used the same, in the order of their coming', () => {
  const line = new FairLine<ReturnType<typeof member>>()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(member) as [never, never, never, never]
  line.join(d)
  line.used(a, 300)
  line.used(b, 100)
  for (const one of [a, b, c]) line.join(one)

  assert.deepEqual(
    Array.from({ length: 5 }, () => line.next()),
    [d, c, b, a, undefined]
  )
})

test('who was away has not saved anything up: it shares with the others from now on', () => {
  const line = new FairLine<ReturnType<typeof member>>()
  const [busy, late] = ['busy', 'late'].map(member) as [{ name: string; usedUpTo: number }, never]
  const served: (string | undefined)[] = []
  const serve = (one: { name: string; usedUpTo: number } | undefined): void => {
    served.push(one?.name)
    if (one === undefined) return
    line.used(one, 10)
    line.join(one)
  }
  line.join(busy)
  for (let i = 0; i < 100; i++) serve(line.next())
  served.length = 0
  line.join(late)
  for (let i = 0; i < 6; i++) serve(line.next())

  assert.equal(served.filter(name => name === 'late').length, 3)
})

test('a place that was given up is nobody’s, and who joins twice stands once', () => {
  const line = new FairLine<ReturnType<typeof member>>()
  const [a, b] = ['a', 'b'].map(member) as [never, never]
  line.join(a)
  line.join(b)
  line.join(b)
  line.leave(a)
  line.join(a)

  assert.equal(line.length, 2)
  assert.deepEqual([line.next(), line.next(), line.next(), line.length], [b, a, undefined, 0])
})

test('those that always want more get the same amount, whatever their portions are', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 20 }), portions => {
      const line = new FairLine<{ portion: number; got: number; usedUpTo: number }>()
      const members = portions.map(portion => ({ portion, got: 0, usedUpTo: 0 }))
      for (const one of members) line.join(one)
      for (let i = 0; i < 2000; i++) {
        const one = line.next()
        if (one === undefined) break
        one.got += one.portion
        line.used(one, one.portion)
        line.join(one)
      }
      const got = members.map(one => one.got)

      assert.ok(Math.max(...got) - Math.min(...got) <= 2 * Math.max(...portions), String(got))
    })
  )
})
