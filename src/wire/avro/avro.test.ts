import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { survivesDamage } from '../../testing/damaged-copies.ts'
import { AvroReader, writeLength, writeString } from './avro-binary.ts'
import { AVRO_CODECS, avroCodec } from './avro-codecs.ts'
import { parseSchema } from './avro-schema.ts'
import { AvroDecoder } from './avro-value.ts'
import { openAvroContainer } from './container-reader.ts'
import { AvroContainerWriter } from './container-writer.ts'

const FIXTURES = new URL('../../../test/fixtures/fileroll/', import.meta.url)

async function* once(bytes: Buffer): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
  return undefined
}

function decode(schema: unknown, bytes: readonly number[] | Buffer): unknown {
  return new AvroDecoder(new AvroReader(Buffer.from(bytes))).value(parseSchema(JSON.stringify(schema)))
}

async function readAll(file: Buffer): Promise<unknown[]> {
  const { records } = await openAvroContainer(once(file))
  const values: unknown[] = []
  for await (const value of records) values.push(value)
  return values
}

test('lengths are written as Avro longs', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(200), fc.integer({ min: 0, max: 0xffffffff })), value => {
      const out = Buffer.alloc(8)

      const end = writeLength(value, out, 1)

      const reader = new AvroReader(out.subarray(1, end))
      assert.deepEqual([reader.long(), reader.left], [value, 0])
    })
  )
})

test('longs of every size are read exactly', () => {
  const long = (bytes: readonly number[]): number | bigint => new AvroReader(Buffer.from(bytes)).long()

  assert.deepEqual([long([0]), long([1]), long([2]), long([0x7f]), long([0x80, 1])], [0, -1, 1, -64, 64])
  assert.equal(long([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), 9223372036854775807n)
  assert.equal(long([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), -9223372036854775808n)
  assert.equal(long([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]), Number.MAX_SAFE_INTEGER)
  assert.throws(() => long(new Array<number>(11).fill(0x80)), { code: 'ERR_FORMAT' })
})

test('strings come back, whatever they hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const out = Buffer.alloc(3 * text.length + 5)

      assert.equal(new AvroReader(out.subarray(0, writeString(text, out, 0))).string(), text)
    })
  )
})

test('values of every type are decoded', () => {
  assert.equal(decode('null', []), null)
  assert.equal(decode('boolean', [1]), true)
  assert.equal(decode('float', Buffer.from('0000c03f', 'hex')), 1.5)
  assert.equal(decode('double', Buffer.from('000000000000f8bf', 'hex')), -1.5)
  assert.deepEqual(decode('bytes', [4, 1, 2]), Buffer.from([1, 2]))
  assert.equal(decode({ type: 'enum', name: 'E', symbols: ['A', 'B'] }, [2]), 'B')
  assert.deepEqual(decode({ type: 'fixed', name: 'F', size: 2 }, [7, 8]), Buffer.from([7, 8]))
  assert.deepEqual(decode({ type: 'array', items: 'int' }, [2, 2, 1, 4, 4, 0]), [1, 2])
  assert.deepEqual({ ...(decode({ type: 'map', values: 'int' }, [2, 2, 0x61, 6, 0]) as object) }, { a: 3 })
  assert.deepEqual({ ...(decode(['null', 'int'], [2, 4]) as object) }, { int: 2 })
  assert.equal(decode(['null', 'int'], [0]), null)
})

test('a record may contain itself by name, with namespaces', () => {
  const list = {
    type: 'record',
    name: 'com.example.Node',
    fields: [
      { name: 'value', type: 'int' },
      { name: 'next', type: ['null', 'Node'] }
    ]
  }

  assert.equal(
    JSON.stringify(decode(list, [2, 2, 4, 0])),
    '{"value":1,"next":{"com.example.Node":{"value":2,"next":null}}}'
  )
})

test('schemas that cannot be are refused', () => {
  for (const json of [
    '',
    '7',
    '{}',
    '"own"',
    '{"type":"record","name":"R"}',
    '{"type":"enum","name":"E","symbols":[1]}',
    '{"type":"fixed","name":"F","size":-1}',
    '{"type":"record","fields":[]}',
    '{"type":"record","name":"R","fields":[{"type":"int"}]}',
    '['.repeat(5000) + '"int"' + ']'.repeat(5000)
  ]) {
    assert.throws(() => parseSchema(json), { code: 'ERR_FORMAT' }, json.slice(0, 60))
  }
})

test('counts without bytes and endless nesting are refused soon', () => {
  const nulls = { type: 'array', items: 'null' }
  const endless = { type: 'record', name: 'R', fields: [{ name: 'self', type: 'R' }] }

  assert.throws(() => decode(nulls, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]), /more values than bytes/)
  assert.throws(() => decode(endless, []), /nested too deep/)
  assert.throws(() => decode('bytes', [0xfe, 0xff, 0xff, 0xff, 0x0f]), /a length out of range/)
  assert.throws(() => decode('string', [0x01]), /a length out of range/)
  assert.throws(() => decode(['null'], [2]), /an index out of range/)
})

for (const codec of AVRO_CODECS) {
  test(`${codec.name}: a block decompresses to what was compressed, and to no more than allowed`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async bytes => {
        const raw = Buffer.concat([bytes, bytes, bytes])
        const stored = codec.compress(raw)

        assert.ok((await codec.decompress(stored, raw.length)).equals(raw))
        if (codec.name !== 'null')
          await assert.rejects(codec.decompress(stored, raw.length - 1), { code: 'ERR_FORMAT' })
      }),
      { numRuns: 50 }
    )
  })

  test(`${codec.name}: records come back from a container, blocks closed at the sync interval`, async () => {
    const writer = new AvroContainerWriter({ schema: '"string"', codec, syncInterval: 100 })
    const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`)
    for (const text of texts) writer.recordEnds(writeString(text, writer.reserve(20), writer.at))

    const complete = writer.take()
    const file = Buffer.concat([...complete, ...writer.flush()])

    assert.equal(complete.length, 1 + 3 * Math.floor(50 / 13))
    assert.deepEqual(await readAll(file), texts)
  })
}

test('a block closes with the record that fills it to the sync interval', () => {
  const writer = new AvroContainerWriter({ schema: '"bytes"', codec: undefined, syncInterval: 40 })
  const added = [19, 19, 1, 38, 39].map(size => {
    const out = writer.reserve(size + 5)
    writer.recordEnds(writeLength(size, out, writer.at) + size)
    return writer.take().length
  })

  assert.deepEqual(added, [1, 3, 0, 3, 3])
})

test('a codec that is not there is refused by name', async () => {
  const writer = new AvroContainerWriter({
    schema: '"null"',
    codec: { ...avroCodec('null')!, name: 'xz' },
    syncInterval: 100
  })

  await assert.rejects(openAvroContainer(once(Buffer.concat(writer.flush()))), { code: 'ERR_UNSUPPORTED' })
})

test('sizes that cannot be are refused before memory is taken', async () => {
  const header = new AvroContainerWriter({ schema: '"string"', codec: undefined, syncInterval: 100 }).take()
  const long = (value: number): Buffer => {
    const out = Buffer.alloc(8)
    return out.subarray(0, writeLength(value, out, 0))
  }
  const start = Buffer.from('Obj\x01')

  await assert.rejects(
    readAll(Buffer.concat([...header, long(1), long(65 * 1024 * 1024)])),
    /a block larger than 64 MiB/
  )
  await assert.rejects(
    readAll(Buffer.concat([...header, long(1), Buffer.from([1])])),
    /a block larger than 64 MiB/
  )
  await assert.rejects(
    readAll(Buffer.concat([start, long(1), long(5_000_000)])),
    /metadata larger than 4 MiB/
  )
  await assert.rejects(readAll(Buffer.concat([start, long(5000)])), /too many metadata entries/)
  await assert.rejects(readAll(Buffer.concat([start, long(0), Buffer.alloc(16)])), /it has no schema/)
})

test('a block must hold as many records as it says, and nothing else', async () => {
  const file = (count: number, ...bytes: number[]): Buffer => {
    const [header] = new AvroContainerWriter({
      schema: '"int"',
      codec: undefined,
      syncInterval: 100,
      sync: Buffer.alloc(16, 7)
    }).take()
    return Buffer.concat([header!, Buffer.from([2 * count, 2 * bytes.length, ...bytes]), Buffer.alloc(16, 7)])
  }

  assert.deepEqual(await readAll(file(2, 2, 4)), [1, 2])
  await assert.rejects(readAll(file(1, 2, 4)), /bytes behind its records/)
  await assert.rejects(readAll(file(3, 2, 4)), { code: 'ERR_FORMAT' })
  await assert.rejects(
    readAll(Buffer.concat([file(1, 2).subarray(0, -1), Buffer.from([8])])),
    /a sync marker is wrong/
  )
})

for (const name of ['avro_event', 'avro_event-deflate', 'avro_event-snappy']) {
  test(`a damaged ${name} gives records or ERR_FORMAT`, async () => {
    await survivesDamage(readFileSync(new URL(`${name}/1795342175778-1`, FIXTURES)), readAll)
  })
}
