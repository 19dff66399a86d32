import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DerReader, SEQUENCE } from './der.ts'
import { decryptSunTripleDes } from './password-ciphers.ts'
import { FOR_IV, FOR_KEY, FOR_MAC, pkcs12Key } from './password-keys.ts'

test("a salt of equal halves is treated as Java's code treats it", () => {
  const parameters = new DerReader(Buffer.from('300d04080102030401020304020114', 'hex')).inside(SEQUENCE)
  const encryptedByJava = Buffer.from('5dd9408af978a74cc849563b48874d10a37bb38658ea73de', 'hex')

  assert.equal(decryptSunTripleDes(parameters, encryptedByJava, 'secret').toString(), 'equal salt halves')
})

test('keys of PKCS #12 are those of published vectors', () => {
  const smeg = { password: 'smeg', salt: Buffer.from('0A58CF64530D823F', 'hex'), iterations: 1 }
  const queeg = { password: 'queeg', salt: Buffer.from('1682C0FC5B3F7EC5', 'hex'), iterations: 1000 }

  assert.equal(
    pkcs12Key('sha1', FOR_KEY, smeg, 24).toString('hex'),
    '8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3'
  )
  assert.equal(
    pkcs12Key('sha1', FOR_IV, { ...smeg, salt: Buffer.from('0A58CF64530D823F', 'hex') }, 8).toString('hex'),
    '79993dfe048d3b76'
  )
  assert.equal(
    pkcs12Key('sha1', FOR_KEY, queeg, 24).toString('hex'),
    '483dd6e919d7de2e8e648ba8f862f3fbfbdc2bcb2c02957f'
  )
  assert.equal(
    pkcs12Key('sha1', FOR_MAC, { ...smeg, salt: Buffer.from('3D83C0E4546AC140', 'hex') }, 20).toString('hex'),
    '8d967d88f6caa9d714800ab3d48051d63f73a312'
  )
})
