import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { BatchBuilder } from '../../../core/batch-builder.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { recordedBatch, serialized, serializerRows } from '../../../testing/serializer-rows.ts'
import { checked } from '../../../testing/checked.ts'
import { openAvroContainer } from '../../../wire/avro/container-reader.ts'
import avroEvent from './avro-event.ts'

const FIXTURES = new URL('../../../../test/fixtures/', import.meta.url)
const RECORDED_SYNC = Buffer.from('101112131415161718191a1b1c1d1e1f', 'hex')

type Config = Readonly<Record<string, string>>

function open(config: Config = {}, context = fakeSinkContext()) {
  return avroEvent.create(
    settingsOf(avroEvent, config, () => undefined),
    context
  )
}

interface Content {
  readonly codec: string
  readonly schema: string
  readonly events: readonly (readonly [string, string])[]
}

async function read(file: Buffer): Promise<Content> {
  async function* source(): AsyncGenerator<Buffer, undefined> {
    yield file
    return undefined
  }
  const { codec, schema, records } = await openAvroContainer(source())
  const events: [string, string][] = []
  for await (const record of records) {
    const { headers, body } = record as unknown as { headers: Record<string, string>; body: Buffer }
    events.push([sortedJson(Object.entries(headers)), body.toString('base64')])
  }
  return { codec, schema, events }
}

function sortedJson(headers: readonly (readonly [string, string])[]): string {
  return JSON.stringify(headers.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The file with the sync marker that the recorded ones have. */
function withRecordedSync(file: Buffer): Buffer {
  const sync = file.toString('latin1', file.length - 16)
  return Buffer.from(file.toString('latin1').replaceAll(sync, RECORDED_SYNC.toString('latin1')), 'latin1')
}

const rows = serializerRows('avro_event', avroEvent.classes)

test("uncompressed files come out byte for byte as Flume's, the order of several headers apart", async () => {
  const plain = rows.filter(
    ({ config, out }) => out !== undefined && ['bogus', 'null', undefined].includes(config.compressionCodec)
  )

  assert.ok(plain.length > 10)
  for (const { config, batch, mostHeaders, out } of plain) {
    assert.ok(out !== undefined)
    const ours = withRecordedSync(serialized(open(config), batch))
    if (mostHeaders > 1) assert.deepEqual(await read(ours), await read(out))
    else assert.deepEqual(ours, out)
    assert.equal(ours.length, out.length)
  }
})

test("compressed files hold the same events in as many blocks as Flume's", async () => {
  const compressed = rows.filter(
    ({ config, out }) => out !== undefined && /deflate|snappy/.test(config.compressionCodec ?? '')
  )
  const marks = (file: Buffer): number =>
    file.toString('latin1').split(RECORDED_SYNC.toString('latin1')).length - 1

  assert.ok(compressed.length > 3)
  for (const { config, batch, out } of compressed) {
    assert.ok(out !== undefined)
    const ours = withRecordedSync(serialized(open(config), batch))
    assert.deepEqual([await read(ours), marks(ours)], [await read(out), marks(out)])
  }
})

test('where Flume fails there is a problem at load, or a header without value, which cannot be here', async () => {
  const failing = rows.filter(({ out }) => out === undefined)

  assert.ok(failing.length > 5)
  for (const { config, nullHeader } of failing) {
    const { problems } = await checked(avroEvent, config)
    assert.ok(
      nullHeader || problems.some(({ level, key }) => level === 'error' && key === 'syncIntervalBytes'),
      JSON.stringify(config)
    )
  }
})

for (const name of ['avro_event', 'avro_event-deflate', 'avro_event-snappy']) {
  test(`${name} of Flume's file_roll sink is what we write`, async () => {
    const recorded = readFileSync(new URL(`fileroll/${name}/1795342175778-1`, FIXTURES))

    const ours = serialized(
      open({ compressionCodec: name.replace(/^avro_event-?/, '') || 'null' }),
      recordedBatch()
    )

    assert.deepEqual(await read(ours), await read(recorded))
  })
}

test("the file of Flume's hdfs sink has all headers", async () => {
  const { events } = await read(readFileSync(new URL('hdfs/datastream-avro/ev.1795342168314', FIXTURES)))

  assert.equal(events.length, 30)
  assert.deepEqual(events[1], [
    '[["host","web 1"],["timestamp","1700000000123"]]',
    Buffer.from('event-0001 payload').toString('base64')
  ])
})

const someText = fc.string({ unit: 'grapheme' })
const someHeaders = fc.uniqueArray(fc.tuple(someText, someText), { maxLength: 3, selector: ([name]) => name })
const someEvents = fc.array(fc.record({ body: fc.uint8Array({ maxLength: 200 }), headers: someHeaders }), {
  maxLength: 20
})
const someBatches = fc.array(someEvents, { maxLength: 3 })

for (const codec of ['null', 'deflate', 'snappy', 'bzip2', 'zstandard']) {
  test(`any events are read again, codec ${codec}`, async () => {
    await fc.assert(
      fc.asyncProperty(someBatches, fc.integer({ min: 32, max: 600 }), async (batches, interval) => {
        const builders = batches.map(events => {
          const builder = new BatchBuilder()
          for (const { body, headers } of events) builder.add(body, headers)
          return builder.build()
        })
        const file = serialized(
          open({ compressionCodec: codec, syncIntervalBytes: String(interval) }),
          ...builders
        )

        const content = await read(file)

        const expected = batches
          .flat()
          .map(({ body, headers }) => [sortedJson(headers), Buffer.from(body).toString('base64')])
        assert.deepEqual(content.events, expected)
      }),
      { numRuns: 30 }
    )
  })
}

test('a flush closes the block, and a second flush adds nothing', () => {
  const serializer = open()

  const header = serializer.write(batchOf(['a']))
  const first = serializer.flush()

  assert.equal(header.length, 1)
  assert.equal(first.length, 3)
  assert.deepEqual([serializer.flush(), serializer.end()], [[], []])
})

test('a file without events is a header that can be read', async () => {
  assert.deepEqual((await read(serialized(open()))).events, [])
})

test('an unknown codec is a warning and means none; xz is refused', async () => {
  const readings = await Promise.all(
    ['bogus', 'xz', 'deflate'].map(compressionCodec => checked(avroEvent, { compressionCodec }))
  )
  const levels = readings.map(({ problems }) => problems.map(({ level }) => level))
  const context = fakeSinkContext()

  open({ compressionCodec: 'bogus' }, context)

  assert.deepEqual(levels, [['warning'], ['error'], []])
  assert.deepEqual(context.log.messages('warn'), ['Unable to instantiate avro codec. Compression disabled.'])
})
