import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../core/errors.ts'
import { openKeyStore } from './key-store.ts'
import { DerReader, SEQUENCE } from './key-stores/der.ts'

const FIXTURES = new URL('../../test/fixtures/', import.meta.url)
const KEYS: Record<string, Record<string, string>> = JSON.parse(fixture('key-stores/keys.json').toString())
const PASSWORDS: Record<string, string> = { 'own-key-password.jceks': 'otherPass' }

for (const [file, keys] of Object.entries(KEYS)) {
  test(`the secret keys of ${file} are those that Java reads`, () => {
    const store = openKeyStore(fixture(`key-stores/${file}`), 'storePass')

    const found = store.aliases.map(alias => [
      alias,
      store.secretKey(alias, PASSWORDS[file] ?? 'storePass')?.toString('hex')
    ])

    assert.deepEqual(Object.fromEntries(found), keys)
  })
}

test("the key of Flume's encrypted channel is the one in key-hex.txt", () => {
  const store = openKeyStore(fixture('filechannel/encrypted/keystore.jceks'), 'keyStorePass')

  assert.equal(store.format, 'JCEKS')
  assert.equal(store.secretKey('key-0', 'keyStorePass')?.toString('hex'), '5494c644aca1d2bf19a0f4acca848c43')
})

for (const [file, password] of [
  ['credstore-envSecret', 'envSecret'],
  ['credstore-default-password', 'none']
] as const) {
  test(`the passwords in a Hadoop credential store can be read: ${file}`, () => {
    const store = openKeyStore(fixture(`security/${file}.jceks`), password)

    assert.deepEqual(
      store.aliases.map(alias => [alias, store.secretKey(alias, password)?.toString()]),
      [
        ['dirname_hadoop', '/some/dir'],
        ['api.password', 's3cret ✓']
      ]
    )
  })
}

for (const type of ['jks', 'p12']) {
  test(`private key and certificates can be read from ${type}`, () => {
    const keyStore = openKeyStore(fixture(`security/keystore.${type}`), 'password')
    const trustStore = openKeyStore(fixture(`security/truststore.${type}`), 'password')
    const certificate = new X509Certificate(fixture('security/cert.pem'))

    const entry = keyStore.privateKey('flume', 'password')
    assert.ok(entry)
    const key = createPrivateKey({ key: entry.key, format: 'der', type: 'pkcs8' })
    assert.ok(createPublicKey(key).equals(certificate.publicKey))
    assert.deepEqual(entry.chain, [certificate.raw])
    assert.deepEqual(trustStore.certificate('flume'), certificate.raw)
    assert.deepEqual(keyStore.certificate('flume'), certificate.raw)
  })
}

test('a PKCS #12 store whose certificates are encrypted with RC2 can be read', () => {
  const store = openKeyStore(fixture('key-stores/legacy-certificate.p12'), 'storePass')

  const entry = store.privateKey('server', 'storePass')

  assert.ok(entry?.chain[0])
  const certificate = new X509Certificate(entry.chain[0])
  const key = createPrivateKey({ key: entry.key, format: 'der', type: 'pkcs8' })
  assert.equal(certificate.subject, 'CN=localhost')
  assert.ok(createPublicKey(key).equals(certificate.publicKey))
})

test('an alias is found in any case, and what is not there is undefined', () => {
  const store = openKeyStore(fixture('key-stores/other-keys.jceks'), 'storePass')

  assert.equal(store.secretKey('Mixed.CASE', 'storePass')?.toString(), 'grüße')
  assert.equal(store.secretKey('none', 'storePass'), undefined)
  assert.equal(store.privateKey('none', 'storePass'), undefined)
  assert.equal(store.certificate('none'), undefined)
})

test('an entry of another kind is an error that says so', () => {
  const keyStore = openKeyStore(fixture('security/keystore.jks'), 'password')
  const secrets = openKeyStore(fixture('key-stores/aes.p12'), 'storePass')

  assert.throws(() => keyStore.secretKey('flume', 'password'), {
    code: 'ERR_CONFIG',
    message: /A JKS store cannot hold secret keys/
  })
  assert.throws(() => secrets.privateKey('aes128', 'storePass'), {
    code: 'ERR_CONFIG',
    message: 'The entry is not a private key.'
  })
  assert.equal(secrets.certificate('aes128'), undefined)
})

const STORES: [string, string][] = [
  ['key-stores/aes.jceks', 'storePass'],
  ['key-stores/aes.p12', 'storePass'],
  ['key-stores/legacy.p12', 'storePass'],
  ['security/keystore.jks', 'password'],
  ['security/keystore.p12', 'password'],
  ['security/truststore.p12', 'password'],
  ['key-stores/legacy-certificate.p12', 'storePass']
]

for (const [file, password] of STORES) {
  test(`a wrong password of ${file} is refused in Java's words`, () => {
    for (const wrong of ['', 'wrong', `${password} `]) {
      assert.throws(() => openKeyStore(fixture(file), wrong), {
        code: 'ERR_CONFIG',
        message: 'Keystore was tampered with, or password was incorrect'
      })
    }
  })

  test(`${file} cut anywhere is refused`, () => {
    const whole = fixture(file)
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => openKeyStore(whole.subarray(0, length), undefined), AgentError, `${length} bytes`)
    }
  })

  test(`${file} with damaged bytes gives AgentErrors only, without a password too`, () => {
    const whole = fixture(file)
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(damage, changes => {
        const bytes = Buffer.from(whole)
        for (const [at, byte] of changes) bytes[at] = byte
        onlyAgentErrors(() => {
          const store = openKeyStore(bytes, undefined)
          for (const alias of store.aliases) store.certificate(alias)
        })
      }),
      { numRuns: 300, seed: 4 }
    )
  })
}

test('a PKCS #12 store without a check works, and a wrong password shows when it is decrypted', () => {
  for (const file of ['security/keystore.p12', 'key-stores/legacy-certificate.p12']) {
    const whole = new DerReader(fixture(file)).inside(SEQUENCE)
    whole.integer()
    const content = Buffer.concat([Buffer.from([2, 1, 3]), whole.whole(SEQUENCE)])
    const length = Buffer.alloc(2)
    length.writeUInt16BE(content.length)
    const store = Buffer.concat([Buffer.from([SEQUENCE, 0x82]), length, content])

    const password = file.startsWith('security') ? 'password' : 'storePass'
    assert.equal(openKeyStore(store, password).aliases.length, 1)
    assert.throws(() => openKeyStore(store, 'wrong'), {
      code: 'ERR_CONFIG',
      message: /password was incorrect/
    })
  }
})

test('a wrong key password is refused', () => {
  const expected = {
    code: 'ERR_CONFIG',
    message: 'The key cannot be recovered: its password is wrong, or the entry is damaged.'
  }
  const cases: [string, string, string][] = [
    ['key-stores/own-key-password.jceks', 'storePass', 'k1'],
    ['key-stores/aes.p12', 'storePass', 'aes256'],
    ['key-stores/legacy.p12', 'storePass', 'k']
  ]

  for (const [file, password, alias] of cases) {
    assert.throws(() => openKeyStore(fixture(file), password).secretKey(alias, 'wrong'), expected)
    assert.throws(() => openKeyStore(fixture(file), password).secretKey(alias, ''), expected)
  }
  assert.throws(
    () => openKeyStore(fixture('security/keystore.jks'), 'password').privateKey('flume', 'wrong'),
    expected
  )
  assert.throws(
    () => openKeyStore(fixture('security/keystore.p12'), 'password').privateKey('flume', 'wrong'),
    expected
  )
})

test('any bytes behind the magic of a store give AgentErrors only', () => {
  const magics = [
    [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 2],
    [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1],
    [0x30, 0x84],
    [0x30],
    []
  ]
  fc.assert(
    fc.property(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 200 }), (magic, rest) => {
      onlyAgentErrors(() => openKeyStore(Buffer.concat([Buffer.from(magic), rest]), undefined))
    }),
    { numRuns: 2000, seed: 4 }
  )
})

test('lengths, counts and nesting from the file are checked before memory is taken', () => {
  const start = 'cececece00000002'
  const entry = `${start}00000001000000030001610000000000000000`
  const hostile: Record<string, string> = {
    'four billion entries': `${start}ffffffff`,
    'a key of four gigabytes': `${start}000000010000000100016100000000000000 00ffffffff`,
    'four billion certificates': `${start}00000001000000010001610000000000000000 00000000ffffffff`,
    'a class of the attacker': `${entry}aced00057372000e6a6176612e7574696c2e4c697374`,
    'an array of four gigabytes': `${entry}aced000575720002 5b42acf317f8060854e0020000 7870ffffffff`,
    'references to nowhere': `${entry}aced0005717e7e00ff`,
    'objects without end': `${entry}aced0005${'73720002 5b420000000000000000 020001 4c00016174000161'.repeat(40)}`
  }

  for (const [name, hex] of Object.entries(hostile)) {
    const bytes = Buffer.concat([Buffer.from(hex.replaceAll(' ', ''), 'hex'), Buffer.alloc(20)])
    assert.throws(() => openKeyStore(bytes, undefined), { code: 'ERR_FORMAT' }, name)
  }
})

test('an absurd iteration count is refused at once, also with a right password', () => {
  const store = fixture('key-stores/own-key-password.jceks')
  const count = store.indexOf(Buffer.from('0203030d40', 'hex'))
  const changed = Buffer.from(store)
  changed.write('02037fffff', count, 'hex')
  const content = changed.subarray(0, -20)
  const password = Buffer.from('storePass', 'utf16le').swap16()
  createHash('sha1')
    .update(password)
    .update('Mighty Aphrodite')
    .update(content)
    .digest()
    .copy(changed, content.length)

  assert.throws(
    () => openKeyStore(changed, 'storePass').secretKey('k1', 'otherPass'),
    (error: AgentError) =>
      error.code === 'ERR_CONFIG' &&
      error.cause instanceof AgentError &&
      error.cause.facts['iterations'] === 0x7fffff
  )
})

test('a file that is no key store is refused', () => {
  for (const text of ['', 'x', '-----BEGIN CERTIFICATE-----\n']) {
    assert.throws(() => openKeyStore(Buffer.from(text), 'p'), {
      code: 'ERR_FORMAT',
      message: /neither JCEKS, JKS nor PKCS #12/
    })
  }
})

function onlyAgentErrors(call: () => void): void {
  try {
    call()
  } catch (error) {
    assert.ok(error instanceof AgentError, String(error))
  }
}

function fixture(name: string): Buffer {
  return readFileSync(new URL(name, FIXTURES))
}
