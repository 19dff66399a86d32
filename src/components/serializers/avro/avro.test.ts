import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { EMPTY_BATCH, joinBatches, type EventBatch } from '../../../core/batch.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { openAvroContainer } from '../../../wire/avro/container-reader.ts'
import avro from './avro.ts'

const STRING = '{"type": "string"}'
const folder = mkdtempSync(join(tmpdir(), 'avro-'))
after(() => rmSync(folder, { recursive: true }))

function open(config: Readonly<Record<string, string>> = {}) {
  const serializer = avro.create(
    settingsOf(avro, config, () => undefined),
    fakeSinkContext()
  )
  const prepare = (batch: EventBatch): Promise<number> => serializer.prepare?.(batch) ?? Promise.resolve(-1)
  return { serializer, prepare }
}

/** Avro strings of fewer than 64 bytes. */
function strings(texts: readonly string[], headers: Readonly<Record<string, string>>): EventBatch {
  return batchOf(
    texts.map(text => String.fromCharCode(2 * text.length) + text),
    headers
  )
}

async function read(chunks: readonly Buffer[]): Promise<{ schema: string; values: unknown[] }> {
  async function* source(): AsyncGenerator<Buffer, undefined> {
    yield Buffer.concat(chunks)
    return undefined
  }
  const { schema, records } = await openAvroContainer(source())
  const values: unknown[] = []
  for await (const value of records) values.push(value)
  return { schema, values }
}

test('bodies become the records of a file with the schema of the header', async () => {
  const { serializer } = open()
  const batch = strings(['one', 'two'], { 'flume.avro.schema.literal': STRING })

  const file = [...serializer.write(batch), ...serializer.end()]

  assert.deepEqual(await read(file), { schema: '{"type":"string"}', values: ['one', 'two'] })
})

test('the URL of the option counts for events without headers, a URL in a header before a literal', async () => {
  const url = join(folder, 'string.avsc')
  writeFileSync(url, '"string"')
  writeFileSync(join(folder, 'bytes.avsc'), '"bytes"')

  for (const [headers, schema] of [
    [{}, '"string"'],
    [{ 'flume.avro.schema.literal': STRING }, '{"type":"string"}'],
    [
      { 'flume.avro.schema.literal': STRING, 'flume.avro.schema.url': `file://${folder}/bytes.avsc` },
      '"bytes"'
    ]
  ] as const) {
    const { serializer, prepare } = open({ schemaURL: url })
    const batch = strings(['a'], headers)

    assert.equal(await prepare(batch), 1)
    assert.equal((await read([...serializer.write(batch), ...serializer.end()])).schema, schema)
  }
})

test('a schema is fetched over HTTP, once for a file', async () => {
  let requests = 0
  const server = createServer((_, response) => {
    requests++
    response.end('"string"')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/s`
  const { serializer, prepare } = open({ schemaURL: url })
  const batch = strings(['a', 'b'], {})

  const counts = [await prepare(batch), await prepare(batch)]
  server.close()
  server.closeAllConnections()

  assert.deepEqual([counts, requests], [[2, 2], 1])
  assert.deepEqual((await read([...serializer.write(batch), ...serializer.end()])).values, ['a', 'b'])
})

test('a file ends before the first event with another schema, and the next takes it', async () => {
  const batch = joinBatches([
    strings(['a', 'b'], { 'flume.avro.schema.literal': STRING }),
    strings(['c'], { 'flume.avro.schema.literal': '{"type":\n"string"}' }),
    strings(['d'], { 'flume.avro.schema.literal': '"bytes"' })
  ])
  const { serializer, prepare } = open()

  assert.equal(await prepare(batch), 3)
  assert.deepEqual((await read([...serializer.write(batch.slice(0, 3)), ...serializer.end()])).values, [
    'a',
    'b',
    'c'
  ])
  assert.equal(await prepare(batch.slice(3)), 0)
  assert.equal(await open().prepare(batch.slice(3)), 1)
})

test('events with another schema are never written, not even the ones before them', () => {
  const { serializer } = open()
  const batch = joinBatches([
    strings(['a'], { 'flume.avro.schema.literal': STRING }),
    strings(['d'], { 'flume.avro.schema.literal': '"bytes"' })
  ])

  assert.throws(() => serializer.write(batch), {
    code: 'ERR_BAD_EVENT',
    message: 'An event has another schema than its file.'
  })
})

test('an event without schema, or with one that is none, is a bad event; the file can be closed', async () => {
  const { serializer, prepare } = open()

  await assert.rejects(prepare(batchOf(['x'])), {
    code: 'ERR_BAD_EVENT',
    message: 'Could not find schema for event.'
  })
  await assert.rejects(prepare(strings(['x'], { 'flume.avro.schema.literal': '{"type": "own"}' })), {
    code: 'ERR_BAD_EVENT'
  })
  assert.throws(() => serializer.write(batchOf(['x'])), { code: 'ERR_BAD_EVENT' })
  assert.deepEqual([...serializer.flush(), ...serializer.end()], [])
})

test('a schema that cannot be loaded ends the file, and fails at the start of the next', async () => {
  const { prepare } = open()
  const batch = joinBatches([
    strings(['a'], { 'flume.avro.schema.literal': STRING }),
    strings(['b'], { 'flume.avro.schema.url': `${folder}/missing.avsc` })
  ])

  assert.equal(await prepare(batch), 1)
  await assert.rejects(open().prepare(batch.slice(1)), { code: 'ERR_FILE_SYSTEM' })
})

test('a schema larger than a mebibyte is refused', async () => {
  const url = join(folder, 'large.avsc')
  writeFileSync(url, `"string"${' '.repeat(1024 * 1024)}`)

  await assert.rejects(open({ schemaURL: url }).prepare(strings(['a'], {})), /larger than 1 MiB/)
})

test('no events need no schema', async () => {
  const { serializer, prepare } = open()

  assert.deepEqual([await prepare(EMPTY_BATCH), serializer.write(EMPTY_BATCH)], [0, []])
})
