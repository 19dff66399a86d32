import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeSource } from '../testing/fake-parts.ts'
import { Supervised } from './supervisor.ts'

function open() {
  const clock = new FakeClock()
  const log = new FakeLog()
  const part = new FakeSource()
  const supervised = new Supervised({ kind: 'source', name: 'r1', part }, clock, log)
  return { clock, log, part, supervised }
}

test('a start that fails is tried again every 3 s until it works', async () => {
  const { clock, part, supervised, log } = open()
  part.failStartWith = new Error('port taken')
  supervised.start()
  await supervised.attempted
  const first = [supervised.state, supervised.error]
  await clock.advance(3000)
  part.failStartWith = undefined
  await clock.advance(3000)

  assert.deepEqual(first, ['failing', 'port taken'])
  assert.deepEqual([supervised.state, part.starts], ['running', 3])
  assert.deepEqual(log.messages('error'), ['Unable to start source r1; trying again every 3 s.'])
})

test('a component waits for those it needs', async () => {
  const { clock, part, supervised } = open()
  const channel = open()
  channel.part.failStartWith = new Error('no disk')
  supervised.start([channel.supervised])
  channel.supervised.start()
  await supervised.attempted
  const before = [supervised.state, part.starts]
  channel.part.failStartWith = undefined
  await channel.clock.advance(3000)
  await clock.advance(0)

  assert.deepEqual(before, ['waiting', 0])
  assert.deepEqual([supervised.state, part.starts], ['running', 1])
})

test('a component that breaks while running is stopped and started again', async () => {
  const { clock, part, supervised } = open()
  supervised.start()
  await settled()
  supervised.fail(new Error('lost it'))
  await clock.advance(3000)

  assert.deepEqual([supervised.state, part.starts, part.stops], ['running', 2, 1])
})

test('told to hurry it tries at once, then five times a second', async () => {
  const { clock, part, supervised } = open()
  part.failStartWith = new Error('port taken')
  supervised.start()
  await settled()
  supervised.hurry()
  await settled()
  const atOnce = part.starts
  await clock.advance(1000)
  const later = part.starts
  await supervised.stop()

  assert.deepEqual([atOnce, later, clock.pending], [2, 7, 0])
})

test('stop ends the attempts, and what waits for them', async () => {
  const { part, supervised, clock } = open()
  part.failStartWith = new Error('port taken')
  supervised.start()
  await supervised.attempted
  await supervised.stop()
  await clock.advance(10_000)

  assert.deepEqual([supervised.state, part.starts], ['stopped', 1])
})
