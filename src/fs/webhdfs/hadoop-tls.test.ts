import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { certificateOf, fixture, fixturePath } from '../../net/tls/testing/fixture-files.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { FakeLog } from '../../testing/fake-log.ts'
import { FakeWebHdfs } from '../../testing/webhdfs-server.ts'
import { FileSystems } from '../open.ts'
import type { OpenOptions } from '../options.ts'
import { failure, refusal, withSite, writeSite } from '../testing/opened-uris.ts'

interface Site {
  /** Of ssl-client.xml; undefined: there is none. */
  readonly client?: Readonly<Record<string, string>>
  readonly core?: Readonly<Record<string, string>>
  readonly variables?: Readonly<Record<string, string>>
  /** What ssl-client.xml is called. */
  readonly name?: string
}

const TRUST = 'ssl.client.truststore'
const TRUSTING = { [`${TRUST}.location`]: fixturePath('trust-ca.jks'), [`${TRUST}.password`]: 'password' }

async function optionsFor(
  t: TestContext,
  { client, core = {}, variables = {}, name }: Site
): Promise<OpenOptions> {
  const { home, options } = await withSite(t, core)
  if (client !== undefined) await writeSite(join(home, 'conf', name ?? 'ssl-client.xml'), client)
  const { environment } = options
  return {
    ...options,
    environment: { ...environment, variables: { ...environment.variables, ...variables } }
  }
}

/** Writes a file, and reads it again: `secret`, or why not. */
async function written(uri: string, options: OpenOptions): Promise<unknown> {
  const { fileSystem, path } = await new FileSystems(options).open(`${uri}/x`)
  try {
    const writer = await fileSystem.create(path)
    await writer.write([Buffer.from('secret')])
    await writer.close()
    return String(Buffer.concat(await Array.fromAsync(fileSystem.read(path))))
  } finally {
    await fileSystem.close()
  }
}

for (const [what, site] of [
  ['the trust store of ssl-client.xml', { client: TRUSTING }],
  ['a trust store without password', { client: { [`${TRUST}.location`]: fixturePath('trust-ca.jks') } }],
  ['a PEM file', { client: { [`${TRUST}.location`]: fixturePath('ca.pem'), [`${TRUST}.password`]: '' } }],
  [
    'the file that hadoop.ssl.client.conf names',
    { client: TRUSTING, core: { 'hadoop.ssl.client.conf': 'own-ssl.xml' }, name: 'own-ssl.xml' }
  ],
  ["the agent's trust store", { variables: { FLUME_SSL_TRUSTSTORE_PATH: fixturePath('trust-ca.jks') } }],
  [
    "the agent's trust store beside an ssl-client.xml without one",
    { client: {}, variables: { FLUME_SSL_TRUSTSTORE_PATH: fixturePath('trust-ca.jks') } }
  ],
  [
    "ssl-client.xml, whatever the agent's is",
    { client: TRUSTING, variables: { FLUME_SSL_TRUSTSTORE_PATH: fixturePath('server.pem') } }
  ]
] as [string, Site][]) {
  test(`files are written to and read from servers trusted by ${what}`, async t => {
    await using server = await FakeWebHdfs.start(certificateOf('issued'))

    assert.equal(await written(`swebhdfs://${server.address}`, await optionsFor(t, site)), 'secret')
  })
}

test('hdfs: speaks TLS where the site files say so', async t => {
  await using server = await FakeWebHdfs.start(certificateOf('issued'))
  const core = {
    'fs.defaultFS': 'hdfs://127.0.0.1:8020',
    'dfs.http.policy': 'HTTPS_ONLY',
    'dfs.namenode.https-address': server.address
  }

  assert.equal(
    await written('hdfs://127.0.0.1:8020', await optionsFor(t, { client: TRUSTING, core })),
    'secret'
  )
})

test('a server that is not trusted, or that has another name, is not written to', async t => {
  await using stranger = await FakeWebHdfs.start({ cert: fixture('server.pem'), key: fixture('server.key') })
  await using elsewhere = await FakeWebHdfs.start(certificateOf('elsewhere'))
  const options = await optionsFor(t, { client: TRUSTING })

  const unknown = await failure(`swebhdfs://${stranger.address}/x`, options)
  const misnamed = await failure(`swebhdfs://${elsewhere.address}/x`, options)

  assert.match(String(unknown.facts['reason']), /self-signed certificate/)
  assert.match(String(misnamed.facts['reason']), /IP: 127\.0\.0\.1 is not in the cert's list/)
  assert.deepEqual([unknown.facts['notApplied'], misnamed.facts['notApplied']], [true, true])
  assert.deepEqual([stranger.requests, elsewhere.requests], [[], []])
})

test('ALLOW_ALL takes any name, as in Hadoop', async t => {
  await using server = await FakeWebHdfs.start(certificateOf('elsewhere'))
  const core = { 'hadoop.ssl.hostname.verifier': 'allow_all' }

  assert.equal(
    await written(`swebhdfs://${server.address}`, await optionsFor(t, { client: TRUSTING, core })),
    'secret'
  )
})

test('our certificate is shown where hadoop.ssl.require.client.cert says so', async t => {
  const wants = { ca: fixture('ca.pem'), requestCert: true, rejectUnauthorized: true }
  await using server = await FakeWebHdfs.start({ ...certificateOf('issued'), ...wants })
  const keyStore = {
    'ssl.client.keystore.location': fixturePath('client.jks'),
    'ssl.client.keystore.password': 'password',
    'ssl.client.keystore.keypassword': 'password'
  }
  const client = { ...TRUSTING, ...keyStore }
  const core = { 'hadoop.ssl.require.client.cert': 'true' }
  const uri = `swebhdfs://${server.address}`

  const without = await failure(`${uri}/x`, await optionsFor(t, { client }))

  assert.deepEqual([without.facts['kind'], server.requests], ['unreachable', []])
  assert.equal(await written(uri, await optionsFor(t, { client, core })), 'secret')
})

test('a trust store that is exchanged counts for the next connection', async t => {
  await using server = await FakeWebHdfs.start(certificateOf('issued'))
  const options = await optionsFor(t, {})
  const store = join(options.environment.configDirectory ?? '', 'trust')
  await writeSite(join(options.environment.configDirectory ?? '', 'ssl-client.xml'), {
    [`${TRUST}.location`]: store
  })
  await copyFile(fixturePath('server.pem'), store)
  const [clock, log] = [new FakeClock(), new FakeLog()]
  const { fileSystem } = await new FileSystems({ ...options, clock, log }).open(
    `swebhdfs://${server.address}/x`
  )
  const outcome = async (): Promise<unknown> =>
    await fileSystem.stat('/x').catch((error: { facts: { reason: string } }) => error.facts.reason)

  const before = await outcome()
  await copyFile(fixturePath('ca.pem'), store)
  await clock.advance(10_000)
  const after = await outcome()
  await fileSystem.close()

  assert.match(String(before), /certificate/)
  assert.equal(after, undefined)
  assert.deepEqual(log.messages('info'), ['The files for TLS have changed; new connections use them.'])
})

for (const [what, site, message, line] of [
  [
    'a trust store that is not there',
    { client: { [`${TRUST}.location`]: '/none' } },
    'The key or trust store /none cannot be used: There is no such file.',
    2
  ],
  [
    'a wrong password',
    { client: { ...TRUSTING, [`${TRUST}.password`]: 'secret' } },
    `The key or trust store ${fixturePath('trust-ca.jks')} cannot be used: Keystore was tampered with, or password was incorrect.`,
    2
  ],
  [
    'no key store where one is required',
    { client: { 'hadoop.ssl.require.client.cert': 'true' } },
    "The property 'ssl.client.keystore.location' has not been set.",
    2
  ],
  [
    "a trust store of the agent's that is not there",
    { variables: { FLUME_SSL_TRUSTSTORE_PATH: '/none' } },
    'The key or trust store /none cannot be used: There is no such file.',
    undefined
  ]
] as [string, Site, string, number | undefined][]) {
  test(`${what} is said when the store is opened, with its place`, async t => {
    const options = await optionsFor(t, site)

    const error = await refusal('swebhdfs://h/x', options)

    assert.deepEqual([error.code, error.message, error.facts['line']], ['ERR_CONFIG', message, line])
    assert.equal(error.facts['uri'], 'swebhdfs://h')
    const file = join(options.environment.configDirectory ?? '', 'ssl-client.xml')
    assert.equal(error.facts['file'], line === undefined ? undefined : file)
  })
}

test('without TLS, stores are not looked at', async t => {
  await using server = await FakeWebHdfs.start()

  const site = { client: { [`${TRUST}.location`]: '/none' } }
  assert.equal(await written(`webhdfs://${server.address}`, await optionsFor(t, site)), 'secret')
})
