import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinBatches } from '../../../core/batch.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeInterceptorContext } from '../../../testing/fake-context.ts'
import definition from './static.ts'

function interceptor(properties: Record<string, string>) {
  return definition.create(
    settingsOf(definition, properties, () => undefined),
    fakeInterceptorContext()
  )
}

test('every event gets the header', () => {
  const batch = interceptor({ key: 'datacenter', value: 'NEW_YORK' }).intercept(
    batchOf(['a', 'b'], { n: '1' })
  )

  const headers = [
    ['n', '1'],
    ['datacenter', 'NEW_YORK']
  ]
  assert.deepEqual(
    [...batch].map(event => event.headers),
    [headers, headers]
  )
})

test('the header is key=value when nothing is set', () => {
  const batch = interceptor({}).intercept(batchOf(['a']))

  assert.deepEqual(
    [...batch].map(event => event.headers),
    [[['key', 'value']]]
  )
})

test('an event that has the header keeps its own value', () => {
  const mixed = joinBatches([batchOf(['a'], { key: 'own' }), batchOf(['b'])])

  const batch = interceptor({}).intercept(mixed)

  assert.deepEqual(
    [...batch].map(event => event.header('key')),
    ['own', 'value']
  )
})

test('preserveExisting=false replaces it', () => {
  const batch = interceptor({ preserveExisting: 'false' }).intercept(batchOf(['a'], { key: 'own' }))

  assert.deepEqual(
    [...batch].map(event => event.header('key')),
    ['value']
  )
})
