import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../core/errors.ts'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { FakePolledSource } from '../testing/fake-parts.ts'
import { Polling } from './polling.ts'

function open(next: (signal: AbortSignal) => Promise<boolean>) {
  const clock = new FakeClock()
  const log = new FakeLog()
  const source = new FakePolledSource(next)
  return { clock, log, source, polling: new Polling(source, clock, log) }
}

test('polls that find nothing are 1 s, 2 s … 5 s apart', async () => {
  const { clock, source, polling } = open(async () => false)
  polling.start()
  await settled()
  const seen = [source.polls]
  for (const ms of [1000, 2000, 3000, 4000, 5000, 5000]) {
    await clock.advance(ms)
    seen.push(source.polls)
  }
  await polling.end()

  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7])
})

test('a find ends the pauses', async () => {
  const answers = [false, false, true, false]
  const { clock, source, polling } = open(async () => answers.shift() ?? false)
  polling.start()
  await clock.advance(3000)
  const before = source.polls
  await clock.advance(1000)
  await polling.end()

  assert.deepEqual([before, source.polls], [4, 5])
})

test('a full channel is tried again soon, any other failure after the longest pause', async () => {
  const errors = [new AgentError('ERR_CHANNEL_FULL', 'full'), new Error('bug')]
  const { clock, source, polling, log } = open(async () => {
    const error = errors.shift()
    if (error !== undefined) throw error
    return false
  })
  polling.start()
  await clock.advance(100)
  const soon = source.polls
  await clock.advance(4900)
  const before = source.polls
  await clock.advance(100)
  await polling.end()

  assert.deepEqual([soon, before, source.polls], [2, 2, 3])
  assert.equal(log.messages('error').length, 2)
})

test('end interrupts a pause, and start begins anew', async () => {
  const { source, polling } = open(async () => false)
  polling.start()
  await settled()
  await polling.end()
  polling.start()
  await settled()
  await polling.end()

  assert.equal(source.polls, 2)
})
