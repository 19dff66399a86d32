import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Problem } from '../core/component.ts'
import { readSettings } from '../core/read-settings.ts'
import { encryptionSettings } from './encryption-settings.ts'
import { readKeyRing } from './key-ring.ts'

const STORES = fileURLToPath(new URL('../../test/fixtures/key-stores/', import.meta.url))

/** What is wrong with these settings; `encryption.` stands before each of them. */
function problemsOf(given: Readonly<Record<string, string>>): readonly Problem[] {
  const whole = Object.fromEntries(Object.entries(given).map(([key, value]) => [`encryption.${key}`, value]))
  const { values } = readSettings({ settings: encryptionSettings }, whole, () => undefined)
  assert.ok(values)
  return readKeyRing(values, 'check').problems
}

test('settings of a key store without a key provider are refused, whichever they are', () => {
  for (const key of ['keyStoreFile', 'keyStorePasswordFile', 'keys', 'keys.key-0.passwordFile']) {
    const [problem] = problemsOf({ [`keyProvider.${key}`]: '/x' })

    assert.deepEqual(
      [problem?.level, problem?.key, problem?.message],
      [
        'error',
        `encryption.keyProvider.${key}`,
        `Encryption configuration problem: keyProvider.${key} is present while key provider name is not.`
      ]
    )
    assert.match(problem?.hint ?? '', /^Write encryption\.keyProvider = JCEKSFILE, /)
  }
})

test('hints say what to write: after a wrong password of the store, commas between aliases, a word that is missing', t => {
  const folder = mkdtempSync(join(tmpdir(), 'key-ring-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const secret = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const hints = (more: Readonly<Record<string, string>>): string[] =>
    problemsOf({
      keyProvider: 'JCEKSFILE',
      activeKey: 'aes128',
      'keyProvider.keyStoreFile': join(STORES, 'aes.p12'),
      'keyProvider.keyStorePasswordFile': secret('right', 'storePass'),
      'keyProvider.keys': 'aes128',
      ...more
    })
      .filter(({ code }) => code !== 'OPEN_PERMISSIONS')
      .map(({ hint }) => hint)
  const cipherProvider = 'AESCTRNOPADDING'

  assert.deepEqual(hints({ cipherProvider }), [])
  assert.match(
    hints({ cipherProvider, 'keyProvider.keys': 'aes128,aes192' }).join(),
    /^Separate aliases by blanks, not by commas\. The key store holds: aes128/
  )
  assert.match(
    hints({ cipherProvider, 'keyProvider.keyStorePasswordFile': secret('wrong', 'other') }).join(),
    /^Check that \S+wrong \(encryption\.keyProvider\.keyStorePasswordFile\) holds the password of \S+aes\.p12\.$/
  )
  assert.deepEqual(hints({}), ['Write encryption.cipherProvider = AESCTRNOPADDING.'])
})

test('files of old keys are separated by blanks, and commas are told', () => {
  const [problem] = problemsOf({ oldKeyFiles: '/no/a,/no/b' }).filter(({ level }) => level === 'error')

  assert.match(problem?.message ?? '', /^\/no\/a,\/no\/b: There is no such file/)
  assert.equal(problem?.hint, 'Separate files by blanks, not by commas.')
})

test('to read, nobody has to say which key encrypts from now on', () => {
  const given = { 'encryption.keyProvider': 'JCEKSFILE', 'encryption.keyProvider.keys': 'a' }
  const { values } = readSettings({ settings: encryptionSettings }, given, () => undefined)
  assert.ok(values)
  const missing = (purpose: 'open' | 'read'): string[] =>
    readKeyRing(values, purpose).problems.map(({ key }) => key)

  assert.deepEqual(missing('open'), ['encryption.activeKey', 'encryption.cipherProvider'])
  assert.deepEqual(missing('read'), [
    'encryption.keyProvider.keyStoreFile',
    'encryption.keyProvider.keyStorePasswordFile'
  ])
})

test('an alias of what cannot encrypt is refused with how to make a key that can', t => {
  const folder = mkdtempSync(join(tmpdir(), 'key-ring-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const rows = [
    ['other-keys.jceks', 'storePass', 'mixed.case', /^An encryption key must have 16, 24 or 32 bytes\. /],
    ['../security/keystore.p12', 'password', 'flume', /^The entry is not a secret key\. /],
    ['../security/keystore.jks', 'password', 'flume', /A JKS store cannot hold secret keys; use JCEKS/]
  ] as const

  for (const [store, password, alias, message] of rows) {
    writeFileSync(join(folder, 'password'), password, { mode: 0o600 })
    const found = problemsOf({
      keyProvider: 'JCEKSFILE',
      activeKey: alias,
      cipherProvider: 'AESCTRNOPADDING',
      'keyProvider.keyStoreFile': join(STORES, store),
      'keyProvider.keyStorePasswordFile': join(folder, 'password'),
      'keyProvider.keys': alias
    }).filter(({ level }) => level === 'error')

    assert.equal(found.length, 1)
    assert.match(found[0]?.message ?? '', message)
    assert.match(found[0]?.hint ?? '', /^Name the alias of an AES key; keytool -genseckey -keyalg AES/)
  }
})
