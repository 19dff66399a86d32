import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { systemClock } from '../../src/app/clock.ts'
import { COMPONENTS, Registry } from '../../src/app/registry.ts'
import definition from '../../src/components/sinks/hdfs/hdfs.ts'
import type { metrics } from '../../src/components/sinks/hdfs/metrics.ts'
import { BatchBuilder } from '../../src/core/batch-builder.ts'
import type { EventBatch } from '../../src/core/batch.ts'
import type { Sink } from '../../src/core/contracts.ts'
import { AgentError } from '../../src/core/errors.ts'
import { innerTypes, settingsOf } from '../../src/core/read-settings.ts'
import { openFileSystem } from '../../src/fs/open.ts'
import { batchOf, fakeSinkContext } from '../../src/testing/fake-context.ts'
import type { FakeLog } from '../../src/testing/fake-log.ts'
import { contentOf } from '../contracts/file-system.ts'
import { Service, startService } from '../services/start-service.ts'

// Writes are slow, so that an append can be met in its middle; a dead writer's file is free after two seconds.
const started = await startService('hdfs', {
  options: {
    ha: 'true',
    httpfs: 'true',
    'lease-ms': '2000',
    'dfs.datanode.data.write.bandwidthPerSec': String(2 * 1024 * 1024)
  }
})
after(async () => {
  if (started instanceof Service) await started.stop()
})

const registry = new Registry(COMPONENTS)
const never = new AbortController().signal

function running(t: TestContext): Service | undefined {
  if (started instanceof Service) return started
  t.skip(started.skip)
  return undefined
}

function environmentOf(service: Service) {
  const configDirectory = join(service.directory, 'conf')
  return { variables: { HADOOP_USER_NAME: 'flume' }, properties: {}, configDirectory }
}

async function open(service: Service, authority = 'millrace', user = 'flume') {
  return await openFileSystem(`webhdfs://${authority}/`, { environment: environmentOf(service), user })
}

async function startSink(
  service: Service,
  path: string,
  properties: Readonly<Record<string, string>> = {}
): Promise<{ sink: Sink; log: FakeLog }> {
  const context = fakeSinkContext<typeof metrics>({ clock: systemClock, environment: environmentOf(service) })
  const all = {
    'hdfs.path': `webhdfs://millrace${path}`,
    'hdfs.fileType': 'DataStream',
    'hdfs.rollInterval': '0',
    'hdfs.rollSize': '0',
    'hdfs.rollCount': '0',
    'hdfs.retryInterval': '1',
    ...properties
  }
  const inner = new Map<string, Awaited<ReturnType<Registry['resolve']>>>()
  for (const { kind, type } of innerTypes(definition.settings, all))
    inner.set(type, await registry.resolve(kind, type))
  const sink = definition.create(
    settingsOf(definition, all, (_kind, type) => inner.get(type)),
    context
  )
  await sink.start()
  return { sink, log: context.log }
}

/** As the engine does it, but for its pauses; tells how often it took. */
async function deliverUntilTaken(sink: Sink, batch: EventBatch): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      await sink.deliver(batch, never)
      return tries
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'ERR_DELIVERY') throw error
      await systemClock.sleep(200)
    }
  }
}

test('a bucket without a place keeps the others from being written again at each attempt', async t => {
  const service = running(t)
  if (service === undefined) return
  const { fileSystem: superuser } = await open(service, 'millrace', 'hdfs')
  const { fileSystem } = await open(service)
  t.after(async () => await Promise.all([superuser.close(), fileSystem.close()]))
  await fileSystem.mkdirs('/user/flume/places')
  const { sink } = await startSink(service, '/user/flume/places/%{place}')
  const batch = (bad: string): EventBatch => {
    const builder = new BatchBuilder()
    for (const place of ['good', bad, 'fine']) builder.add(place.slice(0, 10), { place })
    return builder.build()
  }
  await superuser.mkdirs('/user/flume/places/denied')
  await (await superuser.create('/user/flume/places/file')).close()
  const reasons: string[] = []

  for (const bad of ['denied', 'file', 'long'.repeat(64)]) {
    for (let i = 0; i < 4; i++) {
      const error: unknown = await sink.deliver(batch(bad), never).catch((thrown: unknown) => thrown)
      if (error instanceof AgentError) reasons.push(String(error.facts['reason']))
    }
  }
  await superuser.delete('/user/flume/places/denied')
  await superuser.delete('/user/flume/places/file')
  for (const bad of ['denied', 'file']) await deliverUntilTaken(sink, batch(bad))
  await sink.stop()

  assert.equal(reasons.length, 12)
  for (const [i, sentence] of [/Permission denied/, /not a directory/, /limit/].entries())
    assert.match(reasons[4 * i] ?? '', sentence)
  assert.deepEqual(await linesOf(service, '/user/flume/places/good', 0), ['good', 'good'])
  assert.deepEqual(await linesOf(service, '/user/flume/places/denied', 0), ['denied'])
})

/** Resolves once readers see more than so many bytes of the one file in a folder. */
async function moreVisible(service: Service, folder: string, bytes: number): Promise<void> {
  const { fileSystem } = await open(service)
  for (let seen = 0; seen <= bytes;) {
    const [file] = await fileSystem.list(folder)
    if (file !== undefined) seen = (await contentOf(fileSystem, file.path)).length
  }
  await fileSystem.close()
}

/** All lines of the complete files in a folder; no file of another kind may be there, nor any that is open. */
async function linesOf(service: Service, folder: string, active: number): Promise<string[]> {
  const { fileSystem } = await open(service)
  const files = await fileSystem.list(folder)
  const texts = await Promise.all(files.map(({ path }) => contentOf(fileSystem, path)))
  await fileSystem.close()
  assert.deepEqual(
    files.filter(({ name }) => !/^FlumeData\.\d+$/.test(name)),
    []
  )
  assert.equal(await service.command(`open-files ${active}`), '')
  return texts.join('').split('\n').slice(0, -1)
}

test('after a failover a sink makes its folder and file, and completes it after another one', async t => {
  const service = running(t)
  if (service === undefined) return
  await service.command('activate 1')
  const { sink } = await startSink(service, '/user/flume/new')

  const first = await deliverUntilTaken(sink, batchOf(['a']))
  await service.command('activate 0')
  const second = await deliverUntilTaken(sink, batchOf(['b']))
  await service.command('activate 1')
  await sink.stop()

  assert.deepEqual([first, second], [1, 1])
  assert.deepEqual(await linesOf(service, '/user/flume/new', 1), ['a', 'b'])
  await service.command('activate 0')
})

test('while a failover is under way nobody is active, and calls wait for it', async t => {
  const service = running(t)
  if (service === undefined) return
  const { sink } = await startSink(service, '/user/flume/waits')
  await service.command('stand-by 0')

  const delivery = sink.deliver(batchOf(['a']), never)
  await service.command('activate 1')
  await delivery
  await sink.stop()

  assert.deepEqual(await linesOf(service, '/user/flume/waits', 1), ['a'])
  await service.command('activate 0')
})

test('an HttpFS gateway goes on after a failover', async t => {
  const service = running(t)
  if (service === undefined) return
  const { fileSystem } = await open(service, `127.0.0.1:${service.port('httpFsPort')}`)
  const writer = await fileSystem.create('/user/flume/gateway.tmp')
  await writer.write([Buffer.from('a')])
  await writer.hflush()

  await service.command('activate 1')
  await writer.write([Buffer.from('b')])
  await writer.close()
  await fileSystem.rename('/user/flume/gateway.tmp', '/user/flume/gateway')

  assert.equal(String(await contentOf(fileSystem, '/user/flume/gateway')), 'ab')
  await fileSystem.close()
  await service.command('activate 0')
})

for (const [what, fault, mend, active] of [
  ['safe mode', 'safemode-enter 0', 'safemode-leave 0', 0],
  ['a failover', 'activate 1', 'activate 1', 1]
] as const) {
  test(`${what} in the middle of an append: every event is there once, and no file is left open`, async t => {
    const service = running(t)
    if (service === undefined) return
    const folder = `/user/flume/${fault.split(' ')[0]}`
    const { sink, log } = await startSink(service, folder)
    const large = 'x'.repeat(4 * 1024 * 1024)
    await deliverUntilTaken(sink, batchOf(['a']))

    const delivery = sink.deliver(batchOf([large]), never)
    await moreVisible(service, folder, 2)
    await service.command(fault)
    await delivery
    await service.command(mend)
    await deliverUntilTaken(sink, batchOf(['b']))
    while (!log.messages('info').includes('Rolled a file.')) await systemClock.sleep(50)
    await sink.stop()

    assert.deepEqual(
      (await linesOf(service, folder, active)).map(({ length }) => length),
      [1, large.length, 1]
    )
    assert.deepEqual(log.messages('error'), [])
  })
}

test('a NameNode that is gone is passed over', async t => {
  const service = running(t)
  if (service === undefined) return
  await service.command('activate 1')
  const { fileSystem } = await open(service)
  const writer = await fileSystem.create('/user/flume/passed')
  await service.command('stop-namenode 0')

  await writer.write([Buffer.from('by the second')])
  await writer.close()

  assert.equal(String(await contentOf(fileSystem, '/user/flume/passed')), 'by the second')
  await fileSystem.close()
})
