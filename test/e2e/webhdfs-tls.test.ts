import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openFileSystem } from '../../src/fs/open.ts'
import { contentOf } from '../contracts/file-system.ts'
import { Service, startService } from '../services/start-service.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures/tls')

const started = await startService('hdfs', { options: { tls: 'true', 'dfs.replication': '1' } })
const folder = await mkdtemp(join(tmpdir(), 'millrace-webhdfs-tls-'))
after(async () => {
  if (started instanceof Service) await started.stop()
  await rm(folder, { recursive: true, force: true })
})

const STORES = {
  'ssl.client.truststore.location': join(FIXTURES, 'trust-ca.jks'),
  'ssl.client.truststore.password': 'password',
  'ssl.client.keystore.location': join(FIXTURES, 'client.jks'),
  'ssl.client.keystore.password': 'password'
}

/** A folder with site files of these properties. */
async function siteFolder(
  name: string,
  core: Readonly<Record<string, string>>,
  client: Readonly<Record<string, string>>
): Promise<string> {
  const directory = join(folder, name)
  await mkdir(directory)
  for (const [file, properties] of [
    ['core-site.xml', core],
    ['ssl-client.xml', client]
  ] as const) {
    const entries = Object.entries(properties).map(
      ([key, value]) => `<property><name>${key}</name><value>${value}</value></property>`
    )
    await writeFile(join(directory, file), `<configuration>${entries.join('')}</configuration>`)
  }
  return directory
}

test("Hadoop's own servers are written to and read from by TLS, with a certificate of ours", async t => {
  if (!(started instanceof Service)) return t.skip(started.skip)
  const core = { 'hadoop.ssl.require.client.cert': 'true' }
  const configDirectory = await siteFolder('with', core, STORES)
  const environment = { variables: {}, properties: {}, configDirectory }
  const uri = `swebhdfs://127.0.0.1:${started.port('httpsPort')}/user/flume/by-tls`
  const { fileSystem, path } = await openFileSystem(uri, { environment, user: 'flume' })
  t.after(() => fileSystem.close())

  const writer = await fileSystem.create(path)
  await writer.write([Buffer.from('one ')])
  await writer.hflush()
  await writer.write([Buffer.from('two')])
  await writer.close()

  assert.equal(String(await contentOf(fileSystem, path)), 'one two')
})

test('without a certificate of ours they refuse, and nothing is written', async t => {
  if (!(started instanceof Service)) return t.skip(started.skip)
  const configDirectory = await siteFolder('without', {}, STORES)
  const environment = { variables: {}, properties: {}, configDirectory }
  const uri = `swebhdfs://127.0.0.1:${started.port('httpsPort')}/user/flume/refused`
  const { fileSystem, path } = await openFileSystem(uri, { environment, user: 'flume', timeoutMs: 2_000 })
  t.after(() => fileSystem.close())

  await assert.rejects(fileSystem.create(path), { code: 'ERR_FILE_SYSTEM' })
})
