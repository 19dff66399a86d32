import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { settled } from '../testing/fake-clock.ts'
import { listenForSignals } from './signals.ts'

function open(hangUpReopens = true, deaf: readonly string[] = []) {
  const source = new EventEmitter()
  const time = { now: 0 }
  const done: string[] = []
  const signals = listenForSignals(
    {
      hangUpReopens,
      deaf,
      tell: () => done.push('told'),
      reopen: () => done.push('reopened'),
      ignored: signal => done.push(`ignored ${signal}`)
    },
    source,
    () => time.now
  )
  void signals.first.then(signal => done.push(`first ${signal}`))
  void signals.second.then(signal => done.push(`second ${signal}`))
  /** Sends these at `ms`; resolves to everything that came of it so far. */
  const at = async (ms: number, ...names: string[]): Promise<string[]> => {
    time.now = ms
    for (const name of names) source.emit(name)
    await settled()
    return [...done]
  }
  return { source, at }
}

test('signals that stop come as the first and the second wish', async () => {
  const { at } = open()

  assert.deepEqual(await at(0, 'SIGTERM'), ['first SIGTERM'])
  assert.deepEqual(await at(5000, 'SIGINT', 'SIGINT'), ['first SIGTERM', 'second SIGINT'])
})

test('what comes within the same moment is one wish, whatever the signal', async () => {
  const { at } = open()

  assert.deepEqual(await at(0, 'SIGTERM', 'SIGTERM', 'SIGINT'), ['first SIGTERM'])
  assert.deepEqual(await at(300, 'SIGTERM'), ['first SIGTERM'])
  assert.deepEqual(await at(301, 'SIGTERM'), ['first SIGTERM', 'second SIGTERM'])
})

test('signals with a task do it and stop nothing', async () => {
  const { at } = open()

  assert.deepEqual(await at(0, 'SIGQUIT', 'SIGUSR1', 'SIGHUP', 'SIGUSR2'), [
    'told',
    'reopened',
    'reopened',
    'ignored SIGUSR2'
  ])
})

test('without a log file SIGHUP stops', async () => {
  const { at } = open(false)

  assert.deepEqual(await at(0, 'SIGHUP'), ['first SIGHUP'])
})

test('signals that are to be ignored, as nohup wants it, stop nothing; SIGHUP still opens a log file anew', async () => {
  const deaf = ['SIGHUP', 'SIGINT']

  assert.deepEqual(await open(false, deaf).at(0, 'SIGHUP', 'SIGINT', 'SIGTERM'), ['first SIGTERM'])
  assert.deepEqual(await open(true, deaf).at(0, 'SIGHUP', 'SIGINT'), ['reopened'])
})

test('whoever listened before does not any more', () => {
  const source = new EventEmitter()
  const heard: string[] = []
  for (const name of ['SIGTERM', 'SIGUSR1']) source.on(name, () => heard.push(name))
  const task = () => {}

  listenForSignals({ hangUpReopens: true, tell: task, reopen: task, ignored: task }, source)
  for (const name of ['SIGTERM', 'SIGUSR1']) source.emit(name)

  assert.deepEqual(heard, [])
})
