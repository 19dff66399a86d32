import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { openKeyStore } from '../../src/java/key-store.ts'

const run = promisify(execFile)
const ALIASES = { small: 128, medium: 192, large: 256 }
const TIMEOUT_MS = 60_000

test(
  'keys that keytool makes and converts are the same in JCEKS and PKCS #12',
  { timeout: TIMEOUT_MS },
  async t => {
    const folder = temporaryFolder(t)
    const jceks = join(folder, 'keys.jceks')
    const pkcs12 = join(folder, 'keys.p12')
    if (!(await haveKeytool(t))) return
    for (const [alias, bits] of Object.entries(ALIASES)) {
      await keytool(
        '-genseckey',
        '-keyalg',
        'AES',
        '-keysize',
        String(bits),
        '-alias',
        alias,
        '-keystore',
        jceks,
        '-storetype',
        'JCEKS',
        '-storepass',
        'store password',
        '-keypass',
        `password of ${alias}`
      )
      await keytool(
        '-importkeystore',
        '-noprompt',
        '-srcalias',
        alias,
        '-srckeystore',
        jceks,
        '-srcstoretype',
        'JCEKS',
        '-srcstorepass',
        'store password',
        '-srckeypass',
        `password of ${alias}`,
        '-destkeystore',
        pkcs12,
        '-deststoretype',
        'PKCS12',
        '-deststorepass',
        'other password'
      )
    }

    const made = openKeyStore(readFileSync(jceks), 'store password')
    const converted = openKeyStore(readFileSync(pkcs12), 'other password')

    assert.deepEqual([made.format, converted.format], ['JCEKS', 'PKCS12'])
    assert.deepEqual([...made.aliases].sort(), [...converted.aliases].sort())
    for (const [alias, bits] of Object.entries(ALIASES)) {
      const key = made.secretKey(alias, `password of ${alias}`)
      assert.equal(key?.length, bits / 8)
      assert.deepEqual(key, converted.secretKey(alias, 'other password'))
      assert.throws(() => made.secretKey(alias, 'store password'), { code: 'ERR_CONFIG' })
    }
  }
)

for (const type of ['JCEKS', 'JKS', 'PKCS12']) {
  test(`a private key that keytool makes fits its certificate: ${type}`, { timeout: TIMEOUT_MS }, async t => {
    const path = join(temporaryFolder(t), 'keys')
    if (!(await haveKeytool(t))) return
    await keytool(
      '-genkeypair',
      '-keyalg',
      'EC',
      '-groupname',
      'secp256r1',
      '-alias',
      'Server',
      '-dname',
      'CN=localhost',
      '-keystore',
      path,
      '-storetype',
      type,
      '-storepass',
      'password'
    )

    const store = openKeyStore(readFileSync(path), 'password')

    const entry = store.privateKey('server', 'password')
    assert.ok(entry?.chain[0])
    const key = createPrivateKey({ key: entry.key, format: 'der', type: 'pkcs8' })
    assert.ok(createPublicKey(key).equals(new X509Certificate(entry.chain[0]).publicKey))
    assert.equal(store.format, type)
  })
}

async function keytool(...args: string[]): Promise<void> {
  const running = run('keytool', args, { timeout: TIMEOUT_MS })
  running.child.stdin?.end() // it would ask for what it misses
  await running
}

async function haveKeytool(t: TestContext): Promise<boolean> {
  try {
    await keytool('-help')
    return true
  } catch (error) {
    if (process.env['MILLRACE_REQUIRE_SERVICES'] === '1') throw error
    t.skip('there is no keytool on the PATH')
    return false
  }
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-keytool-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}
