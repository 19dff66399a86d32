import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settled } from '../testing/fake-clock.ts'
import { batchOf } from '../testing/fake-context.ts'
import { Unsettled } from './unsettled.ts'

/** What is under way, at most 10 events and 20 bytes, and batches that can be let go of. */
function open() {
  const unsettled = new Unsettled({ events: 10, bytes: 20 })
  const commits: (() => void)[] = []
  const add = (events: number, bytes = 0): void => {
    const { promise, resolve } = Promise.withResolvers<void>()
    commits.push(resolve)
    unsettled.add(
      batchOf(Array.from({ length: events }, (_, i) => (i === 0 ? 'x'.repeat(bytes) : ''))),
      promise
    )
  }
  /** Whether it goes on at once, and after each commit. */
  const whenRoomy = async (wanted: number): Promise<boolean[]> => {
    let isRoomy = false
    const done = unsettled.roomy(wanted).then(() => {
      isRoomy = true
    })
    const seen: boolean[] = []
    for (const commit of [undefined, ...commits.splice(0)]) {
      commit?.()
      await settled()
      seen.push(isRoomy)
    }
    await done
    return seen
  }
  return { unsettled, add, whenRoomy }
}

test('the next batch gets what is left of the events, and nobody waits for the last ones of it', async () => {
  const { unsettled, add, whenRoomy } = open()
  const rooms = [unsettled.room(4)]
  for (const events of [4, 4]) {
    add(events)
    rooms.push(unsettled.room(4))
  }

  assert.deepEqual(rooms, [4, 4, 2])
  assert.deepEqual(await whenRoomy(4), [true, true, true])
})

test('with less than half a batch left the next one waits for a commit', async () => {
  const { unsettled, add, whenRoomy } = open()
  for (const events of [4, 4, 1]) add(events)

  assert.deepEqual(await whenRoomy(4), [false, true, true, true])
  assert.equal(unsettled.room(4), 4)
})

test('a batch that is larger than all may be goes alone', async () => {
  const { unsettled, add, whenRoomy } = open()
  const first = unsettled.room(50)
  add(50)

  assert.deepEqual([first, await whenRoomy(50)], [50, [false, true]])
})

test('beyond so many bytes the next one waits, however few its events are', async () => {
  const { add, whenRoomy } = open()
  add(1, 15)
  add(1, 15)

  assert.deepEqual(await whenRoomy(1), [false, true, true])
})

test('who waits until nothing is under way waits for each commit', async () => {
  const { unsettled, add, whenRoomy } = open()
  for (const events of [1, 1]) add(events)
  let isOver = false
  const none = unsettled.none().then(() => {
    isOver = true
  })
  await settled()
  const before = isOver
  await whenRoomy(1)
  await none

  assert.deepEqual([before, isOver], [false, true])
})
