import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../core/errors.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeWebHdfs } from '../testing/webhdfs-server.ts'
import { FileSystems, openFileSystem } from './open.ts'
import type { OpenOptions } from './options.ts'

const INSTALLATION = join(import.meta.dirname, '..', '..')

/** A folder `home/conf` with these properties in its core-site.xml, and the options to open URIs with it. */
async function withSite(
  t: TestContext,
  properties: Readonly<Record<string, string>>,
  more: Partial<OpenOptions> = {}
): Promise<{ home: string; options: OpenOptions }> {
  const home = await mkdtemp(join(tmpdir(), 'millrace-home-'))
  t.after(() => rm(home, { recursive: true }))
  const entries = Object.entries(properties).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>\n`
  )
  await mkdir(join(home, 'conf'))
  await writeFile(join(home, 'conf', 'core-site.xml'), `<configuration>\n${entries.join('')}</configuration>`)
  const environment = { variables: { FLUME_HOME: home }, properties: {}, configDirectory: join(home, 'conf') }
  return { home, options: { environment, user: 'flume', ...more } }
}

async function refusal(uri: string, options: OpenOptions): Promise<AgentError> {
  const error: unknown = await openFileSystem(uri, options).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof AgentError, String(error))
  return error
}

async function placeOf(uri: string, options: OpenOptions): Promise<string> {
  const { fileSystem, path } = await openFileSystem(uri, options)
  await fileSystem.close()
  return `${fileSystem.uri} ${path}`
}

test('a path without scheme belongs to the default file system', async t => {
  const { home, options } = await withSite(t, { 'fs.defaultFS': 'embedded:store' })
  const web = await withSite(t, { 'fs.defaultFS': 'webhdfs://namenode' })
  const none = { environment: { variables: {}, properties: {}, configDirectory: undefined } }

  assert.equal(
    await placeOf('/user/flume/with blank/100%/ünï', options),
    `embedded:${home}/store /user/flume/with blank/100%/ünï`
  )
  assert.equal(await placeOf('data', options), `embedded:${home}/store /user/flume/data`)
  assert.equal(await placeOf('/user//flume/./x/', web.options), 'webhdfs://namenode /user/flume/x')
  assert.equal(await placeOf('data', web.options), 'webhdfs://namenode /user/flume/data')
  assert.equal(await placeOf('/tmp/x', none), 'file:// /tmp/x')
  assert.equal(await placeOf('x', none), `file:// ${process.cwd()}/x`)
})

test("a relative embedded store lies among the user's data, or in a FLUME_HOME that is not the installation", async t => {
  const { home, options } = await withSite(t, { 'fs.defaultFS': 'embedded:store' })
  const at = (variables: Readonly<Record<string, string>>) => {
    const environment = { ...options.environment, variables: { XDG_DATA_HOME: `${home}/data`, ...variables } }
    return placeOf('/x', { environment })
  }

  assert.equal(await at({}), `embedded:${home}/data/millrace/store /x`)
  assert.equal(await at({ FLUME_HOME: '' }), `embedded:${home}/data/millrace/store /x`)
  assert.equal(await at({ FLUME_HOME: `${INSTALLATION}/bin/..` }), `embedded:${home}/data/millrace/store /x`)
  assert.equal(await at({ FLUME_HOME: '/opt/flume' }), 'embedded:/opt/flume/store /x')
})

test('a store that an earlier version kept in the installation is pointed out', async t => {
  const name = 'docs' // which is there
  const former = join(INSTALLATION, name)
  const log = new FakeLog()
  const { home, options } = await withSite(t, { 'fs.defaultFS': `embedded:${name}` }, { log })
  const environment = { ...options.environment, variables: { XDG_DATA_HOME: home } }
  const stores = new FileSystems({ ...options, environment })

  await stores.open('/x')
  await stores.open(`embedded:${name}/y`)
  await stores.open(`embedded:${former}/z`)
  await stores.close()

  assert.deepEqual(
    log.lines.map(({ level, facts }) => ({ level, ...facts })),
    [{ level: 'warn', former, folder: join(home, 'millrace', name) }]
  )
})

test('a user without a home has no default store, but whole paths are not affected', async t => {
  const { options } = await withSite(t, { 'fs.defaultFS': 'embedded:store' })
  const environment = { ...options.environment, variables: {}, properties: { 'user.home': '' } }

  assert.match(
    (await refusal('/x', { environment })).message,
    /no home folder\. Set HOME .* embedded:\/FOLDER/
  )
  assert.equal(await placeOf('embedded:/data/x', { environment }), 'embedded: /data/x')
})

test('nothing leads out of the embedded store', async t => {
  const { home, options } = await withSite(t, { 'fs.defaultFS': 'embedded:store' })

  assert.equal(await placeOf('/user/../../../etc', options), `embedded:${home}/store /etc`)
  assert.equal(await placeOf(`embedded:${home}/store/user/x`, options), `embedded:${home}/store /user/x`)
  assert.equal(await placeOf('embedded:store/user', options), `embedded:${home}/store /user`)
  assert.equal((await refusal('embedded:store/../../etc', options)).code, 'ERR_CONFIG')
  assert.equal((await refusal(`embedded:${home}/store/..`, options)).code, 'ERR_CONFIG')
  const { fileSystem } = await openFileSystem('/', options)
  await (await fileSystem.create('/../../a/../outside')).close()
  assert.deepEqual(
    (await fileSystem.list('/')).map(({ path }) => path),
    ['/outside']
  )
})

test('another embedded folder than the default one is reached by its whole path', async t => {
  const { home, options } = await withSite(t, { 'fs.defaultFS': 'embedded:store' })

  assert.equal(await placeOf(`embedded:${home}/elsewhere/x`, options), `embedded: ${home}/elsewhere/x`)
  assert.equal(await placeOf('embedded:../x', options), `embedded: ${join(home, '..', 'x')}`)
})

test('local files may be written file:/x and file:///x, and a lost slash is noticed', async t => {
  const { options } = await withSite(t, {})

  assert.equal(await placeOf('file:/tmp/x y', options), 'file:// /tmp/x y')
  assert.equal(await placeOf('file:///tmp/x', options), 'file:// /tmp/x')
  assert.equal((await refusal('file://tmp/x', options)).facts['hint'], 'Write file:///tmp/x')
})

test('hdfs: is refused with the WebHDFS URI to write instead', async t => {
  const plain = await withSite(t, {})
  const byDefault = await withSite(t, { 'fs.defaultFS': 'hdfs://nn:8020' })
  const known = await withSite(t, {
    'fs.defaultFS': 'hdfs://nn:8020',
    'dfs.namenode.http-address': '0.0.0.0:50070'
  })
  const service = await withSite(t, {
    'fs.defaultFS': 'hdfs://prod',
    'dfs.nameservices': 'prod',
    'dfs.ha.namenodes.prod': 'a,b',
    'dfs.namenode.http-address.prod.a': 'nn1:9870',
    'dfs.namenode.http-address.prod.b': 'nn2:9870'
  })

  const refused = await refusal('/data', byDefault.options)

  assert.equal(refused.code, 'ERR_UNSUPPORTED')
  assert.equal(refused.facts['line'], 2)
  assert.match(
    String(refused.facts['hint']),
    /^Set fs\.defaultFS to webhdfs:\/\/nn:9870 in .*core-site\.xml, or write hdfs\.path = webhdfs:\/\/nn:9870\/data$/
  )
  assert.equal(
    (await refusal('hdfs://nn/data', plain.options)).facts['hint'],
    'Write hdfs.path = webhdfs://nn:9870/data'
  )
  assert.match(
    String((await refusal('/data', known.options)).facts['hint']),
    /hdfs\.path = webhdfs:\/\/nn:50070\/data$/
  )
  assert.match(
    String((await refusal('/data', service.options)).facts['hint']),
    /hdfs\.path = webhdfs:\/\/prod\/data$/
  )
})

test('stores of later versions and unknown schemes are refused', async t => {
  const { options } = await withSite(t, {})

  for (const uri of ['s3a://b/x', 'gs://b/x', 'abfs://c@a/x', 'what:/x'])
    assert.equal((await refusal(uri, options)).code, 'ERR_UNSUPPORTED')
})

test('bad WebHDFS URIs are refused with what to write', async t => {
  const { options } = await withSite(t, {})

  for (const uri of [
    'webhdfs:///x',
    'webhdfs:/x',
    'webhdfs://a:b/x',
    'webhdfs://a:99999/x',
    'webhdfs://u@h/x',
    'webhdfs://[::1/x'
  ]) {
    const { code, facts } = await refusal(uri, options)
    assert.deepEqual([code, typeof facts['hint']], ['ERR_CONFIG', 'string'], uri)
  }
})

test('a logical name service is its NameNodes', async t => {
  await using server = await FakeWebHdfs.start()
  server.files.set('/x', Buffer.from('x'))
  const { options } = await withSite(t, {
    'dfs.nameservices': 'prod',
    'dfs.ha.namenodes.prod': 'a,b',
    'dfs.namenode.http-address.prod.b': server.address
  })
  const bare = await withSite(t, { 'dfs.nameservices': 'prod', 'dfs.ha.namenodes.prod': 'a' })
  const { fileSystem, path } = await openFileSystem('webhdfs://prod/x', options)

  assert.equal((await fileSystem.stat(path))?.size, 1)
  assert.match(
    String((await refusal('webhdfs://prod/x', bare.options)).facts['hint']),
    /dfs\.namenode\.http-address\.prod\.a/
  )
  await fileSystem.close()
})

test("the server is told who we are, on whose behalf, and the site's file settings", async t => {
  await using server = await FakeWebHdfs.start()
  const site = { 'dfs.replication': '2', 'dfs.blocksize': '1m', 'fs.permissions.umask-mode': '077' }
  const queries: Record<string, string>[] = []
  const identities: Partial<OpenOptions>[] = [
    {
      user: undefined,
      environment: { variables: { HADOOP_USER_NAME: 'alice' }, properties: {}, configDirectory: undefined }
    },
    { proxyUser: 'bob' },
    { delegationToken: 'T', proxyUser: 'bob' },
    {}
  ]

  for (const identity of identities) {
    const { options } = await withSite(t, site, identity)
    const { fileSystem } = await openFileSystem(`webhdfs://${server.address}/`, options)
    server.files.clear()
    await fileSystem.create('/x')
    queries.push(Object.fromEntries(server.lastQuery))
    await fileSystem.close()
  }

  const asked = { op: 'CREATE', overwrite: 'false', createparent: 'true', data: 'true' }
  const sited = { ...asked, replication: '2', blocksize: '1048576', permission: '600' }
  assert.deepEqual(queries, [
    { ...asked, 'user.name': 'alice', permission: '644' },
    { ...sited, 'user.name': 'flume', doas: 'bob' },
    { ...sited, delegation: 'T' },
    { ...sited, 'user.name': 'flume' }
  ])
})

test('a Kerberos cluster is refused without a token', async t => {
  const { options } = await withSite(t, { 'hadoop.security.authentication': 'kerberos' })

  assert.equal((await refusal('webhdfs://nn/x', options)).code, 'ERR_UNSUPPORTED')
  assert.equal(await placeOf('webhdfs://nn/x', { ...options, delegationToken: 'T' }), 'webhdfs://nn /x')
})

test('URIs of one store share it, and it is closed once', async t => {
  const { options } = await withSite(t, { 'fs.defaultFS': 'webhdfs://nn:9870' })
  const stores = new FileSystems(options)

  const [a, b, c] = await Promise.all(
    ['/a', 'webhdfs://nn:9870/b', 'webhdfs://other/c'].map(uri => stores.open(uri))
  )

  assert.equal(a?.fileSystem, b?.fileSystem)
  assert.notEqual(a?.fileSystem, c?.fileSystem)
  await stores.close()
  await stores.close()
})
