import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../core/errors.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { PutQueue } from './put-queue.ts'

const never = new AbortController().signal

test('as many as there is room for are let in, in order, however many wait', async () => {
  const queue = new PutQueue(new FakeClock())
  const admitted: number[] = []
  let room = 0
  const waits = Array.from({ length: 10_000 }, (_, i) =>
    queue.wait(
      {
        fits: () => room > 0,
        admit: () => {
          room--
          admitted.push(i)
        },
        full: () => new AgentError('ERR_CHANNEL_FULL', 'No room.')
      },
      1000,
      never
    )
  )

  room = 9999
  queue.admit()
  await Promise.all(waits.slice(0, 9999))

  assert.deepEqual([admitted.length, admitted.at(-1), queue.busy], [9999, 9998, true])
  room = 1
  queue.admit()
  await waits.at(-1)
  assert.deepEqual([admitted.at(-1), queue.busy], [9999, false])
})
