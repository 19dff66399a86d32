import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../../core/errors.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'

const MOST = 1 << 20

const structured = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 90 })), {
    maxLength: 30
  })
  .map(parts => Buffer.concat(parts.map(([part, times]) => Buffer.alloc(part.length * times, part))))

for (const [name, compress, decompress] of [
  ['snappy', compressSnappy, decompressSnappy],
  ['lz4', compressLz4, (block: Buffer) => decompressLz4(block, MOST)]
] as const) {
  test(`a raw ${name} block decompresses to what was compressed`, () => {
    fc.assert(
      fc.property(structured, raw => {
        assert.ok(decompress(compress(raw)).equals(raw))
      })
    )
  })

  test(`a raw ${name} block of any bytes throws ERR_FORMAT or gives bounded content`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        try {
          assert.ok(decompress(Buffer.from(bytes)).length <= bytes.length * 255)
        } catch (error) {
          assert.ok(error instanceof AgentError && error.code === 'ERR_FORMAT')
        }
      }),
      { numRuns: 2000 }
    )
  })
}

test('every kind of snappy element is read', () => {
  // 'abcd', a copy with one byte of offset, one with two, one with four; literals with a length of one more byte.
  const literal = Buffer.alloc(70, 'xyz')
  const block = Buffer.concat([
    Buffer.from([90, 3 << 2]),
    Buffer.from('abcd'),
    Buffer.from([0b000_000_01, 4]),
    Buffer.from([(3 << 2) | 2, 4, 0]),
    Buffer.from([(3 << 2) | 3, 4, 0, 0, 0]),
    Buffer.from([60 << 2, 69]),
    literal,
    Buffer.from([(3 << 2) | 2, 70, 0])
  ])

  assert.equal(String(decompressSnappy(block)), 'abcd'.repeat(4) + String(literal) + 'xyzx')
})

test('copies from before the start and beyond the size are refused', () => {
  const snappy = (...bytes: number[]): Buffer => decompressSnappy(Buffer.from(bytes))

  assert.equal(String(snappy(8, 0, 97, 0b011_01, 1)), 'aaaaaaaa')
  assert.throws(() => snappy(8, 0, 97, 0b011_01, 2), /a copy out of range/)
  assert.throws(() => snappy(8, 0, 97, 0b011_01, 0), /a copy out of range/)
  assert.throws(() => snappy(7, 0, 97, 0b011_01, 1), /a copy out of range/)
  assert.throws(() => snappy(9, 0, 97, 0b011_01, 1), /it ends too early/)
  assert.throws(() => decompressLz4(Buffer.from([0x10, 97, 2, 0]), MOST), /a copy out of range/)
})

test('lz4 of short input is literals only, and an overlapping match repeats', () => {
  assert.deepEqual([...compressLz4(Buffer.from('abc'))], [0x30, 97, 98, 99])
  assert.equal(String(decompressLz4(Buffer.from([0x1f, 97, 1, 0, 5, 0]), MOST)), 'a'.repeat(25))
})

test('an lz4 block never gives more than allowed', () => {
  const block = compressLz4(Buffer.alloc(100_000, 'a'))

  assert.throws(() => decompressLz4(block, 99_999), { code: 'ERR_FORMAT' })
})
