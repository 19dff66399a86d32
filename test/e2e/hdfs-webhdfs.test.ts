import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import { systemClock } from '../../src/app/clock.ts'
import { COMPONENTS, Registry } from '../../src/app/registry.ts'
import definition from '../../src/components/sinks/hdfs/hdfs.ts'
import type { metrics } from '../../src/components/sinks/hdfs/metrics.ts'
import { BatchBuilder } from '../../src/core/batch-builder.ts'
import type { EventBatch } from '../../src/core/batch.ts'
import type { Sink } from '../../src/core/contracts/sink.ts'
import { AgentError } from '../../src/core/errors.ts'
import { innerTypes, settingsOf } from '../../src/core/read-settings.ts'
import { fakeSinkContext } from '../../src/testing/fake-context.ts'
import type { FakeLog } from '../../src/testing/fake-log.ts'
import { hadoopShell } from '../services/hdfs/hadoop-shell.ts'
import { startService, type Service } from '../services/start-service.ts'

const registry = new Registry(COMPONENTS)
const never = new AbortController().signal
const NO_ROLL = { 'hdfs.rollInterval': '0', 'hdfs.rollSize': '0', 'hdfs.rollCount': '0' }

describe('the hdfs sink writes to a real HDFS through WebHDFS', () => {
  let started: Awaited<ReturnType<typeof startService>> = { skip: 'not started' }

  before(async () => {
    started = await startService('hdfs', { options: { datanodes: '1', 'dfs.replication': '1' } })
  })
  after(async () => {
    if (!('skip' in started)) await started.stop()
  })

  const FORMATS: Record<string, Record<string, string>> = {
    text: { 'hdfs.fileType': 'DataStream' },
    gzip: { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'gzip' },
    bzip2: { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'bzip2' },
    snappy: { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'snappy' },
    sequence: { 'hdfs.writeFormat': 'Text' },
    blocks: { 'hdfs.writeFormat': 'Text', 'hdfs.codeC': 'deflate' }
  }

  for (const [name, properties] of Object.entries(FORMATS)) {
    test(`${name}: Hadoop's own shell reads the rolled files`, async t => {
      const hdfs = serviceOf(started, t)
      if (hdfs === undefined) return
      const { sink } = await sinkOf(hdfs, {
        ...NO_ROLL,
        'hdfs.path': `/out/${name}`,
        'hdfs.rollCount': '7',
        ...properties
      })

      await sink.start()
      for (let from = 0; from < 20; from += 5) await sink.deliver(numbers(from, from + 5), never)
      await sink.stop()

      const text = await hadoopShell(hdfs, '-text', `/out/${name}/*`)
      const listing = await hadoopShell(hdfs, '-ls', '-C', `/out/${name}`)
      const bodies = text
        .trim()
        .split('\n')
        .map(line => line.split('\t').at(-1))
      assert.deepEqual(
        bodies,
        Array.from({ length: 20 }, (_, i) => `event ${i} ✓`)
      )
      assert.equal(listing.trim().split('\n').length, 3)
      assert.doesNotMatch(listing, /\.tmp$/m)
    })
  }

  test('what is delivered can be read while the file is open', async t => {
    const hdfs = serviceOf(started, t)
    if (hdfs === undefined) return
    const { sink } = await sinkOf(hdfs, { ...NO_ROLL, 'hdfs.path': '/open', 'hdfs.fileType': 'DataStream' })

    await sink.start()
    await sink.deliver(numbers(0, 2), never)
    const text = await hadoopShell(hdfs, '-cat', '/open/*.tmp')
    await sink.stop()

    assert.equal(text, 'event 0 ✓\nevent 1 ✓\n')
  })

  test('a NameNode that goes away and returns costs no event and no restart', async t => {
    const hdfs = serviceOf(started, t)
    if (hdfs === undefined) return
    const properties = {
      'hdfs.path': '/outage',
      'hdfs.fileType': 'DataStream',
      'hdfs.rollCount': '3',
      'hdfs.callTimeout': '5000',
      'hdfs.retryInterval': '1'
    }
    const { sink, log } = await sinkOf(hdfs, { ...NO_ROLL, ...properties })
    await sink.start()
    for (let i = 0; i < 4; i++) await deliverUntilTaken(sink, numbers(i, i + 1))

    await hdfs.command('stop-namenode')
    const refusal = await sink.deliver(numbers(4, 5), never).catch((error: unknown) => error)
    await hdfs.command('start-namenode')
    for (let i = 4; i < 10; i++) await deliverUntilTaken(sink, numbers(i, i + 1))
    await rolled(log, 3)
    await sink.stop()

    assert.ok(refusal instanceof AgentError)
    assert.equal(refusal.code, 'ERR_DELIVERY')
    const lines = (await hadoopShell(hdfs, '-cat', '/outage/*')).trim().split('\n')
    assert.deepEqual(
      [...new Set(lines)].sort(),
      Array.from({ length: 10 }, (_, i) => `event ${i} ✓`)
    )
    assert.doesNotMatch(await hadoopShell(hdfs, '-ls', '-C', '/outage'), /\.tmp$/m)
  })

  test('the in-use file of a dead writer is completed', async t => {
    const hdfs = serviceOf(started, t)
    if (hdfs === undefined) return
    const path = '/left/FlumeData.1600000000000.tmp'
    await hadoopShell(hdfs, '-mkdir', '-p', '/left')
    await hadoopShell(hdfs, '-chmod', '777', '/left')
    const { sink: first } = await sinkOf(hdfs, {
      ...NO_ROLL,
      'hdfs.path': '/left',
      'hdfs.fileType': 'DataStream',
      'hdfs.inUseSuffix': '.x'
    })
    await first.start()
    await first.deliver(numbers(0, 1), never)
    await first.stop()
    await hadoopShell(hdfs, '-mv', '/left/FlumeData.*', path)
    await hadoopShell(hdfs, '-touch', '-m', '-t', '20200101:000000', path)
    const { sink, log } = await sinkOf(hdfs, { 'hdfs.path': '/left', 'hdfs.fileType': 'DataStream' })

    await sink.start()
    await rolled(log, 1)
    await sink.stop()

    assert.equal(await hadoopShell(hdfs, '-cat', '/left/FlumeData.1600000000000'), 'event 0 ✓\n')
  })
})

function serviceOf(started: Awaited<ReturnType<typeof startService>>, t: TestContext): Service | undefined {
  if (!('skip' in started)) return started
  t.skip(started.skip)
  return undefined
}

async function sinkOf(
  hdfs: Service,
  properties: Record<string, string>
): Promise<{ sink: Sink; log: FakeLog }> {
  const environment = { variables: { HADOOP_USER_NAME: 'hdfs' } }
  const context = fakeSinkContext<typeof metrics>({ clock: systemClock, environment })
  const inner = new Map<string, Awaited<ReturnType<Registry['resolve']>>>()
  for (const { kind, type } of innerTypes(definition.settings, properties))
    inner.set(type, await registry.resolve(kind, type))
  const uri = `webhdfs://127.0.0.1:${hdfs.port('httpPort')}${properties['hdfs.path']}`
  const settings = settingsOf(definition, { ...properties, 'hdfs.path': uri }, (_kind, type) =>
    inner.get(type)
  )
  return { sink: definition.create(settings, context), log: context.log }
}

function numbers(from: number, to: number): EventBatch {
  const builder = new BatchBuilder()
  for (let i = from; i < to; i++) builder.add(`event ${i} ✓`)
  return builder.build()
}

/** As the engine does it, but for its pauses. */
async function deliverUntilTaken(sink: Sink, batch: EventBatch): Promise<void> {
  for (;;) {
    try {
      return await sink.deliver(batch, never)
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'ERR_DELIVERY') throw error
      await systemClock.sleep(200)
    }
  }
}

/** Resolves once so many files were completed. */
async function rolled(log: FakeLog, files: number): Promise<void> {
  while (log.messages('info').filter(isCompletion).length < files) await systemClock.sleep(20)
}

function isCompletion(line: string): boolean {
  return /^(?:Rolled|Completed|Deleted)/.test(line)
}
