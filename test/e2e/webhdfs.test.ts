import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import type { FileSystem } from '../../src/fs/file-system.ts'
import { openFileSystem, type OpenedPath } from '../../src/fs/open.ts'
import { contentOf, fileSystemContract, rejectsWith, type Store } from '../contracts/file-system.ts'
import { hadoopShell } from '../services/hdfs/hadoop-shell.ts'
import { Service, startService } from '../services/start-service.ts'

const started = await startService('hdfs', {
  options: { httpfs: 'true', datanodes: '2', 'dfs.replication': '1' }
})
after(async () => {
  if (started instanceof Service) await started.stop()
})

let stores = 0

/** A folder of its own on the real HDFS, by NameNode or gateway; undefined when there is none and the test is skipped. */
async function store(
  t: TestContext,
  port: 'httpPort' | 'httpFsPort'
): Promise<(Store & OpenedPath) | undefined> {
  const service = running(t)
  if (service === undefined) return undefined
  const { fileSystem, path } = await open(service, `/user/flume/store-${stores++}`, port)
  t.after(() => fileSystem.close())
  await fileSystem.mkdirs(path)
  return { fileSystem, path, folder: path }
}

function running(t: TestContext): Service | undefined {
  if (started instanceof Service) return started
  t.skip(started.skip)
  return undefined
}

async function open(
  service: Service,
  path: string,
  port: 'httpPort' | 'httpFsPort' = 'httpPort'
): Promise<OpenedPath> {
  return await openFileSystem(`webhdfs://127.0.0.1:${service.port(port)}${path}`, {
    environment: { variables: {}, properties: {}, configDirectory: undefined },
    user: 'flume'
  })
}

async function written(fileSystem: FileSystem, path: string, text: string): Promise<void> {
  const writer = await fileSystem.create(path)
  await writer.write([Buffer.from(text)])
  await writer.close()
}

fileSystemContract('webhdfs', t => store(t, 'httpPort'))
fileSystemContract('HttpFS', t => store(t, 'httpFsPort'))

test("Hadoop's own shell reads what was flushed by WebHDFS", async t => {
  const opened = await store(t, 'httpPort')
  if (opened === undefined || !(started instanceof Service)) return
  const writer = await opened.fileSystem.create(`${opened.folder}/part 1.tmp`, {
    replication: 2,
    blockSize: 1_048_576
  })
  await writer.write([Buffer.from('flushed ✓\n')])
  await writer.hflush()

  const shown = await hadoopShell(started, '-text', `${opened.folder}/part 1.tmp`)

  assert.equal(shown, 'flushed ✓\n')
  assert.equal((await opened.fileSystem.stat(`${opened.folder}/part 1.tmp`))?.replication, 2)
  await writer.close()
})

test('a folder of another user is denied', async t => {
  const opened = await store(t, 'httpPort')
  if (opened === undefined) return

  await rejectsWith('denied', opened.fileSystem.create('/not-ours'))
  await rejectsWith('denied', opened.fileSystem.mkdirs('/not/ours'))
})

test('a long listing comes in pages', async t => {
  const opened = await store(t, 'httpPort')
  if (opened === undefined) return
  const names = Array.from({ length: 1100 }, (_, i) => `d${String(i).padStart(4, '0')}`)
  for (let i = 0; i < names.length; i += 50) {
    await Promise.all(
      names.slice(i, i + 50).map(name => opened.fileSystem.mkdirs(`${opened.folder}/${name}`))
    )
  }

  assert.deepEqual(
    (await opened.fileSystem.list(opened.folder)).map(({ name }) => name),
    names
  )
})

test('a file that another writer holds is refused, and recovered once it is free', async t => {
  const service = running(t)
  if (service === undefined) return
  const { fileSystem } = await open(service, '/')
  await service.command('hold 1')

  await rejectsWith('other', fileSystem.append('/user/flume/held-1'))
  const recovered = fileSystem.recoverLease('/user/flume/held-1')
  await service.command('release 1')

  assert.equal(await recovered, true)
  assert.equal(String(await contentOf(fileSystem, '/user/flume/held-1')), 'written')
  await fileSystem.close()
})

test('a NameNode in safe mode can be reached, and is not available', async t => {
  const service = running(t)
  if (service === undefined) return
  const { fileSystem, path } = await open(service, '/user/flume/safe')
  await service.command('safemode-enter')

  await rejectsWith('unavailable', fileSystem.create(path))
  await service.command('safemode-leave')
  await written(fileSystem, path, 'x')

  assert.equal(String(await contentOf(fileSystem, path)), 'x')
  await fileSystem.close()
})

test('files are written on while a DataNode is dead', async t => {
  const service = running(t)
  if (service === undefined) return
  const { fileSystem } = await open(service, '/')
  await service.command('stop-datanode 0')

  for (let i = 0; i < 5; i++) await written(fileSystem, `/user/flume/one-node-${i}`, String(i))
  await service.command('start-datanode 0')

  assert.equal(String(await contentOf(fileSystem, '/user/flume/one-node-4')), '4')
  await fileSystem.close()
})

test('a NameNode that goes away is unreachable, and works again when it is back', async t => {
  const service = running(t)
  if (service === undefined) return
  const { fileSystem } = await open(service, '/')
  const writer = await fileSystem.create('/user/flume/outage.tmp')
  await writer.write([Buffer.from('before\n')])
  await writer.hflush()
  await writer.write([Buffer.from('during\n')])
  await service.command('stop-namenode')

  await rejectsWith('unreachable', fileSystem.create('/user/flume/other'))
  await rejectsWith('unreachable', writer.close())
  await service.command('start-namenode')
  await writer.close()
  await fileSystem.rename('/user/flume/outage.tmp', '/user/flume/outage')

  assert.equal(String(await contentOf(fileSystem, '/user/flume/outage')), 'before\nduring\n')
  await fileSystem.close()
})
