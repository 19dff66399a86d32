import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Environment } from '../../../core/contracts.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import definition from './hdfs.ts'
import { foundLines } from './testing/started-sink.ts'
import { checkStore } from './check-store.ts'

type Site = Readonly<Record<string, string>>

async function withSite(t: TestContext, site: Site): Promise<Environment & { configDirectory: string }> {
  const configDirectory = await mkdtemp(join(tmpdir(), 'millrace-store-'))
  t.after(() => rm(configDirectory, { recursive: true }))
  const properties = Object.entries(site).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>\n`
  )
  await writeFile(
    join(configDirectory, 'core-site.xml'),
    `<configuration>\n${properties.join('')}</configuration>`
  )
  return { variables: {}, properties: {}, configDirectory }
}

const NOWHERE: Environment = { variables: {}, properties: {}, configDirectory: undefined }

/** Each problem as `level CODE message | hint`. */
async function said(path: string, environment: Environment, more: Site = {}): Promise<string[]> {
  const settings = settingsOf(definition, { 'hdfs.path': path, ...more }, foundLines)
  const problems = await checkStore(settings, environment)
  assert.ok(problems.every(({ key }) => key === 'hdfs.path'))
  return problems.map(({ level, code, message, hint }) => `${level} ${code} ${message} | ${hint}`)
}

test('stores that need no explanation get none', async t => {
  const embedded = await withSite(t, { 'fs.defaultFS': 'embedded:store' })

  for (const path of ['webhdfs://nn:9870/x', 'webhdfs://nn/%Y', 'file:///x', '/x/%{host}', '%Y'])
    assert.deepEqual(await said(path, embedded), [], path)
})

test('an hdfs: path, also by default, is said to be served over WebHDFS, and where', async t => {
  const site = { 'fs.defaultFS': 'hdfs://nn:8020', 'dfs.namenode.http-address': 'nn:50070' }
  const environment = await withSite(t, site)

  const expected = [
    `info HDFS_BY_WEBHDFS hdfs.path leads to hdfs://nn:8020, which is served over WebHDFS at http://nn:50070. | Named by dfs.namenode.http-address; the site files are those of ${environment.configDirectory}.`
  ]
  assert.deepEqual(await said('/logs/%Y', environment), expected)
  assert.deepEqual(await said('hdfs://nn:8020/logs/%Y', environment), expected)
  assert.deepEqual(await said('hdfs://other:9000/%Y', NOWHERE), [
    'info HDFS_BY_WEBHDFS hdfs.path leads to hdfs://other:9000, which is served over WebHDFS at http://other:9870, http://other:50070. | Its web interface is looked for on the usual ports; there are no site files, as neither --conf nor HADOOP_CONF_DIR nor HADOOP_HOME names a folder.'
  ])
})

test('Kerberos in the site files is the error that the start gives, unless there is a token', async t => {
  const site = { 'fs.defaultFS': 'hdfs://nn', 'hadoop.security.authentication': 'kerberos' }
  const environment = await withSite(t, site)

  assert.deepEqual(await said('/x', environment), [
    `error NOT_IN_THIS_VERSION hdfs.path leads to hdfs://nn: The cluster wants Kerberos, which is not in this version. See ${environment.configDirectory}/core-site.xml:3. | Get a delegation token (hdfs fetchdt --webservice, or curl) and set hdfs.delegationToken.`
  ])
  assert.match((await said('/x', environment, { 'hdfs.delegationToken': 'T' })).join(), /^info /)
  assert.deepEqual(await said('file:///x', environment), [])
})

test('a URI with the port of the native protocol is warned about', async t => {
  const environment = await withSite(t, { 'fs.defaultFS': 'webhdfs://nn:9000' })

  for (const [path, uri] of [
    ['webhdfs://nn:8020/x', 'webhdfs://nn:8020'],
    ['swebhdfs://nn:8020/x', 'swebhdfs://nn:8020'],
    ['/x', 'webhdfs://nn:9000']
  ] as const) {
    const [problem = '', ...more] = await said(path, environment)
    assert.deepEqual(more, [])
    assert.ok(problem.startsWith(`warning HDFS_RPC_PORT hdfs.path leads to ${uri}: that looks like`), problem)
  }
})

test('a name that dfs.nameservices does not list is warned about, a host with port or domain is not', async t => {
  const environment = await withSite(t, { 'dfs.nameservices': 'prod,test' })

  const [warning = ''] = (await said('hdfs://prd/x', environment)).filter(text => text.startsWith('warning'))

  assert.equal(
    warning,
    'warning HDFS_NAME_SERVICE hdfs.path names prd, which dfs.nameservices (prod, test) does not list; it is taken for a host. | Did you mean prod?'
  )
  for (const path of ['hdfs://prd:8020/x', 'hdfs://prd.example.org/x'])
    assert.doesNotMatch((await said(path, environment)).join(), /HDFS_NAME_SERVICE/)
})

test('a trust store of ssl-client.xml that is not there is an error, with its place', async t => {
  const environment = await withSite(t, {})
  const file = join(environment.configDirectory, 'ssl-client.xml')
  const property = '<name>ssl.client.truststore.location</name><value>/none</value>'
  await writeFile(file, `<configuration>\n<property>${property}</property></configuration>`)

  assert.deepEqual(await said('swebhdfs://nn/x', environment), [
    `error BAD_VALUE hdfs.path leads to swebhdfs://nn: The key or trust store /none cannot be used: There is no such file. See ${file}:2. | Correct the site file, or name another folder with --conf.`
  ])
})

test('what cannot be opened is an error that keeps the sink', async t => {
  const view = await withSite(t, { 'fs.defaultFS': 'viewfs://c' })
  const broken = await withSite(t, {})
  await writeFile(join(broken.configDirectory, 'core-site.xml'), '<html/>')

  const levels = []
  for (const [path, environment] of [
    ['/x', view],
    ['s3a://bucket/x', NOWHERE],
    ['hdfs:///x', NOWHERE],
    ['hdfs://a:b/x', NOWHERE],
    ['file://x', NOWHERE],
    ['/x', broken]
  ] as const) {
    levels.push((await said(path, environment)).map(text => text.split(' ').slice(0, 5).join(' ')))
  }

  assert.deepEqual(levels, [
    ['error NOT_IN_THIS_VERSION hdfs.path leads to'],
    ['error NOT_IN_THIS_VERSION hdfs.path leads to'],
    ['error BAD_VALUE hdfs.path leads to'],
    ['error BAD_VALUE hdfs.path leads to'],
    ['error BAD_VALUE hdfs.path leads to'],
    ['error BAD_VALUE hdfs.path leads to']
  ])
})

test('site files that do not count are named', async t => {
  const used = await withSite(t, {})
  const other = await withSite(t, {})
  const variables = { HADOOP_CONF_DIR: other.configDirectory }

  assert.deepEqual(await said('file:///x', { ...used, variables }), [
    `warning HADOOP_SITE Of the site files: ${used.configDirectory}/core-site.xml is used, ${other.configDirectory}/core-site.xml is not. | Keep one set of site files, in the folder of --conf.`
  ])
})
