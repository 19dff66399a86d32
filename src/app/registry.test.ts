import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMPONENTS, registry } from './registry.ts'

for (const entry of COMPONENTS) {
  test(`the ${entry.kind} ${entry.type} is what its file says`, async () => {
    const definition = await entry.load()

    assert.deepEqual([definition.kind, definition.type], [entry.kind, entry.type])
    for (const name of definition.classes)
      assert.ok(entry.classes.includes(name), `${name} is not in the registry`)
  })
}

test('a type is found by its short name in any case and by its class in exact case', async () => {
  const statuses = await Promise.all(
    ['NetCat', 'org.apache.flume.source.NetcatSource', 'org.apache.flume.source.netcatsource'].map(type =>
      registry.resolve('source', type)
    )
  )

  assert.deepEqual(
    statuses.map(({ status }) => status),
    ['found', 'found', 'third-party']
  )
})

test('builders may be named without $Builder', async () => {
  assert.equal(
    (await registry.resolve('interceptor', 'org.apache.flume.interceptor.StaticInterceptor')).status,
    'found'
  )
})

test('what Flume has and this version has not is told apart from the unknown', async () => {
  assert.deepEqual(await registry.resolve('source', 'TAILDIR'), {
    status: 'not-in-this-version',
    type: 'taildir'
  })
  assert.deepEqual(await registry.resolve('sink', 'com.example.KafkaTextSink'), {
    status: 'third-party',
    type: 'com.example.KafkaTextSink',
    instead: 'org.apache.flume.sink.kafka.KafkaSink'
  })
  assert.deepEqual(await registry.resolve('sink', 'com.example.Redis'), {
    status: 'third-party',
    type: 'com.example.Redis',
    instead: undefined
  })
})
