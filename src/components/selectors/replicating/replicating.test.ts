import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeSourceContext } from '../../../testing/fake-context.ts'
import { checked } from '../../../testing/checked.ts'
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

test('an optional channel that the source does not have is an error, with the one that was meant', async () => {
  const { problems } = await checked(
    replicating,
    { optional: 'c1 c9 archiv' },
    { around: { source: 'r1', channels: ['c1', 'archive'] } }
  )

  assert.deepEqual(
    problems.map(({ level, code, key, message, hint }) => [level, code, key, message, hint]),
    [
      [
        'error',
        'SELECTOR_UNKNOWN_CHANNEL',
        'optional',
        'Selector channel not found: c9; source r1 is dropped.',
        'Did you mean c1?'
      ],
      [
        'error',
        'SELECTOR_UNKNOWN_CHANNEL',
        'optional',
        'Selector channel not found: archiv; source r1 is dropped.',
        'Did you mean archive?'
      ]
    ]
  )
})

test('an optional channel that does not run is left out', () => {
  const batch = batchOf(['a'])

  const routes = selector({ optional: 'c2' }, ['c1']).route(batch)

  assert.deepEqual(routes, [{ channel: 'c1', batch, required: true }])
})
