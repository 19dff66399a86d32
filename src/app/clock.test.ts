import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { systemClock } from './clock.ts'

test('sleep ends after its time', async () => {
  const before = systemClock.monotonic()
  await systemClock.sleep(5)

  assert.equal(systemClock.monotonic() - before >= 4, true)
})

test('the monotonic reading does not follow the time of day', () => {
  mock.timers.enable({ apis: ['Date'], now: 1000 })
  try {
    const before = systemClock.monotonic()
    mock.timers.setTime(0)

    assert.equal(systemClock.now(), 0)
    assert.equal(systemClock.monotonic() >= before, true)
  } finally {
    mock.timers.reset()
  }
})

test('an aborted signal ends a sleep, and one that is aborted already does not begin it', async () => {
  const controller = new AbortController()
  const sleeping = systemClock.sleep(1_000_000, controller.signal)
  controller.abort()

  await sleeping
  await systemClock.sleep(1_000_000, controller.signal)
})

test('a time longer than timers can hold does not end at once', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    let called = 0
    systemClock.after(2 ** 31 + 1000, () => {
      called++
    })
    mock.timers.tick(2 ** 31 - 1)
    assert.equal(called, 0)
    mock.timers.tick(1001)

    assert.equal(called, 1)
  } finally {
    mock.timers.reset()
  }
})

test('a cancelled task does not run', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    let called = 0
    systemClock.after(10, () => {
      called++
    })()
    mock.timers.tick(20)

    assert.equal(called, 0)
  } finally {
    mock.timers.reset()
  }
})
