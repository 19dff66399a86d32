import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMPONENTS } from '../../src/app/registry.ts'
import {
  CHANNEL_COUNTERS,
  CHANNEL_MEASURES,
  SINK_COUNTERS,
  SOURCE_COUNTERS
} from '../../src/core/counters.ts'
import type { Metrics } from '../../src/core/metrics.ts'

const OF_ALL: Readonly<Record<string, Metrics>> = {
  source: SOURCE_COUNTERS,
  channel: { ...CHANNEL_COUNTERS, ...CHANNEL_MEASURES },
  sink: SINK_COUNTERS
}
/** What reporters add to every component. */
const TAKEN = ['Type', 'StartTime', 'StopTime']

/** What is wrong with names and texts. */
function faultsOf(metrics: Metrics, name: RegExp): string[] {
  return Object.entries(metrics).flatMap(([key, { kind, unit, help }]) => [
    ...(name.test(key) ? [] : [`${key} is not a name such as ${name}`]),
    ...(kind === 'timer' && !key.endsWith('Millis')
      ? [`${key} is a timer and does not end with Millis`]
      : []),
    ...(unit === 'ms' && !key.endsWith('Millis') ? [`${key} is in ms and does not end with Millis`] : []),
    ...(unit === 'bytes' && !/bytes/i.test(key) ? [`${key} is in bytes and does not say so`] : []),
    ...(/^[A-Z0-9`].*\.$/.test(help) ? [] : [`The help of ${key} is no sentence`])
  ])
}

for (const [kind, metrics] of Object.entries(OF_ALL)) {
  test(`the names and texts of what every ${kind} shows are sound`, () => {
    assert.deepEqual(faultsOf(metrics, /^[A-Z][A-Za-z]+$/), [])
  })
}

for (const { kind, type, load } of COMPONENTS) {
  test(`what the ${kind} ${type} declares for monitoring is sound`, async () => {
    const { metrics, details } = await load()
    const ofAll = OF_ALL[kind]

    if (ofAll === undefined) assert.deepEqual([metrics, details], [undefined, undefined])
    const own = attributesOf(metrics ?? {})
    const others = [...attributesOf(ofAll ?? {}), ...TAKEN]
    assert.deepEqual(
      own.filter((name, i) => others.includes(name) || own.indexOf(name) < i),
      []
    )
    assert.deepEqual(faultsOf(metrics ?? {}, /^[A-Z][A-Za-z]+$/), [])
    const columns = details?.columns ?? {}
    assert.deepEqual(faultsOf(columns, /^(?!name$)[a-z][A-Za-z]+$/), [])
    assert.ok(Object.values(columns).every(column => column.kind === 'gauge' || column.kind === 'label'))
  })
}

function attributesOf(metrics: Metrics): string[] {
  return Object.entries(metrics).flatMap(([name, { kind }]) =>
    kind === 'timer' ? ['Count', 'Sum', 'P50', 'P99'].map(end => name + end) : [name]
  )
}
