import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadHadoopConfiguration, type HadoopConfiguration } from '../hadoop-configuration.ts'
import { hdfsRoute, looksLikeRpcPort, webHdfsRoute } from './route.ts'

type Site = Readonly<Record<string, string>>

async function configured(t: TestContext, site: Site): Promise<HadoopConfiguration> {
  const configDirectory = await mkdtemp(join(tmpdir(), 'millrace-route-'))
  t.after(() => rm(configDirectory, { recursive: true }))
  const entries = Object.entries(site).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`
  )
  await writeFile(
    join(configDirectory, 'core-site.xml'),
    `<configuration>${entries.join('')}</configuration>`
  )
  return await loadHadoopConfiguration({ variables: {}, properties: {}, configDirectory })
}

const SINGLE = { 'fs.defaultFS': 'hdfs://nn:8020', 'dfs.namenode.http-address': 'web:50070' }
const PAIR = {
  'fs.defaultFS': 'hdfs://prod',
  'dfs.nameservices': 'prod,other',
  'dfs.ha.namenodes.prod': 'a,b',
  'dfs.namenode.rpc-address.prod.a': 'nn1:8020',
  'dfs.namenode.rpc-address.prod.b': 'hdfs://nn2:8020/',
  'dfs.namenode.http-address.prod.a': 'nn1:1111',
  'dfs.namenode.http-address.prod.b': '0.0.0.0:2222',
  'dfs.namenode.https-address.prod.a': 'nn1:3333',
  'dfs.namenode.rpc-address.other': 'nn3',
  'dfs.namenode.http-address.other': 'nn3:4444'
}
const KEY = 'dfs.namenode.http-address'

for (const [title, site, authority, addresses, properties] of [
  ['without site files the usual ports of the host', {}, 'nn:8020', ['nn:9870', 'nn:50070'], []],
  ['an address of version 6', {}, '[::1]:9000', ['[::1]:9870', '[::1]:50070'], []],
  ['the web address of the default file system', SINGLE, 'nn:8020', ['web:50070'], [KEY]],
  ['the same without its usual port', SINGLE, 'NN', ['web:50070'], [KEY]],
  ['another cluster than the one of the site files', SINGLE, 'x:8020', ['x:9870', 'x:50070'], []],
  ['another port of the same host', SINGLE, 'nn:9000', ['nn:9870', 'nn:50070'], []],
  [
    'a web address on every interface',
    { 'fs.defaultFS': 'hdfs://nn', [KEY]: '0.0.0.0:1' },
    'nn',
    ['nn:1'],
    [KEY]
  ],
  ['a NameNode that only its web address places', { [KEY]: 'nn:1' }, 'nn:8020', ['nn:1'], [KEY]],
  ['another one than that', { [KEY]: 'nn:1' }, 'x:8020', ['x:9870', 'x:50070'], []],
  [
    'the old name of the property',
    { 'fs.default.name': 'hdfs://nn', 'dfs.http.address': 'nn:2' },
    'nn',
    ['nn:2'],
    [KEY]
  ],
  ['a name service', PAIR, 'prod', ['nn1:1111', 'nn2:2222'], [`${KEY}.prod.a`, `${KEY}.prod.b`]],
  ['a name service of one NameNode', PAIR, 'other', ['nn3:4444'], [`${KEY}.other`]],
  ['one NameNode of a pair', PAIR, 'nn2:8020', ['nn2:2222'], [`${KEY}.prod.b`]],
  ['a NameNode of a federation', PAIR, 'nn3', ['nn3:4444'], [`${KEY}.other`]],
  [
    'a name service without web addresses',
    { 'dfs.nameservices': 'p', 'dfs.namenode.rpc-address.p': 'nn:8020' },
    'p',
    ['nn:9870', 'nn:50070'],
    []
  ]
] as const) {
  test(`hdfs: leads to ${title}`, async t => {
    const route = hdfsRoute(authority, await configured(t, site))

    assert.deepEqual(route, { secure: false, addresses, properties })
  })
}

test('where only HTTPS is spoken the TLS addresses count', async t => {
  const policy = { 'dfs.http.policy': 'HTTPS_ONLY' }
  const single = { 'fs.defaultFS': 'hdfs://nn', 'dfs.namenode.https-address': 'nn:7' }

  const routes = [
    hdfsRoute('nn', await configured(t, policy)),
    hdfsRoute('nn', await configured(t, { ...SINGLE, ...single, ...policy })),
    hdfsRoute('nn', await configured(t, { ...SINGLE, ...single, 'dfs.http.policy': 'HTTP_AND_HTTPS' })),
    hdfsRoute('prod', await configured(t, { ...PAIR, ...policy }))
  ]

  assert.deepEqual(
    routes.map(({ secure, addresses }) => [secure, addresses]),
    [
      [true, ['nn:9871', 'nn:50470']],
      [true, ['nn:7']],
      [false, ['web:50070']],
      [true, ['nn1:3333', 'nn2:9871', 'nn2:50470']]
    ]
  )
})

test('webhdfs: leads to the host and port that are written, or to a name service', async t => {
  const configuration = await configured(t, PAIR)

  assert.deepEqual(webHdfsRoute(false, 'nn1', configuration).addresses, ['nn1:9870'])
  assert.deepEqual(webHdfsRoute(true, 'nn1:1', configuration).addresses, ['nn1:1'])
  assert.deepEqual(webHdfsRoute(false, 'prod', configuration).addresses, ['nn1:1111', 'nn2:2222'])
})

test('a name service of which nothing more is known names the property that is missing', async t => {
  const configuration = await configured(t, { 'dfs.nameservices': 'prod', 'dfs.ha.namenodes.prod': 'a' })

  assert.throws(() => hdfsRoute('prod', configuration), {
    code: 'ERR_CONFIG',
    facts: {
      nameService: 'prod',
      ...configuration.place('dfs.nameservices'),
      hint: 'Set dfs.namenode.http-address.prod.a in hdfs-site.xml.'
    }
  })
})

test('an address that is none is named with its place', async t => {
  const configuration = await configured(t, { ...SINGLE, [KEY]: 'nn:port' })

  assert.throws(() => hdfsRoute('nn', configuration), {
    message: 'The Hadoop setting is no host and port.',
    facts: { name: KEY, value: 'nn:port', ...configuration.place(KEY), hint: `Write ${KEY} as host:port.` }
  })
})

test('8020 and 9000 look like RPC ports, unless a site file gives them to a web interface', async t => {
  const none = await configured(t, {})
  const odd = await configured(t, { [KEY]: 'nn:9000' })

  const looks = ['nn:8020', 'nn:9000', 'nn', 'nn:9870', '[::9000]'].map(authority =>
    looksLikeRpcPort(authority, none)
  )

  assert.deepEqual(looks, [true, true, false, false, false])
  assert.deepEqual([looksLikeRpcPort('nn:9000', odd), looksLikeRpcPort('nn:8020', odd)], [false, true])
})
