import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHUNK_BYTES, InputBudget, LARGE_CHUNK_BYTES, MOST_LARGE, type InputReader } from './input-budget.ts'

const LIMITS = { bytes: 1000, events: 10, unfinishedBytes: 20_000 }

function budgetWith(names: string) {
  const budget = new InputBudget(LIMITS)
  const told: string[] = []
  const readers = [...names].map(name =>
    budget.reader({ goOn: () => told.push(name), giveUp: () => told.push(`${name} gives up`) })
  ) as [InputReader, InputReader, InputReader]
  return { budget, told, readers }
}

function take(reader: InputReader, bytes: number, events: number, unfinishedBytes = 0): void {
  reader.took({ read: bytes, bytes, events, unfinishedBytes })
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

for (const { what, bytes, events } of [
  { what: 'bytes, if lines are long', bytes: 1000, events: 1 },
  { what: 'events, if they are short', bytes: 0, events: 10 }
]) {
  test(`there is room until all readers together hold too many ${what}`, async () => {
    const { budget, told, readers } = budgetWith('ab')
    const before = readers.map(reader => reader.admit(5))
    take(readers[0], bytes, events)
    const during = readers.map(reader => reader.admit(7))
    const kept = budget.keptBytes
    budget.release(bytes, events)
    await turn()

    assert.deepEqual([before, during, kept], [[true, true], [false, false], 14])
    assert.deepEqual([told, budget.bytes, budget.events, budget.waiting], [['b', 'a'], 0, 0, 0])
  })
}

test('readers go on as long as there is room, and not before other work had its turn', async () => {
  const { budget, told, readers } = budgetWith('abc')
  take(readers[0], 1000, 10)
  for (const reader of readers) reader.admit(1)
  budget.release(10, 0)
  const atOnce = [...told]
  budget.release(90, 5)
  await turn()

  assert.deepEqual([atOnce, told], [[], ['b', 'c', 'a']])
})

test('a reader whose turn it is takes room from those behind it', async () => {
  const budget = new InputBudget(LIMITS)
  const told: string[] = []
  const readers = ['a', 'b'].map(name => {
    const reader: InputReader = budget.reader({
      goOn: () => {
        told.push(name)
        if (reader.admit(1)) take(reader, 1, 10)
      },
      giveUp: () => {}
    })
    return reader
  }) as [InputReader, InputReader]
  take(readers[0], 0, 10)
  for (const reader of readers) reader.admit(1)
  budget.release(0, 10)
  await turn()

  assert.deepEqual([told, budget.events, budget.waiting, budget.keptBytes], [['b'], 10, 1, 1])
})

test('a reader reads much at once while its chunks are full of long events, and only so many readers do', () => {
  const { budget, readers } = budgetWith('a')
  const [first] = readers
  const others = Array.from({ length: MOST_LARGE }, () => budget.reader({ goOn() {}, giveUp() {} }))
  const sizeAfter = (reader: InputReader, read: number, events: number): number => {
    take(reader, read, events)
    return reader.nextChunkBytes()
  }
  const alone = [
    first.nextChunkBytes(),
    sizeAfter(first, CHUNK_BYTES, 40),
    sizeAfter(first, LARGE_CHUNK_BYTES - 1, 500),
    sizeAfter(first, CHUNK_BYTES, CHUNK_BYTES)
  ]
  const many = others.map(reader => sizeAfter(reader, CHUNK_BYTES, 1))
  const oneTooMany = sizeAfter(first, CHUNK_BYTES, 1)
  others[0]?.leave()

  assert.deepEqual(alone, [CHUNK_BYTES, LARGE_CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES])
  assert.deepEqual(new Set(many), new Set([LARGE_CHUNK_BYTES]))
  assert.deepEqual([oneTooMany, first.nextChunkBytes()], [CHUNK_BYTES, LARGE_CHUNK_BYTES])
})

test('where unfinished events take too much, the one with the longest gives up; one alone may be that long', () => {
  const { told, readers } = budgetWith('abc')
  take(readers[0], 1, 0, 25_000)
  const alone = [...told]
  take(readers[1], 1, 0, 100)
  const besideShort = [...told]
  take(readers[2], 1, 0, CHUNK_BYTES + 1)

  assert.deepEqual([alone, besideShort, told], [[], [], ['a gives up']])
})

test('who leaves gives back what it kept and what was unfinished, and is not told to go on', async () => {
  const { budget, told, readers } = budgetWith('ab')
  take(readers[0], 0, 10, 500)
  for (const reader of readers) reader.admit(9)
  readers[0].leave()
  readers[0].leave()
  budget.release(0, 10)
  await turn()

  assert.deepEqual([budget.keptBytes, budget.unfinishedBytes, told], [9, 0, ['b']])
})
