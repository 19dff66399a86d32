import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineSource } from '../core/component.ts'
import { Registry, registry } from './registry.ts'

const definition = defineSource({
  type: 'taildir',
  stability: 'preview',
  summary: 'Is there.',
  settings: {},
  create: () => {
    throw new Error('Nothing is made of it.')
  }
})

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
  const empty = new Registry([])

  assert.deepEqual(await empty.resolve('source', 'TAILDIR'), {
    status: 'not-in-this-version',
    type: 'taildir'
  })
  assert.deepEqual(await empty.resolve('sink', 'com.example.KafkaTextSink'), {
    status: 'third-party',
    type: 'com.example.KafkaTextSink',
    instead: 'org.apache.flume.sink.kafka.KafkaSink'
  })
  assert.deepEqual(await empty.resolve('sink', 'com.example.Redis'), {
    status: 'third-party',
    type: 'com.example.Redis',
    instead: undefined
  })
})

test('what has a folder is found, whatever the table of known types says of it', async () => {
  const load = () => Promise.resolve(definition)
  const filled = new Registry([{ kind: 'source', type: 'taildir', classes: [], needs: [], load }])

  assert.deepEqual(await filled.resolve('source', 'TAILDIR'), { status: 'found', definition })
})
