import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchBuilder } from '../../../core/batch-builder.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeChannelContext } from '../../../testing/fake-context.ts'
import definition from './static.ts'

test('every event gets the header', () => {
  const batch = made({ key: 'datacenter', value: 'NYC' }).intercept(batchOf(['a', 'b']))

  assert.deepEqual(
    [...batch].map(event => [event.text, event.header('datacenter')]),
    [
      ['a', 'NYC'],
      ['b', 'NYC']
    ]
  )
})

test('without settings the header is key=value', () => {
  const batch = made({}).intercept(batchOf(['a']))

  assert.equal([...batch][0]?.header('key'), 'value')
})

test('an event that has the header keeps its own', () => {
  const batch = made({ key: 'k', value: 'new' }).intercept(mixed())

  assert.deepEqual(
    [...batch].map(event => event.header('k')),
    ['old', 'new']
  )
})

test('preserveExisting = false replaces the header', () => {
  const batch = made({ key: 'k', value: 'new', preserveExisting: 'false' }).intercept(mixed())

  assert.deepEqual(
    [...batch].map(event => event.header('k')),
    ['new', 'new']
  )
})

function made(properties: Readonly<Record<string, string>>) {
  return definition.create(
    settingsOf(definition, properties, () => undefined),
    fakeChannelContext()
  )
}

function mixed() {
  return new BatchBuilder().add('a', { k: 'old' }).add('b', { other: 'x' }).build()
}
