import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../../core/errors.ts'
import { damagedCopies } from '../../testing/damaged-copies.ts'
import type { Codec } from './codec.ts'
import {
  codecOfClass,
  codecOfFile,
  CODECS,
  decompress,
  resolveCodec,
  unsupportedCodec
} from './resolve-codec.ts'

const FIXTURES = new URL('../../../test/fixtures/hdfs/', import.meta.url)

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  return undefined
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function compressed(codec: Codec, chunks: readonly Buffer[]): Promise<Buffer> {
  return Buffer.concat(await codec.compress(chunks))
}

async function fixture(folder: string): Promise<Buffer> {
  const [name] = readdirSync(new URL(`${folder}/`, FIXTURES))
  return readFileSync(new URL(`${folder}/${name}`, FIXTURES))
}

function codecNamed(name: string): Codec {
  const codec = resolveCodec(name)
  assert.ok(codec !== undefined && codec !== 'none')
  return codec
}

test('a codec is found by class name, by simple name in any case, and without Codec at its end', () => {
  const names = ['org.apache.hadoop.io.compress.GzipCodec', 'GzipCodec', 'gzipcodec', 'gzip', 'GZIP']

  assert.deepEqual(
    names.map(name => codecNamed(name).extension),
    ['.gz', '.gz', '.gz', '.gz', '.gz']
  )
  assert.equal(resolveCodec('org.apache.hadoop.io.compress.gzipcodec'), undefined)
  assert.equal(resolveCodec('gz'), undefined)
  assert.equal(resolveCodec('None'), 'none')
})

test('every codec of Hadoop has its class and its extension', () => {
  const table = CODECS.map(({ name, hadoopClass, extension }) => [
    name,
    hadoopClass.split('.').at(-1),
    extension
  ])

  assert.deepEqual(table, [
    ['bzip2', 'BZip2Codec', '.bz2'],
    ['default', 'DefaultCodec', '.deflate'],
    ['deflate', 'DeflateCodec', '.deflate'],
    ['gzip', 'GzipCodec', '.gz'],
    ['lz4', 'Lz4Codec', '.lz4'],
    ['snappy', 'SnappyCodec', '.snappy'],
    ['zstandard', 'ZStandardCodec', '.zst']
  ])
  assert.equal(codecOfFile('a.bz2')?.name, 'bzip2')
  assert.equal(codecOfFile('a.txt'), undefined)
})

test('an unknown codec gives the sentence that Flume gives, and LZO the reason', () => {
  assert.equal(
    unsupportedCodec('bogus'),
    'Unsupported compression codec bogus.  Please choose from: ' +
      '[None, BZip2Codec, DefaultCodec, DeflateCodec, GzipCodec, Lz4Codec, SnappyCodec, ZStandardCodec]'
  )
  assert.match(unsupportedCodec('lzo'), /LZO needs GPL code/)
  assert.throws(() => codecOfClass('com.hadoop.compression.lzo.LzoCodec'), { code: 'ERR_UNSUPPORTED' })
  assert.throws(() => decompress('lzop', inPieces(Buffer.alloc(1), 1)), { code: 'ERR_UNSUPPORTED' })
})

test('no compression hands the source on', async () => {
  assert.equal(String(await collect(decompress('none', inPieces(Buffer.from('as it is'), 3)))), 'as it is')
})

for (const name of ['gzip', 'deflate', 'bzip2', 'snappy', 'lz4']) {
  test(`${name} reads what Flume wrote`, async () => {
    const file = await fixture(`compressed-${name}`)

    const content = await collect(codecNamed(name).decompress(inPieces(file, 7)))

    assert.deepEqual(content, await fixture('datastream-text'))
  })
}

const repeating = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(5000))
  .map(([pattern, length]) => Buffer.alloc(length, pattern))
const contents = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
    repeating
  ),
  { maxLength: 6 }
)

for (const codec of CODECS) {
  test(`${codec.name}: members behind one another read as their contents`, async () => {
    await fc.assert(
      fc.asyncProperty(contents, contents, fc.integer({ min: 1, max: 2000 }), async (one, other, size) => {
        const file = Buffer.concat([await compressed(codec, one), await compressed(codec, other)])

        const content = await collect(codec.decompress(inPieces(file, size)))

        assert.ok(content.equals(Buffer.concat([...one, ...other])))
      }),
      { numRuns: 40 }
    )
  })

  test(`${codec.name}: no bytes give no member, and an empty file has no content`, async () => {
    assert.deepEqual(await codec.compress([Buffer.alloc(0)]), [])
    assert.deepEqual(await collect(codec.decompress(inPieces(Buffer.alloc(0), 1))), Buffer.alloc(0))
  })

  test(`${codec.name}: content larger than every buffer comes back whole`, async () => {
    const content = largeContent(1_500_000)

    const file = await compressed(codec, [content.subarray(0, 700_001), content.subarray(700_001)])

    assert.ok((await collect(codec.decompress(inPieces(file, 50_000)))).equals(content))
  })

  test(`${codec.name}: damaged input ends with ERR_FORMAT or with content, soon, and never with more than it can hold`, async () => {
    const file = await compressed(codec, [largeContent(3000)])

    await fc.assert(
      fc.asyncProperty(damagedCopies(file), async damaged => {
        const outcome = await collect(codec.decompress(inPieces(damaged, 100))).catch(
          (error: unknown) => error
        )

        assert.ok(
          outcome instanceof Buffer ? outcome.length < 300_000 : isFormatError(outcome),
          String(outcome)
        )
      }),
      { numRuns: 300 }
    )
  })

  test(`${codec.name}: a member cut short rejects with ERR_FORMAT after what could be read`, async () => {
    const file = await compressed(codec, [largeContent(3000)])

    await assert.rejects(collect(codec.decompress(inPieces(file.subarray(0, -5), 100))), {
      code: 'ERR_FORMAT'
    })
  })
}

test('block sizes that cannot be are refused before memory is taken', async () => {
  const words = (...values: number[]): Buffer =>
    Buffer.concat(
      values.map(value => {
        const word = Buffer.alloc(4)
        word.writeUInt32BE(value)
        return word
      })
    )

  for (const name of ['snappy', 'lz4']) {
    const read = (bytes: Buffer): Promise<Buffer> =>
      collect(codecNamed(name).decompress(inPieces(bytes, 100)))
    await assert.rejects(read(words(0x7fffffff, 5, 0, 0)), /a block is larger than 64 MiB/)
    await assert.rejects(read(words(10, 0x7fffffff, 0, 0)), /a chunk is larger than its block/)
    await assert.rejects(read(words(10, 0)), { code: 'ERR_FORMAT' })
  }
})

test('a chunk may not hold more than its block says', async () => {
  for (const name of ['snappy', 'lz4']) {
    const file = await compressed(codecNamed(name), [Buffer.alloc(1000, 'ab')])
    file.writeUInt32BE(999)

    await assert.rejects(collect(codecNamed(name).decompress(inPieces(file, 100))), { code: 'ERR_FORMAT' })
  }
})

test('an error of the source comes through as it is', async () => {
  const broken = new Error('the disk is gone')
  async function* failing(): AsyncGenerator<Buffer, undefined> {
    yield Buffer.from([0x1f, 0x8b])
    throw broken
  }

  for (const codec of CODECS)
    await assert.rejects(
      collect(codec.decompress(failing())),
      error => error === broken || isFormatError(error)
    )
  await assert.rejects(collect(codecNamed('gzip').decompress(failing())), broken)
})

test('a reader that stops early closes the source', async () => {
  for (const codec of CODECS) {
    const file = await compressed(codec, [largeContent(400_000)])
    let closed = false
    async function* source(): AsyncGenerator<Buffer, undefined> {
      try {
        yield* inPieces(file, 1000)
      } finally {
        closed = true
      }
      return undefined
    }

    for await (const piece of codec.decompress(source())) if (piece.length > 0) break

    assert.equal(closed, true, codec.name)
  }
})

for (const [name, program] of [
  ['gzip', 'gzip'],
  ['bzip2', 'bzip2'],
  ['zstandard', 'zstd']
] as const) {
  const missing = spawnSync(program, ['--version'], { input: '' }).error !== undefined
  test(
    `${program} reads several members of ours, and we what it writes`,
    { skip: missing && `${program} is not installed` },
    async () => {
      const codec = codecNamed(name)
      const content = largeContent(200_000)
      const ours = Buffer.concat([
        await compressed(codec, [content]),
        await compressed(codec, [Buffer.from('second')])
      ])

      const unpacked = spawnSync(program, ['-dc'], { input: ours }).stdout
      const theirs = spawnSync(program, ['-c'], { input: content }).stdout

      assert.deepEqual(unpacked, Buffer.concat([content, Buffer.from('second')]))
      assert.ok((await collect(codec.decompress(inPieces(theirs, 9999)))).equals(content))
    }
  )
}

/** Lines that differ, and look like a log. */
function largeContent(bytes: number): Buffer {
  const lines: string[] = []
  for (let i = 0, size = 0; size < bytes; i++) {
    const line = `10.0.${i % 251}.7 - - "GET /${Math.imul(i, 2654435761) >>> 0}/index.html" 200 ${i % 17}\n`
    lines.push(line)
    size += line.length
  }
  return Buffer.from(lines.join('')).subarray(0, bytes)
}

function isFormatError(error: unknown): boolean {
  return error instanceof AgentError && error.code === 'ERR_FORMAT'
}
