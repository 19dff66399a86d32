import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DrainOrder, type Span, type Tier } from './drain-order.ts'

test('runs of one tier are one, in the order in which they came', () => {
  const order = new DrainOrder()
  order.add('memory', 2)
  order.add('memory', 1)
  order.add('overflow', 4)
  order.add('memory', 1)

  assert.deepEqual(order.runs, [
    ['memory', 3],
    ['overflow', 4],
    ['memory', 1]
  ])
  assert.deepEqual(order.head, { tier: 'memory', events: 3 })
})

test('what comes back goes to its place, also when older events are still out', () => {
  const order = new DrainOrder()
  order.add('memory', 3)
  order.add('overflow', 2)
  order.add('memory', 4)
  const memory = order.take('memory', 3)
  const overflow = order.take('overflow', 2)

  if (memory !== undefined) order.giveBack(memory)
  const between = order.runs
  if (overflow !== undefined) order.giveBack(overflow)

  assert.deepEqual(between, [
    ['memory', 3],
    ['memory', 4]
  ])
  assert.deepEqual(order.runs, [
    ['memory', 3],
    ['overflow', 2],
    ['memory', 4]
  ])
})

test('events that a tier lost are dropped, the oldest first', () => {
  const order = new DrainOrder()
  order.add('overflow', 2)
  order.add('memory', 1)
  order.add('overflow', 2)

  order.drop('overflow', 3)

  assert.deepEqual(
    [order.runs, order.length],
    [
      [
        ['memory', 1],
        ['overflow', 1]
      ],
      2
    ]
  )
})

test('nothing passes a place that is kept for events on their way', () => {
  const order = new DrainOrder()
  order.add('memory', 1)
  const [first, second] = [order.reserve('overflow', 2), order.reserve('overflow', 3)]
  order.add('memory', 4)
  order.take('memory', 1)

  const passed = order.head
  order.cancel(first)
  const still = order.head
  order.fill(second)

  assert.deepEqual([passed, still], [undefined, undefined])
  assert.deepEqual(order.runs, [
    ['overflow', 3],
    ['memory', 4]
  ])
})

type Move =
  | { kind: 'add'; tier: Tier; events: number }
  | { kind: 'take'; max: number }
  | { kind: 'return' | 'commit'; which: number }

const tier = fc.constantFrom('memory' as const, 'overflow' as const)
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), tier, events: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('take' as const), max: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constantFrom('return' as const, 'commit' as const), which: fc.nat(4) })
)

test('it is a plain list of tiers through any story', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), moves => {
      const order = new DrainOrder()
      let list: { number: number; tier: Tier }[] = []
      const loans: Span[] = []
      let number = 0
      for (const each of moves) {
        if (each.kind === 'add') {
          order.add(each.tier, each.events)
          for (let i = 0; i < each.events; i++) list.push({ number: number++, tier: each.tier })
        } else if (each.kind === 'take') {
          const span = order.head === undefined ? undefined : order.take(order.head.tier, each.max)
          if (span === undefined) assert.equal(list.length, 0)
          else {
            const taken = list.splice(0, span.to - span.from)
            assert.deepEqual(
              taken,
              Array.from({ length: taken.length }, (_, i) => ({ number: span.from + i, tier: span.tier }))
            )
            loans.push(span)
          }
        } else {
          const [span] = loans.splice(each.which % Math.max(1, loans.length), 1)
          if (span === undefined || each.kind === 'commit') continue
          order.giveBack(span)
          for (let i = span.from; i < span.to; i++) list.push({ number: i, tier: span.tier })
          list = list.sort((a, b) => a.number - b.number)
        }
        assert.equal(order.length, list.length)
        assert.equal(order.head?.tier, list[0]?.tier)
      }
    })
  )
})
