import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { readStopLimits, watchStop } from './stopping.ts'

const MESSAGE = 'Still stopping. A second signal ends the agent at once.'

for (const [text, emptyMs, wholeMs] of [
  [undefined, 25_000, 28_000],
  ['0', 0, 3000],
  ['60', 60_000, 63_000]
] as const) {
  test(`a stop timeout of ${text ?? 'the default'} bounds the whole stop: ${wholeMs / 1000} s`, () => {
    const log = new FakeLog()
    const properties = text === undefined ? {} : { 'flume.stop.timeout': text }

    assert.deepEqual(readStopLimits(properties, log), { emptyMs, wholeMs })
    assert.deepEqual(log.messages('warn'), [])
  })
}

for (const text of ['', 'abc', '-1', '1.5', '30s']) {
  test(`a stop timeout of "${text}" is warned about, and the default is used`, () => {
    const log = new FakeLog()

    const { wholeMs } = readStopLimits({ 'flume.stop.timeout': text }, log)

    assert.equal(wholeMs, 28_000)
    assert.match(log.messages('warn').join(), /^flume\.stop\.timeout is not a whole number of seconds/)
  })
}

test('a stop that lasts says after 2 s what it waits for, how long, and how to end it; then every 10 s', async () => {
  const { clock, log } = open()

  await clock.advance(1999)
  const early = log.messages('warn')
  await clock.advance(1)

  assert.deepEqual(early, [])
  assert.deepEqual(
    log.lines.map(({ message, facts }) => ({ message, facts })),
    [{ message: MESSAGE, facts: { waitsFor: ['sink k'], elapsedMs: 2000, atMostMs: 26_000 } }]
  )
  await clock.advance(20_000)
  assert.deepEqual(log.messages('warn'), [MESSAGE, MESSAGE, MESSAGE])
})

test('when its whole time is over the process is left, whatever hangs', async () => {
  const { clock, left } = open()

  await clock.advance(27_999)
  const early = left.length
  await clock.advance(1)

  assert.deepEqual([early, left.length], [0, 1])
})

function open() {
  const clock = new FakeClock()
  const log = new FakeLog()
  const left: string[] = []
  watchStop({
    clock,
    log,
    limits: readStopLimits({}, log),
    waits: () => ['sink k'],
    leave: () => left.push('left')
  })
  return { clock, log, left }
}
