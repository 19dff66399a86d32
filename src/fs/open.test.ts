import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeWebHdfs } from '../testing/webhdfs-server.ts'
import { FileSystems, openFileSystem } from './open.ts'
import type { OpenOptions } from './options.ts'
import { answering, failure, placeOf, refusal, withSite } from './testing/opened-uris.ts'

const INSTALLATION = join(import.meta.dirname, '..', '..')

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

  for (const uri of ['webhdfs://nn/x', 'hdfs://nn:8020/x']) {
    const { code, message, facts } = await refusal(uri, options)
    assert.deepEqual([code, facts['line']], ['ERR_UNSUPPORTED', 2])
    assert.equal(message, 'The cluster wants Kerberos, which is not in this version.')
  }
  assert.equal(await placeOf('webhdfs://nn/x', { ...options, delegationToken: 'T' }), 'webhdfs://nn /x')
})

test('a server that wants Kerberos is told by its answer, too', async t => {
  const { options } = await withSite(t, {})
  await using port = await answering(
    'HTTP/1.1 401 Authentication required\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n'
  )

  const { facts } = await failure(`webhdfs://${port.address}/x`, options)

  assert.deepEqual(
    [facts['kind'], facts['reason']],
    ['denied', 'The cluster wants Kerberos, which is not in this version.']
  )
  assert.match(String(facts['hint']), /^Get a delegation token/)
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
