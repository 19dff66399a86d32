import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openFileSystem, type OpenedPath } from '../../src/fs/open.ts'
import { rejectsWith } from '../contracts/file-system.ts'
import { hadoopShell } from '../services/hdfs/hadoop-shell.ts'
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

async function open(uri: string): Promise<OpenedPath> {
  return await openFileSystem(uri, {
    environment: { variables: {}, properties: {}, configDirectory: undefined },
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
