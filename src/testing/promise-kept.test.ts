import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { settled } from './fake-clock.ts'
import { answering, kept, until } from './promise-kept.ts'

const IN_TIME_MS = 19_999

/** Moves the time of the bounds, and lets everything that follows from it happen. */
async function pass(t: TestContext, ms: number): Promise<void> {
  t.mock.timers.tick(ms)
  await settled()
}

class Counter {
  #count = 0
  readonly never = new Promise<number>(() => {})

  get count(): number {
    return this.#count
  }

  async add(): Promise<number> {
    return ++this.#count
  }

  stop(): Promise<number> {
    return this.never
  }
}

test('what is kept in time is passed on, answer or error', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const answer = Promise.withResolvers<number>()
  const waiting = kept('it answers', answer.promise)
  await pass(t, IN_TIME_MS)
  answer.resolve(7)

  assert.equal(await waiting, 7)
  await assert.rejects(kept('it answers', Promise.reject(new Error('no'))), { message: 'no' })
})

test('what is not kept in time is said in a sentence', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const rejected = assert.rejects(kept('stop() resolves', new Promise(() => {})), {
    message: 'A promise was not kept within 20 s: stop() resolves.'
  })
  await pass(t, IN_TIME_MS + 1)

  await rejected
})

test('a condition that comes true ends the wait, one that does not breaks a promise', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let steps = 0
  const step = async (): Promise<unknown> => steps++
  await until(() => steps === 3, 'three steps are made', step)
  const rejected = assert.rejects(
    until(() => false, 'a fourth is enough', step),
    {
      message: 'A promise was not kept within 20 s: a fourth is enough.'
    }
  )
  await pass(t, IN_TIME_MS + 1)

  await rejected
})

test('a part is the same, but for calls that do not answer', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const counter = answering(new Counter(), { add: 'add() counts', stop: 'stop() resolves' })
  const replaced = answering(new Counter(), { add: 'add() counts' }, { add: async () => 100 })
  const rejected = assert.rejects(counter.stop(), /: stop\(\) resolves\.$/)

  assert.deepEqual([await counter.add(), counter.count, await replaced.add()], [1, 1, 100])
  await pass(t, IN_TIME_MS + 1)
  await rejected
})
