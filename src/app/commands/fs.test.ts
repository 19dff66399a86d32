import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { EventBatch } from '../../core/batch.ts'
import { fsCommand } from './fs.ts'

/** A home with an embedded store as default file system. */
async function home(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-fs-'))
  t.after(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'conf'))
  await mkdir(join(folder, 'store'))
  await writeFile(
    join(folder, 'conf', 'core-site.xml'),
    '<configuration><property><name>fs.defaultFS</name><value>embedded:store</value></property></configuration>'
  )
  return folder
}

async function run(
  folder: string,
  ...args: readonly string[]
): Promise<{ status: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const out = Array.fromAsync<Buffer>(stdout)
  const err = Array.fromAsync<Buffer>(stderr)
  const environment = {
    variables: { FLUME_HOME: folder, LANG: 'C.UTF-8' },
    properties: {},
    configDirectory: join(folder, 'conf')
  }
  const status = await fsCommand(args, { environment, stdout, stderr })
  stdout.end()
  stderr.end()
  return { status, out: Buffer.concat(await out).toString(), err: Buffer.concat(await err).toString() }
}

test('folders are made, listed and removed as with hadoop fs', async t => {
  const folder = await home(t)
  await run(folder, '-mkdir', '-p', '/user/flume/data')
  await writeFile(join(folder, 'store/user/flume/data/a b'), 'hello')
  await utimes(join(folder, 'store/user/flume/data/a b'), 0, new Date(2024, 0, 2, 3, 4))

  const listed = await run(folder, '-ls', '/user/flume/data')
  const plain = await run(folder, '-rm', '/user/flume/data')
  const whole = await run(folder, '-rm', '-r', '/user/flume/data')

  assert.match(
    listed.out,
    /^Found 1 items\n-rw-r--r-- {3}1 \S+ +\S+ {10}5 2024-01-02 03:04 \/user\/flume\/data\/a b\n$/
  )
  assert.deepEqual(plain, { status: 1, out: '', err: "rm: `/user/flume/data': Is a directory\n" })
  assert.deepEqual(whole, { status: 0, out: 'Deleted /user/flume/data\n', err: '' })
})

test('listings go down with -R, and show whole URIs where one was given', async t => {
  const folder = await home(t)
  await run(folder, '-mkdir', '-p', '/a/b')
  await writeFile(join(folder, 'store/a/b/c'), 'x'.repeat(1536))

  const { out } = await run(folder, '-ls', '-R', '-h', `embedded:${folder}/store/a`)

  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map(line => line.split(' ').at(-1)),
    [`embedded:${folder}/store/a/b`, `embedded:${folder}/store/a/b/c`]
  )
  assert.match(out, / 1\.5 K /)
})

test('-C lists paths only, -d a folder itself', async t => {
  const folder = await home(t)
  await run(folder, '-mkdir', '-p', '/a/b/c', '/e')
  await writeFile(join(folder, 'store/a/f'), 'x')

  assert.equal((await run(folder, '-ls', '-C', '/a', '/e')).out, '/a/b\n/a/f\n')
  assert.equal((await run(folder, '-ls', '-C', '-R', '/a')).out, '/a/b\n/a/b/c\n/a/f\n')
  assert.equal((await run(folder, '-ls', '-dC', '/a', '/a/f')).out, '/a\n/a/f\n')
  assert.match((await run(folder, '-ls', '-d', '-R', '/a')).out, /^d\S+ .* \/a\n$/)
})

test("what is wrong is said in Hadoop's words, and the rest is still done", async t => {
  const folder = await home(t)
  await writeFile(join(folder, 'store/x'), 'content\n')

  assert.deepEqual(await run(folder, '-cat', '/none', '/x', '/'), {
    status: 1,
    out: 'content\n',
    err: "cat: `/none': No such file or directory\ncat: `/': Is a directory\n"
  })
  assert.equal((await run(folder, '-mkdir', '/x')).err, "mkdir: `/x': File exists\n")
  assert.equal((await run(folder, '-mkdir', '/p/q')).err, "mkdir: `/p/q': No such file or directory\n")
  assert.equal((await run(folder, '-rm', '-f', '/none')).status, 0)
})

test('a wrong command line prints the usage', async t => {
  const folder = await home(t)

  for (const args of [[], ['-what'], ['-cat'], ['-ls', '-z', '/']]) {
    const { status, out, err } = await run(folder, ...args)
    assert.deepEqual([status, out], [255, ''])
    assert.match(err, /flume-ng fs -text URI…/)
  }
})

test('-tail prints the last KiB', async t => {
  const folder = await home(t)
  await writeFile(join(folder, 'store/long'), 'x'.repeat(2000) + 'end')
  await writeFile(join(folder, 'store/short'), 'end')

  assert.equal((await run(folder, '-tail', '/long')).out, 'x'.repeat(1021) + 'end')
  assert.equal((await run(folder, '-tail', '/short')).out, 'end')
})

test('-text decodes what the ending or the first bytes tell, also of files in use', async t => {
  const folder = await home(t)
  const { resolveCodec } = await import('../../wire/codecs/resolve-codec.ts')
  for (const name of ['gzip', 'bzip2', 'deflate', 'snappy', 'lz4', 'zstandard']) {
    const codec = resolveCodec(name)
    assert.ok(codec !== undefined && codec !== 'none')
    const members = [
      ...(await codec.compress([Buffer.from('one\n')])),
      ...(await codec.compress([Buffer.from(`${name}\n`)]))
    ]
    await writeFile(join(folder, `store/FlumeData.1${codec.extension}.tmp`), Buffer.concat(members))
  }
  await writeFile(join(folder, 'store/unnamed'), gzipSync('gzip by its bytes\n'))
  await writeFile(join(folder, 'store/not.gz'), 'plain\n')

  const { out, err } = await run(folder, '-text', '/FlumeData.*', '/unnamed', '/not.gz')

  assert.equal(err, '')
  assert.deepEqual(
    out.split('\n').filter(line => line !== 'one'),
    ['bzip2', 'deflate', 'gzip', 'lz4', 'snappy', 'zstandard', 'gzip by its bytes', 'plain', '']
  )
})

test('-text prints sequence files as lines, bytes as text where they are text', async t => {
  const folder = await home(t)
  const { createSequenceFile } = await import('../../wire/sequence-file.ts')
  const { timestampKeys } = await import('../../wire/sequence-keys.ts')
  const bodies = [Buffer.from('This is a test message'), Buffer.from([0xff, 0x00])]
  const slab = Buffer.concat(bodies)
  const batch = new EventBatch(slab, Uint32Array.of(0, 22), Uint32Array.of(22, 24)).withHeader(
    'timestamp',
    '1700000000123'
  )
  const file = createSequenceFile({ value: 'bytes' })
  await writeFile(
    join(folder, 'store/FlumeData.1'),
    Buffer.concat([...(await file.write(batch, timestampKeys(batch, 0))), ...(await file.end())])
  )
  await writeFile(join(folder, 'store/damaged'), 'SEQ\x06 and nothing more')

  assert.equal(
    (await run(folder, '-text', '/FlumeData.1')).out,
    '1700000000123\tThis is a test message\n1700000000123\tff 00\n'
  )
  assert.equal((await run(folder, '-text', '/damaged')).status, 1)
})

test('-text prints every kind of file that Flume writes', async t => {
  const folder = await home(t)
  const fixtures = join(import.meta.dirname, '../../../test/fixtures/hdfs')
  const text = async (pattern: string) =>
    (await run(folder, '-text', `file://${fixtures}/${pattern}/ev*`)).out

  const lines = await text('datastream-text')
  const records = lines
    .trimEnd()
    .split('\n')
    .map(line => `1700000000123\t${line}\n`)
    .join('')
  const avro = (await text('datastream-avro'))
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line).body as string)

  assert.match(lines, /^event-0000 payload\n/)
  assert.equal(await text('compressed-*'), lines.repeat(5))
  assert.equal(await text('seq-*'), records.repeat(4))
  assert.equal(avro.join('\n') + '\n', lines)
})

test('a reader that leaves ends the command quietly', async t => {
  const folder = await home(t)
  await writeFile(join(folder, 'store/long'), Buffer.alloc(4 * 1024 * 1024, 'x'))
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => {
      done(Object.assign(new Error('gone'), { code: 'EPIPE' }))
    }
  })
  const stderr = new PassThrough()
  const environment = {
    variables: { FLUME_HOME: folder, LANG: 'C.UTF-8' },
    properties: {},
    configDirectory: join(folder, 'conf')
  }

  assert.equal(await fsCommand(['-cat', '/long', '/long'], { environment, stdout, stderr }), 0)
  assert.equal(stderr.read(), null)
})
