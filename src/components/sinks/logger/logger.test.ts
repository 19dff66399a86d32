import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { sinkContract } from '../../../testing/sink-contract.ts'
import logger from './logger.ts'

const never = new AbortController().signal

function open(properties: Record<string, string> = {}, context = fakeSinkContext()) {
  return logger.create(
    settingsOf(logger, properties, () => undefined),
    context
  )
}

sinkContract('logger', async context => ({
  sink: open({}, context as ReturnType<typeof fakeSinkContext>),
  stored: undefined
}))

async function linesFor(
  texts: string[],
  properties: Record<string, string>,
  headers?: Record<string, string>
) {
  const context = fakeSinkContext()
  await open(properties, context).deliver(batchOf(texts, headers), never)
  return context.log.messages('info')
}

test('an event is logged as Flume logs it', async () => {
  assert.deepEqual(await linesFor(['hello'], {}), [
    'Event: { headers:{} body: 68 65 6C 6C 6F                                  hello }'
  ])
})

test('headers and unprintable bytes are shown', async () => {
  assert.deepEqual(await linesFor(['a\r'], {}, { k: 'v', k2: 'w' }), [
    'Event: { headers:{k=v, k2=w} body: 61 0D                                           a. }'
  ])
})

test('an empty body shows nothing', async () => {
  assert.deepEqual(await linesFor([''], {}), ['Event: { headers:{} body: }'])
})

test('sixteen bytes are shown unless maxBytesToLog says otherwise', async () => {
  const text = 'abcdefghijklmnopqrst'

  assert.deepEqual(await linesFor([text], {}), [
    'Event: { headers:{} body: 61 62 63 64 65 66 67 68 69 6A 6B 6C 6D 6E 6F 70 abcdefghijklmnop }'
  ])
  assert.deepEqual(await linesFor([text], { maxBytesToLog: '18' }), [
    'Event: { headers:{} body: 61 62 63 64 65 66 67 68 69 6A 6B 6C 6D 6E 6F 70 abcdefghijklmnop\n' +
      '00000010 71 72                                           qr }'
  ])
  assert.deepEqual(await linesFor([text], { maxBytesToLog: '0' }), ['Event: { headers:{} body: }'])
})
