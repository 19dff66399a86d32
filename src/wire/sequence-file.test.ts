import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EventBatch } from '../core/batch.ts'
import { BatchBuilder } from '../core/batch-builder.ts'
import { survivesDamage } from '../testing/damaged-copies.ts'
import { CODECS, resolveCodec } from './codecs/resolve-codec.ts'
import { createSequenceFile, type SequenceFileOptions } from './sequence-file.ts'
import { timestampKeys } from './sequence-keys.ts'
import { openSequenceFile } from './sequence-reader.ts'
import { writableBytes, writableText } from './writable.ts'

const FIXTURES = new URL('../../test/fixtures/', import.meta.url)
const SYNC = Buffer.from('0123456789abcdef')

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  return undefined
}

interface ReadRecord {
  readonly key: string
  readonly body: Buffer | undefined
}

async function readAll(bytes: Buffer, size = 1000): Promise<ReadRecord[]> {
  const file = await openSequenceFile(inPieces(bytes, size))
  const records: ReadRecord[] = []
  for await (const { key, value } of file.records) {
    records.push({ key: writableText(file.keyClass, key), body: writableBytes(file.valueClass, value) })
  }
  return records
}

/** Writes each batch and flushes behind it. */
async function fileOf(batches: readonly EventBatch[], options: SequenceFileOptions): Promise<Buffer> {
  const writer = createSequenceFile(options)
  const chunks: Buffer[] = []
  for (const batch of batches)
    chunks.push(...(await writer.write(batch, timestampKeys(batch, 5))), ...(await writer.flush()))
  chunks.push(...(await writer.end()))
  return Buffer.concat(chunks)
}

function batchOf(bodies: readonly (string | Uint8Array)[]): EventBatch {
  const builder = new BatchBuilder()
  for (const body of bodies) builder.add(body)
  return builder.build()
}

function fixture(folder: string): Buffer {
  const [name] = readdirSync(new URL(`hdfs/${folder}/`, FIXTURES))
  return readFileSync(new URL(`hdfs/${folder}/${name}`, FIXTURES))
}

function recordedBodies(): string[] {
  const events = JSON.parse(readFileSync(new URL('filechannel/events300.json', FIXTURES), 'utf8')) as {
    body: string
  }[]
  return events.slice(0, 30).map(({ body }) => body)
}

for (const folder of ['seq-writable', 'seq-text', 'seq-block-deflate', 'seq-block-bzip2-text']) {
  test(`${folder} of Flume is read record by record`, async () => {
    const records = await readAll(fixture(folder), 11)

    assert.deepEqual(
      records.map(({ body }) => String(body)),
      recordedBodies()
    )
    assert.ok(records.every(({ key }) => key === '1700000000123'))
  })
}

for (const [folder, value] of [
  ['seq-writable', 'bytes'],
  ['seq-text', 'text']
] as const) {
  test(`the same events give the bytes of Flume's ${folder}, sync marker apart`, async () => {
    const recorded = fixture(folder)
    const sync = recorded.subarray(-16)
    const batch = batchOf(recordedBodies()).withHeader('timestamp', '1700000000123')

    assert.deepEqual(await fileOf([batch], { value, sync }), recorded)
  })
}

test('a block has the layout of the one that Flume wrote', async () => {
  const recorded = fixture('seq-block-deflate')
  const sync = recorded.subarray(0x7a, 0x8a)
  const codec = resolveCodec('DefaultCodec')
  assert.ok(codec !== undefined && codec !== 'none')
  const batch = batchOf(recordedBodies()).withHeader('timestamp', '1700000000123')

  const written = await fileOf([batch], { value: 'bytes', codec, sync })

  assert.deepEqual(written.subarray(0, 0x9f), recorded.subarray(0, 0x9f))
})

test('a file without events is a header, and is read as empty', async () => {
  for (const codec of [undefined, ...CODECS]) {
    const file = await fileOf([], { value: 'text', codec })

    assert.ok(file.length > 60)
    assert.deepEqual(await readAll(file), [])
  }
})

test('a sync point follows each flush, once, and stands before the record behind each 100 KiB', async () => {
  const writer = createSequenceFile({ value: 'text', sync: SYNC })
  const batch = batchOf(new Array<string>(2000).fill('x'.repeat(100)))
  const chunks = [...(await writer.write(batch, timestampKeys(batch, 5)))]

  chunks.push(...(await writer.flush()), ...(await writer.flush()), ...(await writer.end()))

  const file = Buffer.concat(chunks)
  const marks: number[] = []
  for (let at = file.indexOf(SYNC); at >= 0; at = file.indexOf(SYNC, at + 1)) marks.push(at)
  const interval = 102_400
  const recordBytes = 4 + 4 + 8 + 1 + 100
  const first = Math.ceil((interval - 86) / recordBytes) * recordBytes + 86
  const second = first + 20 + Math.ceil(interval / recordBytes) * recordBytes
  assert.deepEqual(marks, [70, first + 4, second + 4, file.length - 16])
  assert.equal((await readAll(file)).length, 2000)
})

test('blocks end by themselves at a megabyte', async () => {
  const codec = resolveCodec('gzip')
  assert.ok(codec !== undefined && codec !== 'none')
  const writer = createSequenceFile({ value: 'bytes', codec, sync: SYNC })
  const batch = batchOf(new Array<Buffer>(25).fill(Buffer.alloc(100_000, 'a')))

  const chunks = await writer.write(batch, timestampKeys(batch, 5))
  const last = await writer.end()

  const file = Buffer.concat(chunks)
  assert.equal(file.toString('latin1').split(String(SYNC)).length - 2, 2)
  assert.equal((await readAll(Buffer.concat([file, ...last]))).length, 25)
})

const bodies = fc.array(fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constant(Buffer.alloc(70_000, 'z'))), {
  maxLength: 20
})

for (const codec of [undefined, ...CODECS.filter(({ name }) => name !== 'deflate')]) {
  test(`what is written is read again, codec ${codec?.name ?? 'none'}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(bodies, { maxLength: 4 }),
        fc.constantFrom('bytes', 'text'),
        async (batches, value) => {
          const file = await fileOf(batches.map(batchOf), { value, codec })

          const read = (await readAll(file)).map(({ body }) => body?.toString('hex'))

          assert.deepEqual(
            read,
            batches.flat().map(body => Buffer.from(body).toString('hex'))
          )
        }
      ),
      { numRuns: 15 }
    )
  })
}

for (const folder of ['seq-writable', 'seq-text', 'seq-block-deflate', 'seq-block-bzip2-text']) {
  test(`a damaged ${folder} gives records or an AgentError`, async () => {
    await survivesDamage(fixture(folder), readAll)
  })
}

test('lengths that cannot be are refused before memory is taken', async () => {
  const good = fixture('seq-writable')
  const withRecord = (...words: number[]): Buffer => {
    const record = Buffer.alloc(words.length * 4)
    words.forEach((word, i) => record.writeUInt32BE(word, i * 4))
    return Buffer.concat([good.subarray(0, 0x5f), record])
  }

  await assert.rejects(readAll(withRecord(0x7fffffff, 8)), /larger than 64 MiB/)
  await assert.rejects(readAll(withRecord(16, 17)), /a key is longer/)
  await assert.rejects(readAll(withRecord(0xffffffff, 0, 0, 0, 0)), /a sync point is wrong/)
  await assert.rejects(readAll(good.subarray(0, -30)), /ends too early/)
})

test('the key is the timestamp of an event, else the clock', () => {
  const batch = new BatchBuilder()
    .add('a', { timestamp: '1700000000123' })
    .add('b')
    .add('c', { timestamp: '-1' })
    .add('d', { timestamp: '9223372036854775807' })
    .add('e', { timestamp: '4294967295' })
    .add('f', { timestamp: '+7' })
    .build()

  assert.deepEqual(
    [...timestampKeys(batch, 42)],
    [1700000000123n, 42n, -1n, 9223372036854775807n, 4294967295n, 7n]
  )
  assert.deepEqual([...timestampKeys(batchOf(['x', 'y']), 42)], [42n, 42n])
})

test('a timestamp that is not a whole number is a bad event', () => {
  for (const timestamp of ['', 'now', '1.5', ' 1', '1e3', '9223372036854775808']) {
    assert.throws(
      () => timestampKeys(batchOf(['x']).withHeader('timestamp', timestamp), 1),
      { code: 'ERR_BAD_EVENT' },
      timestamp
    )
  }
})

test('keys and values read as Hadoop prints them', () => {
  assert.equal(
    writableText('org.apache.hadoop.io.BytesWritable', Buffer.from([0, 0, 0, 2, 0xab, 1])),
    'ab 01'
  )
  assert.equal(writableText('org.apache.hadoop.io.Text', Buffer.from('\x03abc')), 'abc')
  assert.equal(writableText('org.apache.hadoop.io.IntWritable', Buffer.from([255, 255, 255, 255])), '-1')
  assert.equal(writableText('org.apache.hadoop.io.NullWritable', Buffer.alloc(0)), '(null)')
  assert.equal(writableText('com.example.Own', Buffer.from([1, 2])), '01 02')
  assert.equal(writableBytes('org.apache.hadoop.io.Text', Buffer.from([5, 1])), undefined)
})
