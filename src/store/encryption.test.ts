import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Problem } from '../core/component.ts'
import { readSettings } from '../core/read-settings.ts'
import { encryptionSettings, type EncryptionValues } from './encryption-settings.ts'
import { checkEncryption, openEncryption } from './encryption.ts'
import { keyIdOf, type SegmentIdentity } from './frame-cipher.ts'

const STORES = fileURLToPath(new URL('../../test/fixtures/key-stores/', import.meta.url))
const SECURITY = fileURLToPath(new URL('../../test/fixtures/security/', import.meta.url))
const AES128 = Buffer.from('30394dc081cd661e8af0d9d34c55d224', 'hex')
const AES256 = Buffer.from('813b85a475253dd9bc90007a35e4f8adc8444ca4aba2b3a939529863febe2bda', 'hex')
const NOT_POSIX = process.platform === 'win32' ? 'there are no permission bits here' : false

test('without any property encryption is off', () => {
  const values = read({})

  assert.deepEqual(checkEncryption(values), [])
  assert.equal(openEncryption(values), undefined)
})

test("Flume's properties open the keys of a JCEKS store: the active one seals, all open", t => {
  const values = read(flume(t, 'aes.jceks', { activeKey: 'aes256', keys: 'aes128 aes256' }))

  const encryption = openEncryption(values)

  assert.deepEqual(checkEncryption(values), [])
  assert.equal(encryption?.cipher.keyId, keyIdOf({ name: 'x', bytes: AES256 }))
  assert.ok(encryption.cipher.forSegment(segmentOf(AES128)))
  assert.deepEqual(encryption.flumeKey('aes128'), AES128)
  assert.equal(encryption.flumeKey('aes192'), undefined)
})

test('the configuration of a recorded Flume agent gives the key of its channel', t => {
  const recorded = fileURLToPath(new URL('../../test/fixtures/filechannel/encrypted/', import.meta.url))
  const lines = readFileSync(join(recorded, 'agent.conf'), 'utf8').matchAll(
    /^a1\.channels\.c1\.(encryption\.[^=]+)=(.*)$/gm
  )
  const place = (value: string): string =>
    value.startsWith('@WORK@') ? privateCopy(t, join(recorded, basename(value))) : value
  const values = read(Object.fromEntries([...lines].map(([, key = '', value = '']) => [key, place(value)])))

  assert.deepEqual(checkEncryption(values), [])
  assert.equal(openEncryption(values)?.flumeKey('key-0')?.toString('hex'), '5494c644aca1d2bf19a0f4acca848c43')
})

test('a PKCS #12 store works by the same properties, and the class name for JCEKSFILE', t => {
  const given = flume(t, 'aes.p12', { activeKey: 'aes192', keys: 'aes192' })
  const names = ['JCEFileKeyProvider$Builder', 'JCEFileKeyProvider']

  for (const name of names) {
    const values = read({
      ...given,
      'encryption.keyProvider': `org.apache.flume.channel.file.encryption.${name}`
    })
    assert.equal(openEncryption(values)?.flumeKey('aes192')?.length, 24)
  }
})

test('a key may have a password of its own', t => {
  const folder = temporaryFolder(t)
  const values = read({
    ...flume(t, 'own-key-password.jceks', { activeKey: 'k1', keys: 'k1' }),
    'encryption.keyProvider.keys.k1.passwordFile': secretFile(folder, 'k1.password', 'otherPass\n')
  })

  assert.deepEqual(checkEncryption(values), [])
  assert.equal(openEncryption(values)?.flumeKey('k1')?.toString('hex'), 'c93805e4a91597b326ab8d1db0c0dcb9')
})

test("the misspelt names of Flume's guide are read here as little as by Flume", t => {
  const given = flume(t, 'aes.p12', { activeKey: 'aes192', keys: 'aes192' })
  const { 'encryption.keyProvider.keyStorePasswordFile': path = '', ...rest } = given
  const wrong = secretFile(temporaryFolder(t), 'wrong.password', 'not the password')

  const misspelt = (more: Record<string, string>) =>
    readSettings({ settings: encryptionSettings }, more, () => undefined)
  const key = misspelt({ ...given, 'encyption.keyProvider.keys.aes192.passwordFile': wrong })
  const store = misspelt({ ...rest, 'encrpytion.keyProvider.keyStorePasswordFile': path })

  assert.deepEqual(
    [...key.problems, ...store.problems].map(({ code }) => code),
    ['UNK_PROP', 'UNK_PROP']
  )
  assert.equal(openEncryption(key.values!)?.flumeKey('aes192')?.length, 24)
  assert.deepEqual(
    checkEncryption(store.values!).map(({ message }) => message),
    ['KeyStore password  file not specified']
  )
})

test('what is missing is said in the words of Flume', () => {
  const rows: [Record<string, string>, string[]][] = [
    [
      { 'encryption.activeKey': 'k', 'encryption.cipherProvider': 'AESCTRNOPADDING' },
      [
        'Encryption configuration problem: activeKey is present while key provider name is not.',
        'Encryption configuration problem: cipherProvider is present while key provider name is not.'
      ]
    ],
    [
      { 'encryption.keyProvider': 'jceksfile' },
      [
        'Encryption configuration problem: activeKey is missing.',
        'Encryption configuration problem: cipherProvider is missing.'
      ]
    ],
    [
      {
        'encryption.keyProvider': 'JCEKSFILE',
        'encryption.activeKey': 'k',
        'encryption.cipherProvider': 'AESCTRNOPADDING'
      },
      [
        'KeyStore file not specified',
        'KeyStore password  file not specified',
        'Keys available to KeyStore was not specified or empty'
      ]
    ]
  ]

  for (const [given, messages] of rows) assert.deepEqual(errors(checkEncryption(read(given))), messages)
})

test('an alias that the key store lacks is an error as active key, a warning as an older one', t => {
  const active = checkEncryption(read(flume(t, 'aes.p12', { activeKey: 'key-9', keys: 'aes128' })))
  const older = checkEncryption(read(flume(t, 'aes.p12', { activeKey: 'aes128', keys: 'aes128 key-9' })))

  assert.deepEqual(
    active.map(({ level, message, hint }) => [level, message, hint]),
    [['error', 'KeyStore returned null for key-9', 'The key store holds: aes128, aes192, aes256.']]
  )
  assert.deepEqual(
    older.map(({ level, message }) => [level, message]),
    [['warning', 'KeyStore returned null for key-9; data encrypted with it cannot be read.']]
  )
})

test('a wrong password of a key names key and file, at each check', t => {
  const values = read(flume(t, 'own-key-password.jceks', { activeKey: 'k1', keys: 'k1' }))

  for (let i = 0; i < 2; i++) {
    assert.match(
      errors(checkEncryption(values)).join(),
      /^The key cannot be recovered: .* Key = k1, passwordFile = .*store\.password$/
    )
  }
  assert.throws(() => openEncryption(values), { code: 'ERR_CONFIG', message: /Key = k1/ })
})

test('a key that was proven is opened all the same', t => {
  const values = read(flume(t, 'aes.jceks', { activeKey: 'aes128', keys: 'aes128' }))
  checkEncryption(values)
  checkEncryption(values)

  assert.deepEqual(openEncryption(values)?.flumeKey('aes128'), AES128)
})

test('a wrong password of the store, and a file that is none, are refused', t => {
  const folder = temporaryFolder(t)
  const given = flume(t, 'aes.p12', { activeKey: 'aes128', keys: 'aes128' })
  const wrong = secretFile(folder, 'wrong', 'wrong')
  const rows: [string, string, RegExp][] = [
    [
      'encryption.keyProvider.keyStorePasswordFile',
      wrong,
      /Keystore was tampered with, or password was incorrect$/
    ],
    ['encryption.keyProvider.keyStorePasswordFile', join(folder, 'absent'), /absent: There is no such file$/],
    ['encryption.keyProvider.keyStoreFile', join(folder, 'absent'), /absent: There is no such file$/],
    ['encryption.keyProvider.keyStoreFile', folder, /It is not a file, or it is far too large$/],
    ['encryption.keyProvider.keyStoreFile', wrong, /neither JCEKS, JKS nor PKCS #12/]
  ]

  for (const [key, path, expected] of rows) {
    const found = errors(checkEncryption(read({ ...given, [key]: path })))
    assert.equal(found.length, 1)
    assert.match(found.join(), expected)
  }
})

test('a JKS store is refused with what to use', t => {
  const values = read({
    ...flume(t, 'aes.p12', { activeKey: 'flume', keys: 'flume' }),
    'encryption.keyProvider.keyStoreFile': privateCopy(t, join(SECURITY, 'keystore.jks')),
    'encryption.keyProvider.keyStorePasswordFile': secretFile(temporaryFolder(t), 'p', 'password')
  })

  assert.match(
    errors(checkEncryption(values)).join(),
    /A JKS store cannot hold secret keys; use JCEKS or PKCS #12\./
  )
})

test('a secret that is no AES key is refused', t => {
  const values = read(flume(t, 'other-keys.jceks', { activeKey: 'mixed.case', keys: 'mixed.case' }))

  assert.match(
    errors(checkEncryption(values)).join(),
    /^An encryption key must have 16, 24 or 32 bytes\. Key = mixed\.case/
  )
})

test('a password file that is not there is a warning, and one for no key in use too', t => {
  const { values, problems } = readSettings(
    { settings: encryptionSettings },
    {
      ...flume(t, 'aes.p12', { activeKey: 'aes128', keys: 'aes128' }),
      'encryption.keyProvider.keys.aes128.passwordFile': '/nowhere/at/all',
      'encryption.keyProvider.keys.aes256.passwordFile': '/nowhere/at/all',
      'encryption.keyProvider.keys.aes128.paswordFile': '/nowhere/at/all'
    },
    () => undefined
  )
  assert.ok(values)

  assert.deepEqual(
    [...problems, ...checkEncryption(values)].map(({ code, key }) => `${code} ${key}`),
    [
      'DEFINED_NOT_LISTED encryption.keyProvider.keys.aes256.passwordFile',
      'UNK_PROP encryption.keyProvider.keys.aes128.paswordFile',
      'UNREADABLE encryption.keyProvider.keys.aes128.passwordFile'
    ]
  )
  assert.ok(openEncryption(values))
})

test('a key file switches encryption on, in digits, in base64 or as it is', t => {
  const folder = temporaryFolder(t)
  const files = [
    secretFile(folder, 'hex', `${AES256.toString('hex')}\n`),
    secretFile(folder, 'upper', AES256.toString('hex').toUpperCase()),
    secretFile(folder, 'base64', `${AES256.toString('base64')}\n`),
    secretFile(folder, 'raw', AES256)
  ]

  for (const file of files) {
    const values = read({ 'encryption.keyFile': file })
    assert.deepEqual(checkEncryption(values), [])
    assert.equal(openEncryption(values)?.cipher.keyId, keyIdOf({ name: 'x', bytes: AES256 }), file)
  }
})

test('a file without a usable key is refused', t => {
  const folder = temporaryFolder(t)
  for (const content of [
    '',
    'secret',
    'ab'.repeat(17),
    'zz'.repeat(32),
    AES256.toString('base64').slice(1),
    '\n'.repeat(70_000)
  ]) {
    const found = errors(checkEncryption(read({ 'encryption.keyFile': secretFile(folder, 'key', content) })))
    assert.match(
      found.join(),
      /key: It (holds no key of 16, 24 or 32 bytes|is not a file, or it is far too large)/
    )
  }
})

test('keys are rotated: the new file seals, old files and key stores open', t => {
  const folder = temporaryFolder(t)
  const { 'encryption.activeKey': _, ...store } = flume(t, 'aes.p12', { activeKey: '', keys: 'aes192' })
  const values = read({
    ...store,
    'encryption.keyFile': secretFile(folder, 'new', AES256.toString('hex')),
    'encryption.oldKeyFiles': secretFile(folder, 'old', AES128.toString('hex'))
  })

  const encryption = openEncryption(values)

  assert.deepEqual(checkEncryption(values), [])
  assert.equal(encryption?.cipher.keyId, keyIdOf({ name: 'x', bytes: AES256 }))
  assert.ok(encryption.cipher.forSegment(segmentOf(AES128)))
  assert.equal(encryption.flumeKey('aes192')?.length, 24)
})

test('two keys to encrypt with, or a key store without provider, are refused', t => {
  const file = secretFile(temporaryFolder(t), 'key', AES128.toString('hex'))
  const two = { ...flume(t, 'aes.p12', { activeKey: 'aes128', keys: 'aes128' }), 'encryption.keyFile': file }

  assert.match(errors(checkEncryption(read(two))).join(), /^There are two keys to encrypt with/)
  assert.match(
    errors(checkEncryption(read({ 'encryption.keyProvider.keyStoreFile': file }))).join(),
    /while key provider name is not/
  )
})

test('encryption ends where there are only old keys, with a warning', t => {
  const file = secretFile(temporaryFolder(t), 'key', AES128.toString('hex'))
  const values = read({ 'encryption.oldKeyFiles': file })

  const cipher = openEncryption(values)?.cipher

  assert.deepEqual(
    checkEncryption(values).map(({ level, key }) => [level, key]),
    [['warning', 'encryption.oldKeyFiles']]
  )
  assert.equal(cipher?.keyId, undefined)
  assert.ok(cipher?.forSegment(segmentOf(AES128)))
})

test('files that others may read or change are a warning', { skip: NOT_POSIX }, t => {
  const folder = temporaryFolder(t)
  const file = secretFile(folder, 'key', AES128.toString('hex'))
  const values = read({ 'encryption.keyFile': file })
  const codes: Record<string, string[]> = {}

  for (const mode of [0o600, 0o640, 0o400, 0o660, 0o644]) {
    chmodSync(file, mode)
    codes[mode.toString(8)] = checkEncryption(values).map(({ level, code }) => `${level} ${code}`)
  }

  const warning = ['warning OPEN_PERMISSIONS']
  assert.deepEqual(codes, { 600: [], 640: [], 400: [], 660: warning, 644: warning })
})

test('other providers of keys and ciphers are refused with what there is', () => {
  for (const key of ['encryption.keyProvider', 'encryption.cipherProvider']) {
    const { problems } = readSettings(
      { settings: encryptionSettings },
      { [key]: 'com.example.Own' },
      () => undefined
    )
    assert.deepEqual(
      problems.map(({ level, key: about }) => [level, about]),
      [['error', key]]
    )
  }
})

function segmentOf(key: Buffer): SegmentIdentity {
  return {
    keyId: keyIdOf({ name: 'x', bytes: key }),
    salt: Buffer.alloc(32),
    channelId: Buffer.alloc(16),
    segmentId: 1
  }
}

function read(properties: Record<string, string>): EncryptionValues {
  const { values, problems } = readSettings({ settings: encryptionSettings }, properties, () => undefined)
  assert.deepEqual(problems, [])
  assert.ok(values)
  return values
}

function flume(
  t: TestContext,
  store: string,
  { activeKey, keys }: { activeKey: string; keys: string }
): Record<string, string> {
  return {
    'encryption.keyProvider': 'JCEKSFILE',
    'encryption.activeKey': activeKey,
    'encryption.cipherProvider': 'AESCTRNOPADDING',
    'encryption.keyProvider.keyStoreFile': privateCopy(t, join(STORES, store)),
    'encryption.keyProvider.keyStorePasswordFile': secretFile(
      temporaryFolder(t),
      'store.password',
      ' storePass \n'
    ),
    'encryption.keyProvider.keys': keys
  }
}

function privateCopy(t: TestContext, path: string): string {
  const copy = join(temporaryFolder(t), 'store')
  copyFileSync(path, copy)
  chmodSync(copy, 0o600)
  return copy
}

function secretFile(folder: string, name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, 0o600)
  return path
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-encryption-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

function errors(problems: readonly Problem[]): string[] {
  return problems.filter(({ level }) => level === 'error').map(({ message }) => message)
}
