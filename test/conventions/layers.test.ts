import assert from 'node:assert/strict'
import { test } from 'node:test'
import { broken, LAYERS } from './layers.ts'
import { foldersIn, importsBelow, importsOf } from './source-tree.ts'

test('every file imports only from the layers below its own', () => {
  const wrong = importsBelow('src').map(({ from, to }) => broken(from, to))

  assert.deepEqual(
    wrong.filter(reason => reason !== undefined),
    []
  )
})

test('every folder below src is a layer, and every layer has one', () => {
  assert.deepEqual(Object.keys(LAYERS).sort(), foldersIn('src'))
})

test('there are imports to judge', () => {
  assert.ok(importsBelow('src').length > 10)
})

test('static, type-only, dynamic, multi-line, side-effect and worker imports are all seen', () => {
  const text = `
    import { a } from './a.ts'
    import type {
      B
    } from '../b.ts'
    import './c.ts'
    const d = await import('./d.ts')
    export { e } from './e.ts'
    new Worker(new URL('./f.ts', import.meta.url))
    type G = import('./g.ts').G
  `

  const seen = importsOf('src/core/x.ts', text).map(({ to }) => to)

  assert.deepEqual(seen, [
    'src/core/a.ts',
    'src/b.ts',
    'src/core/c.ts',
    'src/core/d.ts',
    'src/core/e.ts',
    'src/core/f.ts',
    'src/core/g.ts'
  ])
})

test('the table forbids what it should', () => {
  const forbidden: [string, string][] = [
    ['src/core/batch.ts', 'src/wire/avro.ts'],
    ['src/engine/drain.ts', 'src/config/load.ts'],
    ['src/components/sinks/hdfs/hdfs.ts', 'src/components/serializers/text/text.ts'],
    ['src/components/sinks/hdfs/hdfs.ts', 'src/app/agent.ts'],
    ['src/core/batch.ts', 'src/testing/fakes.ts'],
    ['src/components/sinks/hdfs/hdfs.ts', 'src/components/sinks/hdfs/testing/started-sink.ts'],
    ['src/components/sinks/null/null.test.ts', 'src/components/sinks/hdfs/testing/started-sink.ts'],
    ['src/testing/fakes.ts', 'src/components/sinks/hdfs/hdfs.ts'],
    ['src/core/batch.ts', 'test/fixtures/data.ts'],
    ['src/utils/a.ts', 'src/core/batch.ts']
  ]

  for (const [from, to] of forbidden) assert.notEqual(broken(from, to), undefined, `${from} → ${to}`)
})

test('the table allows what it should', () => {
  const allowed: [string, string][] = [
    ['src/components/sinks/hdfs/hdfs.ts', 'src/components/sinks/hdfs/bucket-path.ts'],
    ['src/components/sinks/hdfs/hdfs.ts', 'src/fs/file-system.ts'],
    ['src/components/sinks/hdfs/hdfs.test.ts', 'src/testing/sink-contract.ts'],
    ['src/components/sinks/hdfs/hdfs.test.ts', 'src/components/sinks/hdfs/testing/started-sink.ts'],
    ['src/components/sinks/hdfs/testing/started-sink.ts', 'src/testing/fake-context.ts'],
    ['src/fs/webhdfs.ts', 'src/net/http.ts'],
    ['src/app/cli.ts', 'src/components/sinks/hdfs/hdfs.ts']
  ]

  for (const [from, to] of allowed) assert.equal(broken(from, to), undefined)
})
