import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBzip2 } from './bzip2-decode.ts'
import { encodeBzip2 } from './bzip2-encode.ts'
import { huffmanLengths } from './huffman-lengths.ts'
import { suffixArray } from './suffix-array.ts'

async function decode(bytes: Buffer): Promise<Buffer> {
  async function* source(): AsyncGenerator<Buffer, undefined> {
    yield bytes
    return undefined
  }
  const pieces: Buffer[] = []
  for await (const piece of decodeBzip2(source())) pieces.push(piece)
  return Buffer.concat(pieces)
}

const fewSymbols = fc.uint8Array({ max: 3, maxLength: 200 })

test('a suffix array is the sorted order of suffixes', () => {
  fc.assert(
    fc.property(fc.oneof(fewSymbols, fc.uint8Array({ maxLength: 100 })), text => {
      const bytes = Buffer.from(text)
      const sorted = Array.from(bytes.keys()).sort((a, b) =>
        Buffer.compare(bytes.subarray(a), bytes.subarray(b))
      )

      assert.deepEqual([...suffixArray(text, 255)], sorted)
    })
  )
})

test('what is encoded decodes to itself, periodic input included', async () => {
  const periodic = fc
    .tuple(fewSymbols, fc.nat(40))
    .map(([part, times]) => Buffer.concat(new Array<Uint8Array>(times).fill(part)))

  await fc.assert(
    fc.asyncProperty(fc.oneof(periodic, fc.uint8Array({ maxLength: 3000 })), async bytes => {
      assert.ok((await decode(encodeBzip2(Buffer.from(bytes)))).equals(bytes))
    }),
    { numRuns: 200 }
  )
})

test('inputs that are hard to sort take no longer than others', async () => {
  const hard = [
    Buffer.alloc(2_000_000, 'a'),
    Buffer.alloc(1_000_000, 'ab'),
    Buffer.alloc(1_000_000, 'abcdefgh'.repeat(100) + 'x')
  ]

  for (const input of hard) assert.ok((await decode(encodeBzip2(input))).equals(input))
})

test('runs of every length around the limits of a count come back', async () => {
  const input = Buffer.concat(
    [1, 3, 4, 5, 254, 255, 256, 257, 259, 510, 1021].map((length, i) => Buffer.alloc(length, i))
  )

  assert.deepEqual(await decode(encodeBzip2(input)), input)
})

test('a code is complete and no deeper than its limit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(900_000), { minLength: 3, maxLength: 258 }), counts => {
      const lengths = huffmanLengths(Uint32Array.from(counts), 17)

      assert.ok(lengths.every(length => length >= 1 && length <= 17))
      assert.equal(
        lengths.reduce((sum, length) => sum + 2 ** -length, 0),
        1
      )
    })
  )
})

test('a code for counts like Fibonacci numbers is flattened', () => {
  const counts = new Uint32Array(30)
  counts.set([1, 1])
  for (let i = 2; i < 30; i++) counts[i] = counts[i - 1]! + counts[i - 2]!

  assert.ok(Math.max(...huffmanLengths(counts, 17)) <= 17)
})

test('a wrong checksum, a randomised block and an index outside are refused', async () => {
  const good = encodeBzip2(Buffer.from('some text that repeats, some text that repeats'))
  const changed = (at: number, bits: number): Buffer => {
    const bytes = Buffer.from(good)
    bytes[at]! ^= bits
    return bytes
  }

  await assert.rejects(decode(changed(10, 1)), /checksum of a block/)
  await assert.rejects(decode(changed(14, 0x80)), /randomised/)
  await assert.rejects(decode(changed(14, 0x40)), /index outside/)
  await assert.rejects(decode(Buffer.concat([good, Buffer.from('x')])), { code: 'ERR_FORMAT' })
})

const python = spawnSync('python3', ['-c', 'import bz2']).status === 0
test('Python reads what is encoded', { skip: !python && 'Python with bz2 is not installed' }, () => {
  const input = Buffer.from('one line and another\n'.repeat(5000))

  const output = spawnSync(
    'python3',
    ['-c', 'import bz2,sys;sys.stdout.buffer.write(bz2.decompress(sys.stdin.buffer.read()))'],
    {
      input: encodeBzip2(input)
    }
  )

  assert.deepEqual(output.stdout, input)
})
