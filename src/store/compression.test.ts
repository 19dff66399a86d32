import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../core/errors.ts'
import { compress, decompress, type Codec } from './compression.ts'

const LINES = Buffer.from(
  Array.from({ length: 1000 }, (_, i) => `2026-01-01T00:00:00 INFO order ${i} accepted\n`).join('')
)

for (const codec of ['zstd', 'lz4'] as const) {
  test(`${codec}: log lines shrink to less than half and come back`, () => {
    const packed = compress(codec, LINES)

    assert.ok(packed.length < LINES.length / 2, String(packed.length))
    assert.deepEqual(decompress(codec, packed, LINES.length), LINES)
  })

  test(`${codec}: any payload comes back, aligned for views of 32 bits`, () => {
    const payloads = fc.oneof(
      fc.uint8Array({ minLength: 64, maxLength: 400 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 64, max: 200 }))
        .map(([bytes, times]) => Buffer.alloc(bytes.length * times, bytes))
    )
    fc.assert(
      fc.property(payloads, given => {
        const plain = Buffer.from(given)
        const found = decompress(codec, compress(codec, plain), plain.length)
        assert.deepEqual(found, plain)
        assert.equal(found.byteOffset % 4, 0)
      }),
      { numRuns: 200, seed: 4 }
    )
  })

  test(`${codec}: payloads that are tiny or huge stay as they are`, () => {
    for (const plain of [Buffer.alloc(0), Buffer.alloc(63), Buffer.alloc(4 * 1024 * 1024 + 1)]) {
      assert.equal(compress(codec, plain), plain)
    }
  })

  test(`${codec}: a raw length that is not the true one is refused`, () => {
    const packed = compress(codec, LINES)

    for (const rawLength of [0, 1, LINES.length - 1, LINES.length + 1, 2 ** 31])
      refused(codec, packed, rawLength)
  })

  test(`${codec}: damaged bytes are refused or give as many bytes as promised`, () => {
    const packed = compress(codec, LINES)
    const damage = fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(damage, fc.nat(packed.length), (changes, cut) => {
        const bytes = Buffer.from(packed)
        for (const [at, byte] of changes) bytes[at] = byte
        for (const given of [bytes, bytes.subarray(0, cut)]) {
          try {
            assert.equal(decompress(codec, given, LINES.length).length, LINES.length)
          } catch (error) {
            assert.ok(error instanceof AgentError && error.code === 'ERR_FORMAT', String(error))
          }
        }
      }),
      { numRuns: 200, seed: 4 }
    )
  })
}

test('few bytes that promise a gigabyte take no gigabyte', () => {
  const before = process.memoryUsage().arrayBuffers

  for (const codec of ['zstd', 'lz4'] as const) refused(codec, compress(codec, Buffer.alloc(1000)), 2 ** 30)

  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024)
})

function refused(codec: Codec, bytes: Buffer, rawLength: number): void {
  assert.throws(() => decompress(codec, bytes, rawLength), { code: 'ERR_FORMAT' }, `${codec} ${rawLength}`)
}
