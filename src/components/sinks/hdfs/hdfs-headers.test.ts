// Headers come from anybody: none of them leads out of the folder.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchBuilder } from '../../../core/batch-builder.ts'
import { NOW, never, startedSink } from './testing/started-sink.ts'

for (const { app, file } of [
  { app: '../../etc', file: `/logs/__/__/etc/__/__/etc.${NOW + 1}.tmp` },
  { app: '..', file: `/logs/__/__.${NOW + 1}.tmp` },
  { app: 'a\0b', file: `/logs/ab/ab.${NOW + 1}.tmp` },
  { app: 'web.example', file: `/logs/web.example/web.example.${NOW + 1}.tmp` }
]) {
  test(`the header ${JSON.stringify(app)} names a file below hdfs.path`, async () => {
    const { store, sink } = await startedSink({ 'hdfs.path': '/logs/%{app}', 'hdfs.filePrefix': '%{app}' })

    await sink.deliver(new BatchBuilder().add('1', { app }).build(), never)

    assert.deepEqual(Object.keys(store.files), [file])
  })
}
