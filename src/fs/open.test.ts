import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
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

/** What asking for the status of what `uri` names ends in. */
async function failure(uri: string, options: OpenOptions): Promise<AgentError> {
  const { fileSystem, path } = await openFileSystem(uri, options)
  const error: unknown = await fileSystem.stat(path).catch((thrown: unknown) => thrown)
  await fileSystem.close()
  assert.ok(error instanceof AgentError, String(error))
  return error
}

/** An address at which nobody listens any more. */
async function closedAddress(): Promise<string> {
  await using server = await FakeWebHdfs.start()
  return server.address
}

/** A server that answers whatever it is sent with `text`. */
async function answering(text: string): Promise<{ address: string } & AsyncDisposable> {
  const server = createServer(socket => {
    socket.once('data', () => socket.end(text, 'latin1'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    }
  }
}

const rpcSentence = (address: string) =>
  `What answers at ${address} does not speak HTTP: it looks like the RPC port of a NameNode.`

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

test('hdfs: is served over WebHDFS, written out, by default and by the name of a service', async t => {
  await using server = await FakeWebHdfs.start()
  server.files.set('/x', Buffer.from('x'))
  const log = new FakeLog()
  const { options } = await withSite(t, {
    'fs.defaultFS': 'hdfs://127.0.0.1:8020',
    'dfs.namenode.http-address': server.address,
    'dfs.nameservices': 'prod',
    'dfs.ha.namenodes.prod': 'a,b',
    'dfs.namenode.http-address.prod.a': await closedAddress(),
    'dfs.namenode.http-address.prod.b': server.address
  })
  const stores = new FileSystems({ ...options, log })

  const found = []
  for (const uri of ['hdfs://127.0.0.1:8020/x', 'hdfs:///x', 'hdfs:/x', '/x', 'hdfs://prod/x']) {
    const { fileSystem, path } = await stores.open(uri)
    found.push([fileSystem.uri, (await fileSystem.stat(path))?.size])
  }
  await stores.close()

  const host = ['hdfs://127.0.0.1:8020', 1]
  assert.deepEqual(found, [host, host, host, host, ['hdfs://prod', 1]])
  assert.deepEqual(log.messages('info'), Array(2).fill('hdfs: is served over WebHDFS.'))
})

test('where hdfs: cannot be reached the error says where it was looked for, and why there', async t => {
  const address = await closedAddress()
  const site = { 'fs.defaultFS': 'hdfs://127.0.0.1:8020', 'dfs.namenode.http-address': address }
  const { home, options } = await withSite(t, site)

  const { code, facts } = await failure('/x', options)

  assert.equal(code, 'ERR_FILE_SYSTEM')
  assert.match(
    String(facts['reason']),
    new RegExp(
      `^hdfs://127\\.0\\.0\\.1:8020 cannot be reached by WebHDFS at http://${address}: connect ECONNREFUSED`
    )
  )
  assert.equal(
    facts['hint'],
    `The native hdfs: protocol is not in this version. dfs.namenode.http-address must say where the NameNode has its web interface; the site files are those of ${home}/conf.`
  )
})

test('a name that is neither host nor service is an error that names dfs.nameservices and the folders', async t => {
  const { home, options } = await withSite(t, { 'dfs.nameservices': 'prod, test' })
  const elsewhere = { HADOOP_CONF_DIR: join(home, 'none'), HADOOP_HOME: home }
  const environment = { variables: elsewhere, properties: {}, configDirectory: undefined }

  const hints = []
  for (const uri of ['hdfs://prd.invalid/x', 'webhdfs://prd.invalid/x'])
    hints.push((await failure(uri, options)).facts['hint'])
  const without = await failure('hdfs://prd.invalid/x', { ...options, environment })

  const known = 'prd.invalid is neither a host that is known here nor a name service: dfs.nameservices'
  const listed = `${known} has prod, test; the site files are those of ${home}/conf.`
  assert.deepEqual(hints, [listed, listed])
  assert.equal(
    without.facts['hint'],
    `${known} is not set; no core-site.xml was found in ${home}/none, ${home}/etc/hadoop.`
  )
})

test('hdfs: without a host needs the site files', async () => {
  const environment = { variables: {}, properties: {}, configDirectory: undefined }

  const { code, facts } = await refusal('hdfs:///x', { environment })

  assert.equal(code, 'ERR_CONFIG')
  assert.match(
    String(facts['hint']),
    /^Write hdfs:\/\/namenode:8020\/x; there are no site files, as neither --conf nor HADOOP_CONF_DIR/
  )
})

test('a path of ViewFS is told what it leads to', async t => {
  const link = (path: string) => `fs.viewfs.mounttable.cluster.link.${path}`
  const { options } = await withSite(t, {
    'fs.defaultFS': 'viewfs://cluster',
    [link('/data')]: 'hdfs://ns1/',
    [link('/data/deep')]: 'hdfs://ns2/d'
  })

  const hints = []
  for (const uri of ['/data/x', 'viewfs://cluster/data/deep/x/y', 'viewfs:///elsewhere']) {
    const { code, facts } = await refusal(uri, options)
    hints.push([code, facts['hint']])
  }

  assert.deepEqual(hints, [
    ['ERR_UNSUPPORTED', `Write hdfs://ns1/x, where ${link('/data')} leads.`],
    ['ERR_UNSUPPORTED', `Write hdfs://ns2/d/x/y, where ${link('/data/deep')} leads.`],
    ['ERR_UNSUPPORTED', 'Use hdfs:, webhdfs:, swebhdfs:, file: or embedded:.']
  ])
})

test('the RPC port of a NameNode is told from a web interface, in both of its answers', async t => {
  const { options } = await withSite(t, {})
  const getsHelp =
    'HTTP/1.1 404 Not Found\r\nContent-type: text/plain\r\n\r\nIt looks like you are making an HTTP request to a Hadoop IPC port.'
  const reasons = []
  for (const answer of [getsHelp, '\0\0\0\x7c{\x08']) {
    await using port = await answering(answer)
    const { facts } = await failure(`webhdfs://${port.address}/x`, options)
    reasons.push(facts['reason'] === rpcSentence(port.address))
    assert.match(String(facts['hint']), new RegExp(`^Write hdfs://${port.address}, or the port of the web`))
  }

  assert.deepEqual(reasons, [true, true])
})

test('a server without TLS is named as one', async t => {
  await using server = await FakeWebHdfs.start()
  const { options } = await withSite(t, {})

  const { facts } = await failure(`swebhdfs://${server.address}/x`, options)

  assert.equal(facts['reason'], 'What answers there does not speak TLS; webhdfs: does without.')
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
