import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createSecureContext, getCiphers } from 'node:tls'
import { ANY_NAME, type NameChoice } from './tls-options.ts'
import { KNOWN_SUITES, openSslName, versionsOf } from './versions.ts'

const FIXTURE = new URL('../../../test/fixtures/tls/openssl-ciphers.txt', import.meta.url)

test("OpenSSL's names of Java's suites are those that it tells itself, and this Node has them", () => {
  const told = new Map(
    readFileSync(FIXTURE, 'utf8')
      .split('\n')
      .map(line => line.split(' ') as [string, string])
  )

  assert.deepEqual(
    KNOWN_SUITES.map(openSslName),
    KNOWN_SUITES.map(suite => told.get(suite))
  )
  assert.deepEqual(
    KNOWN_SUITES.filter(suite => !getCiphers().includes(openSslName(suite).toLowerCase())),
    []
  )
})

const only = (...include: string[]): NameChoice => ({ include, exclude: [] })
const not = (...exclude: string[]): NameChoice => ({ include: [], exclude })

test('protocols are cut to those included and not excluded, and to those that have a suite', () => {
  const range = (protocols: NameChoice, cipherSuites: NameChoice = ANY_NAME): string => {
    const { minVersion, maxVersion } = versionsOf({ protocols, cipherSuites })
    return `${minVersion} ${maxVersion}`
  }

  assert.equal(range(ANY_NAME), 'TLSv1.2 TLSv1.3')
  assert.equal(range(only('TLSv1', 'TLSv1.1', 'TLSv1.2')), 'TLSv1.2 TLSv1.2')
  assert.equal(range(not('SSLv3', 'TLSv1.2')), 'TLSv1.3 TLSv1.3')
  assert.equal(range(ANY_NAME, only('TLS_AES_128_GCM_SHA256')), 'TLSv1.3 TLSv1.3')
  assert.equal(range(ANY_NAME, only('TLS_RSA_WITH_AES_128_CBC_SHA')), 'TLSv1.2 TLSv1.2')
})

for (const [name, protocols, cipherSuites] of [
  ['no protocol', only('TLSv1.1'), ANY_NAME],
  ['no suite', ANY_NAME, only('TLS_RSA_WITH_RC4_128_SHA')],
  ['a suite of another protocol', only('TLSv1.2'), only('TLS_AES_128_GCM_SHA256')]
] as const) {
  test(`${name} is left: refused`, () => {
    assert.throws(() => versionsOf({ protocols, cipherSuites }), {
      code: 'ERR_CONFIG',
      message: 'The protocols and cipher suites leave nothing to speak.'
    })
  })
}

test('suites are named to Node only where some are left out, and every one of them can be used by itself', () => {
  assert.deepEqual(versionsOf({ protocols: ANY_NAME, cipherSuites: not('TLS_NULL') }).ciphers, undefined)
  const one = only('TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256')
  assert.equal(
    versionsOf({ protocols: ANY_NAME, cipherSuites: one }).ciphers,
    'TLS_AES_128_GCM_SHA256:ECDHE-RSA-CHACHA20-POLY1305'
  )
  for (const suite of KNOWN_SUITES)
    createSecureContext(versionsOf({ protocols: ANY_NAME, cipherSuites: only(suite) }))
})
