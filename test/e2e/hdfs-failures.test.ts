import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openFileSystem, type OpenedPath } from '../../src/fs/open.ts'
import { contentOf, rejectsWith } from '../contracts/file-system.ts'
import { hadoopShell } from '../services/hdfs/launch.ts'
import { Service, startService } from '../services/start-service.ts'

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-hdfs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function start(
  t: TestContext,
  directory: string,
  options: Readonly<Record<string, string>> = {}
): Promise<Service | undefined> {
  const service = await startService('hdfs', { directory, options })
  if (service instanceof Service) {
    t.after(() => service.stop())
    return service
  }
  t.skip(service.skip)
  return undefined
}

async function open(uri: string, configDirectory?: string): Promise<OpenedPath> {
  return await openFileSystem(uri, {
    environment: { variables: {}, properties: {}, configDirectory },
    user: 'flume'
  })
}

test('a cluster that was killed and comes back on the same ports has every flushed byte, and the writer goes on', async t => {
  const folder = await temporaryFolder(t)
  const first = await start(t, folder)
  if (first === undefined) return
  const { fileSystem, path } = await open(
    `webhdfs://127.0.0.1:${first.port('httpPort')}/user/flume/crash.tmp`
  )
  t.after(() => fileSystem.close())
  const writer = await fileSystem.create(path)
  await writer.write([Buffer.from('flushed\n')])
  await writer.hflush()
  await first.kill()

  await rejectsWith('unreachable', fileSystem.create('/user/flume/other'))
  await writer.write([Buffer.from('written while away\n')])
  const second = await start(t, folder, {
    'rpc-port': String(first.port('rpcPort')),
    'http-port': String(first.port('httpPort'))
  })
  if (second === undefined) return
  await writer.close()
  await fileSystem.rename(path, '/user/flume/crash')

  assert.equal(await hadoopShell(second, '-cat', '/user/flume/crash'), 'flushed\nwritten while away\n')
})

test('when the active NameNode changes, the writer finds the other one', async t => {
  const folder = await temporaryFolder(t)
  const service = await start(t, folder, { ha: 'true' })
  if (service === undefined) return
  const conf = await temporaryFolder(t)
  await writeFile(
    join(conf, 'core-site.xml'),
    site({
      'fs.defaultFS': 'webhdfs://millrace',
      'dfs.nameservices': 'millrace',
      'dfs.ha.namenodes.millrace': 'nn1,nn2',
      'dfs.namenode.http-address.millrace.nn1': `127.0.0.1:${service.port('httpPort')}`,
      'dfs.namenode.http-address.millrace.nn2': `127.0.0.1:${service.port('secondHttpPort')}`
    })
  )
  const { fileSystem, path } = await open('/user/flume/failover', conf)
  t.after(() => fileSystem.close())
  const writer = await fileSystem.create(path)
  await writer.write([Buffer.from('by the first\n')])
  await writer.hflush()

  await service.command('activate 1')
  await writer.write([Buffer.from('by the second\n')])
  await writer.hflush()
  await service.command('stop-namenode 0')
  await writer.close()

  assert.equal(String(await contentOf(fileSystem, path)), 'by the first\nby the second\n')
})

function site(properties: Readonly<Record<string, string>>): string {
  const entries = Object.entries(properties).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`
  )
  return `<configuration>${entries.join('')}</configuration>`
}
