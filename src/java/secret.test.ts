import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { readSettings } from '../core/read-settings.ts'
import { secret, secretFile } from './secret.ts'

const settings = { token: secret('token', { doc: 't' }), password: secretFile('passwordFile', { doc: 'p' }) }

test('a secret is read where it is needed, and shown nowhere', t => {
  const folder = mkdtempSync(join(tmpdir(), 'secret-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const passwordFile = join(folder, 'password')
  const { values } = readSettings({ settings }, { token: 'T0ken', passwordFile }, () => undefined)
  assert.ok(values)
  const { token, password } = values

  assert.throws(() => password.read(), { code: 'ERR_CONFIG', message: 'There is no such file' })
  writeFileSync(passwordFile, ' S3cret \n')
  assert.deepEqual([token.read(), password.read(), password.path], ['T0ken', 'S3cret', passwordFile])
  for (const shown of [JSON.stringify(values), inspect(values, { depth: 9 })]) {
    assert.doesNotMatch(shown, /T0ken|S3cret/)
  }
})
