import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeWebHdfs } from '../testing/webhdfs-server.ts'
import { FileSystems } from './open.ts'
import { answering, failure, refusal, withSite } from './testing/opened-uris.ts'

/** An address at which nobody listens any more. */
async function closedAddress(): Promise<string> {
  await using server = await FakeWebHdfs.start()
  return server.address
}

const rpcSentence = (address: string) =>
  `What answers at ${address} does not speak HTTP: it looks like the RPC port of a NameNode.`

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
