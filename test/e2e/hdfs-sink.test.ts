import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BatchBuilder } from '../../src/core/batch-builder.ts'
import type { Sink } from '../../src/core/contracts.ts'
import { innerTypes, settingsOf } from '../../src/core/read-settings.ts'
import { COMPONENTS, Registry } from '../../src/app/registry.ts'
import definition from '../../src/components/sinks/hdfs/hdfs.ts'
import type { metrics } from '../../src/components/sinks/hdfs/metrics.ts'
import type { FakeLog } from '../../src/testing/fake-log.ts'
import { fakeSinkContext } from '../../src/testing/fake-context.ts'
import { openAvroContainer } from '../../src/wire/avro/container-reader.ts'
import { codecOfFile } from '../../src/wire/codecs/resolve-codec.ts'
import { openSequenceFile } from '../../src/wire/sequence-reader.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')
const NOW = 1_700_000_000_000
const never = new AbortController().signal
const registry = new Registry(COMPONENTS)

const NO_ROLL = { 'hdfs.rollInterval': '0', 'hdfs.rollSize': '0', 'hdfs.rollCount': '0' }

// The folders of test/fixtures/hdfs, and the settings that gave them.
const RECORDED: Record<string, Record<string, string>> = {
  'datastream-text': { 'hdfs.fileType': 'DataStream' },
  'datastream-header-and-text': { 'hdfs.fileType': 'DataStream', serializer: 'header_and_text' },
  'datastream-avro': { 'hdfs.fileType': 'DataStream', serializer: 'avro_event' },
  'compressed-gzip': { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'gzip' },
  'compressed-bzip2': { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'bzip2' },
  'compressed-deflate': { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'DefaultCodec' },
  'compressed-lz4': { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'Lz4Codec' },
  'compressed-snappy': { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'SnappyCodec' },
  'seq-writable': {},
  'seq-text': { 'hdfs.writeFormat': 'Text' },
  'seq-block-deflate': { 'hdfs.codeC': 'DefaultCodec' },
  'seq-block-bzip2-text': { 'hdfs.codeC': 'bzip2', 'hdfs.writeFormat': 'Text' }
}

for (const [name, properties] of Object.entries(RECORDED)) {
  test(`${name}: what Flume wrote is what the sink writes`, async t => {
    const folder = await temporaryFolder(t)
    const path = join(folder, '%{host}', '%Y-%m-%d')
    const { sink } = await sinkOf({
      ...NO_ROLL,
      'hdfs.path': `file://${path}`,
      'hdfs.timeZone': 'UTC',
      'hdfs.filePrefix': 'ev',
      ...properties
    })

    await sink.start()
    await sink.deliver(await firstEvents(), never)
    await sink.stop()

    const [flume = '', ...others] = (await readdir(join(FIXTURES, 'hdfs', name))).filter(
      file => !file.startsWith('.')
    )
    const ours = await readdir(join(folder, 'web 1', '2023-11-14'))
    assert.deepEqual([others, ours], [[], [`ev.${NOW + 1}${extensionOf(flume)}`]])
    const written = await readFile(join(folder, 'web 1', '2023-11-14', ours[0] ?? ''))
    assert.deepEqual(
      await contentOf(name, written, ours[0] ?? ''),
      await contentOf(name, await readFile(join(FIXTURES, 'hdfs', name, flume)), flume)
    )
  })
}

test('embedded: a path without scheme lands in the store, lines as they came', async t => {
  const home = await temporaryFolder(t)
  const { sink } = await sinkOf({
    ...NO_ROLL,
    'hdfs.path': `embedded:${home}/store/user/flume/data`,
    'hdfs.fileType': 'DataStream'
  })

  await sink.start()
  await sink.deliver(new BatchBuilder().add('one').add('two').build(), never)
  const open = await filesBelow(home)
  await sink.stop()

  assert.deepEqual(open, { [`store/user/flume/data/FlumeData.${NOW + 1}.tmp`]: 'one\ntwo\n' })
  assert.deepEqual(await filesBelow(home), { [`store/user/flume/data/FlumeData.${NOW + 1}`]: 'one\ntwo\n' })
})

test('zstd and a member for each batch: everything can be read back', async t => {
  const folder = await temporaryFolder(t)
  const { sink } = await sinkOf({
    ...NO_ROLL,
    'hdfs.path': `file://${folder}`,
    'hdfs.fileType': 'CompressedStream',
    'hdfs.codeC': 'zstandard'
  })

  await sink.start()
  for (const text of ['a', 'b', 'c']) await sink.deliver(new BatchBuilder().add(text).build(), never)
  await sink.stop()

  const [name = ''] = await readdir(folder)
  assert.equal(await inflated(name, await readFile(join(folder, name))), 'a\nb\nc\n')
})

test('files that a crash left are completed at the next start', async t => {
  const folder = await temporaryFolder(t)
  const { sink, log } = await sinkOf({
    'hdfs.path': `file://${folder}/%{host}`,
    'hdfs.fileType': 'DataStream'
  })
  await mkdir(join(folder, 'web'))
  for (const [name, text] of [
    ['FlumeData.1600000000000.tmp', 'kept\n'],
    ['FlumeData.1600000000001.tmp', '']
  ] as const) {
    await writeFile(join(folder, 'web', name), text)
    await utimes(join(folder, 'web', name), 1_600_000_000, 1_600_000_000)
  }

  await sink.start()
  await logged(log, 2)
  await sink.stop()

  assert.deepEqual(await filesBelow(folder), { 'web/FlumeData.1600000000000': 'kept\n' })
})

test('a folder that vanishes in the middle is made again, and the batch is not lost', async t => {
  const folder = await temporaryFolder(t)
  const { sink } = await sinkOf({
    ...NO_ROLL,
    'hdfs.path': `file://${folder}/in`,
    'hdfs.fileType': 'DataStream'
  })
  await sink.start()
  await sink.deliver(new BatchBuilder().add('one').build(), never)
  await rm(join(folder, 'in'), { recursive: true })

  await assert.rejects(sink.deliver(new BatchBuilder().add('two').build(), never), { code: 'ERR_DELIVERY' })
  await sink.deliver(new BatchBuilder().add('two').build(), never)
  await sink.stop()

  assert.deepEqual(Object.values(await filesBelow(folder)), ['two\n'])
})

async function sinkOf(properties: Record<string, string>): Promise<{ sink: Sink; log: FakeLog }> {
  const context = fakeSinkContext<typeof metrics>()
  const inner = new Map<string, Awaited<ReturnType<Registry['resolve']>>>()
  for (const { kind, type } of innerTypes(definition.settings, properties))
    inner.set(type, await registry.resolve(kind, type))
  const settings = settingsOf(definition, properties, (_kind, type) => inner.get(type))
  return { sink: definition.create(settings, context), log: context.log }
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-hdfs-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** The 30 events of the fixtures, headers in the order in which Java's hash map lists them: ours keep theirs. */
async function firstEvents() {
  const events: { headers: Record<string, string>; body: string }[] = JSON.parse(
    await readFile(join(FIXTURES, 'filechannel/events300.json'), 'utf8')
  )
  const builder = new BatchBuilder()
  for (const { headers, body } of events.slice(0, 30)) {
    const { n, ...others } = headers
    builder.add(body, {
      host: 'web 1',
      ...others,
      ...(n === undefined ? {} : { n }),
      timestamp: '1700000000123'
    })
  }
  return builder.build()
}

function extensionOf(name: string): string {
  return /^ev\.\d+(.*)$/.exec(name)?.[1] ?? ''
}

/** What must be equal: the bytes where nothing is random in them, else what they decode to. */
async function contentOf(kind: string, bytes: Buffer, name: string): Promise<unknown> {
  if (kind.startsWith('seq-')) return sequenceContent(bytes)
  if (kind.startsWith('compressed-')) return inflated(name, bytes)
  if (kind !== 'datastream-avro') return bytes.toString()
  const { schema, codec, records } = await openAvroContainer(chunks(bytes))
  return { schema: JSON.parse(schema), codec, records: await Array.fromAsync(records) }
}

async function sequenceContent(bytes: Buffer): Promise<unknown> {
  const { keyClass, valueClass, codec, records } = await openSequenceFile(chunks(bytes))
  const read = await Array.fromAsync(records)
  return {
    keyClass,
    valueClass,
    codec: codec?.hadoopClass,
    records: read.map(({ key, value }) => [key.toString('hex'), value.toString('hex')])
  }
}

async function inflated(name: string, bytes: Buffer): Promise<string> {
  const codec = codecOfFile(name) ?? assert.fail(`${name} has no known extension`)
  return Buffer.concat(await Array.fromAsync(codec.decompress(chunks(bytes)))).toString()
}

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes
}

async function filesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  const texts = await Promise.all(files.map(file => readFile(file, 'utf8')))
  return Object.fromEntries(files.map((file, i) => [file.slice(folder.length + 1), texts[i] ?? '']))
}

/** Resolves once there are so many lines of level info. */
async function logged(log: FakeLog, lines: number): Promise<void> {
  while (log.messages('info').filter(isCompletion).length < lines)
    await new Promise(resolve => setImmediate(resolve))
}

test('a local store that cannot be made fails the start, with what to set', async t => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'file'), '')
  const { sink } = await sinkOf({ 'hdfs.path': `file://${folder}/file/logs` })

  await assert.rejects(sink.start(), {
    code: 'ERR_START',
    message: /^The folder of hdfs\.path, file:\S+, cannot be made: .* Set hdfs\.path, or fs\.defaultFS/
  })
})

function isCompletion(line: string): boolean {
  return /^(?:Rolled|Completed|Deleted)/.test(line)
}
