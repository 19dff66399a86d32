import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeSourceContext } from '../../../testing/fake-context.ts'
import replicating from './replicating.ts'

function selector(properties: Record<string, string>, channels: string[]) {
  return replicating.create(
    settingsOf(replicating, properties, () => undefined),
    { ...fakeSourceContext(), channels }
  )
}

test('every channel gets the whole batch and is required', () => {
  const batch = batchOf(['a', 'b'])

  const routes = selector({}, ['c1', 'c2']).route(batch)

  assert.deepEqual(routes, [
    { channel: 'c1', batch, required: true },
    { channel: 'c2', batch, required: true }
  ])
})

test('channels named as optional are not required', () => {
  const routes = selector({ optional: ' c1 \t c3 ' }, ['c1', 'c2', 'c3']).route(batchOf(['a']))

  assert.deepEqual(
    routes.map(({ required }) => required),
    [false, true, false]
  )
})

test('an optional channel that the source does not have is refused', () => {
  assert.throws(() => selector({ optional: 'c9' }, ['c1']), {
    code: 'ERR_CONFIG',
    message: 'Selector channel not found: c9'
  })
})
