import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Environment } from '../../core/contracts.ts'
import { readSettings } from '../../core/read-settings.ts'
import {
  clientProblems,
  clientTls,
  serverProblems,
  serverTls,
  tlsClientSettings,
  tlsServerSettings
} from './settings.ts'
import { fixturePath } from './testing/fixture-files.ts'

const BARE: Environment = { variables: {}, properties: {}, configDirectory: undefined }
const GLOBAL: Environment = {
  ...BARE,
  variables: {
    FLUME_SSL_KEYSTORE_PATH: fixturePath('none'),
    FLUME_SSL_KEYSTORE_PASSWORD: 'password',
    FLUME_SSL_TRUSTSTORE_PATH: fixturePath('trust-ca.jks'),
    FLUME_SSL_INCLUDE_PROTOCOLS: 'TLSv1.2,TLSv1.3',
    FLUME_SSL_EXCLUDE_CIPHERSUITES: 'TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA'
  },
  properties: {
    'javax.net.ssl.keyStore': fixturePath('client.p12'),
    'flume.ssl.exclude.protocols': 'SSLv3'
  }
}

function server(properties: Record<string, string>, environment = BARE) {
  const { values, problems } = readSettings({ settings: tlsServerSettings }, properties, () => undefined)
  assert.ok(values)
  const tls = serverTls(values, environment)
  return { tls, said: [...problems, ...serverProblems(tls)].map(({ message }) => message) }
}

function client(properties: Record<string, string>, environment = BARE) {
  const { values } = readSettings({ settings: tlsClientSettings }, properties, () => undefined)
  assert.ok(values)
  const tls = clientTls(values, environment)
  return { tls, said: clientProblems(tls).map(({ message }) => message) }
}

test('nothing of the environment switches TLS on', () => {
  assert.deepEqual([server({}, GLOBAL), client({}, GLOBAL)], Array(2).fill({ tls: undefined, said: [] }))
})

test('what the component does not say comes from system properties, and then from the environment', () => {
  const { tls, said } = server({ ssl: 'true', 'client-auth': 'need' }, GLOBAL)

  assert.deepEqual(said, [])
  assert.deepEqual(tls, {
    keyStore: { path: fixturePath('client.p12'), password: 'password', keyPath: undefined },
    trustStore: { path: fixturePath('trust-ca.jks'), password: undefined },
    protocols: { include: ['TLSv1.2', 'TLSv1.3'], exclude: ['SSLv3'] },
    cipherSuites: {
      include: [],
      exclude: ['TLS_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_CBC_SHA']
    },
    clientsNeedCertificate: true
  })
})

test('what the component says comes first; blanks and commas separate names', () => {
  const { tls } = server(
    {
      ssl: 'true',
      keystore: fixturePath('client.jks'),
      'exclude-protocols': 'SSLv3 TLSv1,TLSv1.2',
      'exclude-cipher-suites': 'TLS_AES_256_GCM_SHA384'
    },
    GLOBAL
  )

  assert.equal(tls?.keyStore?.path, fixturePath('client.jks'))
  assert.equal(tls.trustStore, undefined)
  assert.deepEqual(tls.protocols.exclude, ['SSLv3', 'TLSv1', 'TLSv1.2'])
  assert.deepEqual(tls.cipherSuites.exclude, ['TLS_AES_256_GCM_SHA384'])
})

test("Flume's client shows no certificate, and trusts whom the agent trusts, or everybody", () => {
  const { tls } = client({ ssl: 'true' }, GLOBAL)
  const trusting = client({ ssl: 'true', 'trust-all-certs': 'true', 'check-host-name': 'true' }, GLOBAL).tls

  assert.deepEqual([tls?.keyStore, tls?.trustStore?.path], [undefined, fixturePath('trust-ca.jks')])
  assert.deepEqual([tls?.trustAll, tls?.checkHostName], [false, false])
  assert.deepEqual(
    [trusting?.trustStore, trusting?.trustAll, trusting?.checkHostName],
    [undefined, true, true]
  )
})

for (const [properties, ...sentences] of [
  [{}, 'keystore must be specified when SSL is enabled.'],
  [
    { keystore: fixturePath('client.jks'), 'keystore-password': 'password', 'client-auth': 'need' },
    'truststore must be specified when clients need a certificate.'
  ],
  [
    { keystore: fixturePath('client.jks') },
    `The key or trust store ${fixturePath('client.jks')} cannot be used: Its password is not given.`
  ],
  [
    { keystore: fixturePath('client.jks'), 'keystore-password': 'secret' },
    `The key or trust store ${fixturePath('client.jks')} cannot be used: Keystore was tampered with, or password was incorrect.`
  ],
  [
    { keystore: fixturePath('trust-ca.jks'), 'keystore-password': 'password' },
    `The key or trust store ${fixturePath('trust-ca.jks')} cannot be used: It holds no private key with a certificate.`
  ],
  [
    { keystore: fixturePath('issued-chain.pem') },
    `The key or trust store ${fixturePath('issued-chain.pem')} cannot be used: There are certificates, but no private key; it may stand in the same file.`
  ],
  [
    {
      keystore: fixturePath('issued-chain.pem'),
      'keystore-key': fixturePath('issued-encrypted.key'),
      'keystore-password': 'secret'
    },
    `The key or trust store ${fixturePath('issued-chain.pem')} cannot be used: The password of its private key is wrong.`
  ],
  [
    { keystore: fixturePath('') },
    `The key or trust store ${fixturePath('')} cannot be used: It is not a file, or it is far too large.`
  ],
  [
    {
      keystore: fixturePath('client.jks'),
      'keystore-password': 'password',
      'include-protocols': 'TLSv1.3 TLSv1.4',
      'include-cipher-suites': 'AES256-SHA',
      'exclude-cipher-suites': 'TLS_RSA_WITH_RC4_128_SHA RC4'
    },
    'include-protocols names TLSv1.4, of no effect here.',
    'include-cipher-suites names AES256-SHA, of no effect here.',
    'exclude-cipher-suites names RC4, of no effect here.',
    'The protocols and cipher suites leave nothing to speak.'
  ]
] as [Record<string, string>, ...string[]][]) {
  test(`a server is told: ${sentences[0]?.replace(/\/\S*\//, '')}`, () => {
    assert.deepEqual(server({ ssl: 'true', ...properties }).said, sentences)
  })
}

test('a trust store that cannot be used is a problem of the client', () => {
  const truststore = fixturePath('trust-issued.p12')

  assert.deepEqual(client({ ssl: 'true', truststore }).said, [
    `The key or trust store ${truststore} cannot be used: It holds no certificate that can be read without a password.`
  ])
})
