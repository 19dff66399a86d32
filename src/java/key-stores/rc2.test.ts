import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decryptRc2 } from './rc2.ts'

test('blocks decrypt as in RFC 2268, section 5', () => {
  const rows: [string, number, string, string][] = [
    ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
    ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
    ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
    ['88', 64, '0000000000000000', '61a8a244adacccf0']
  ]

  for (const [key, bits, plain, encrypted] of rows) {
    // This initialisation vector turns the plain block into text with padding.
    const iv = xor(Buffer.from(plain, 'hex'), Buffer.from('6162636465660202', 'hex'))
    assert.equal(
      decryptRc2(Buffer.from(key, 'hex'), bits, iv, Buffer.from(encrypted, 'hex')).toString(),
      'abcdef'
    )
  }
})

test('wrong padding and lengths that are no blocks are refused', () => {
  for (const bytes of [0, 7, 8, 12]) {
    assert.throws(() => decryptRc2(Buffer.alloc(5), 40, Buffer.alloc(8), Buffer.alloc(bytes, 1)), /padding/)
  }
})

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)))
}
