import assert from 'node:assert/strict'
import { writeSync, writev } from 'node:fs'
import { chmod, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileErrorKind, fromSystemError } from './file-errors.ts'
import { FileOutput, skipBytes } from './file-output.ts'
import { LocalWriter } from './local-writer.ts'
import { LocalFileSystem } from './local.ts'

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-local-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

async function kindOf(pending: Promise<unknown>): Promise<string> {
  return await pending.then(() => 'resolved', fileErrorKind)
}

test('a full disk is kind full, at the write; only close works afterwards', async t => {
  if (process.platform !== 'linux') return t.skip('needs /dev/full')
  const writer = await new LocalFileSystem().append('/dev/full')

  const kinds = [
    await kindOf(writer.write([Buffer.from('x')])),
    await kindOf(writer.write([Buffer.from('x')])),
    await kindOf(writer.hflush()),
    await kindOf(writer.close()),
    await kindOf(writer.close())
  ]

  assert.deepEqual(kinds, ['full', 'full', 'full', 'resolved', 'resolved'])
})

test('short writes go on where they stopped, and a torn end is cut off', async t => {
  const file = join(await temporaryFolder(t), 'file')
  const handle = await open(file, 'wx')
  let calls = 0
  const output = new FileOutput(handle.fd, true, {
    now: () => 0,
    writev,
    writevSync: (descriptor, chunks, position) => {
      if (++calls > 4) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      return writeSync(descriptor, Buffer.concat(chunks).subarray(0, 3), 0, null, position)
    }
  })
  const writer = new LocalWriter(handle, { path: '/file', file }, 0, output)

  await writer.write([Buffer.from('ab'), Buffer.from('cdef'), Buffer.from('g')])
  const second = await kindOf(writer.write([Buffer.from('torn'), Buffer.from('end')]))
  await writer.close()

  assert.deepEqual([second, calls, writer.position], ['full', 5, 7])
  assert.equal(await readFile(file, 'utf8'), 'abcdefg')
})

test('an open file that was deleted is noticed at the flush', async t => {
  const folder = await temporaryFolder(t)
  const fileSystem = new LocalFileSystem()
  const writer = await fileSystem.create(`${folder}/dir/file`)
  await fileSystem.delete(`${folder}/dir`, { recursive: true })
  await writer.write([Buffer.from('x')])

  assert.equal(await kindOf(writer.hflush()), 'missing')
  await writer.close()
})

test('a close that failed may be tried again and then tells whether data was lost', async t => {
  const file = join(await temporaryFolder(t), 'file')
  const outcomes: string[] = []
  for (const lost of [false, true]) {
    const handle = await open(file, 'w')
    const writer = new LocalWriter(handle, { path: '/file', file }, 0)
    await writer.write([Buffer.from('data')])
    t.mock.method(
      handle,
      'close',
      async () => {
        throw Object.assign(new Error('i/o error'), { code: 'EIO' })
      },
      { times: 1 }
    )
    outcomes.push(await kindOf(writer.close()))
    if (lost) await handle.truncate(1)
    outcomes.push(await kindOf(writer.close()))
    await handle.close()
  }

  assert.deepEqual(outcomes, ['other', 'resolved', 'other', 'other'])
})

test('a folder that may not be written to is denied', async t => {
  if (process.getuid?.() === 0) return t.skip('root may write everywhere')
  const folder = await temporaryFolder(t)
  await chmod(folder, 0o500)

  assert.equal(await kindOf(new LocalFileSystem().create(`${folder}/x`)), 'denied')
  await chmod(folder, 0o700)
})

test('system errors have kinds', () => {
  const codes = [
    'ENOENT',
    'EEXIST',
    'ENOTDIR',
    'EACCES',
    'EPERM',
    'EROFS',
    'ENOSPC',
    'EDQUOT',
    'ESTALE',
    'EIO',
    'EMFILE'
  ]

  const kinds = codes.map(code =>
    fileErrorKind(fromSystemError(Object.assign(new Error(code), { code }), '/x'))
  )

  assert.deepEqual(kinds, [
    'missing',
    'exists',
    'exists',
    'denied',
    'denied',
    'denied',
    'full',
    'full',
    'unreachable',
    'other',
    'other'
  ])
})

test('a path that no file can have is an error of ours', async () => {
  assert.equal(await kindOf(new LocalFileSystem().stat('/a\0b')), 'other')
})

test('the root is never deleted, and a dangling link can be looked at and deleted', async t => {
  const folder = await temporaryFolder(t)
  const fileSystem = new LocalFileSystem(folder)
  await symlink(join(folder, 'nowhere'), join(folder, 'link'))
  await writeFile(join(folder, 'file'), 'x')

  assert.equal(await kindOf(fileSystem.delete('/', { recursive: true })), 'denied')
  assert.deepEqual(
    (await fileSystem.list('/')).map(({ name }) => name),
    ['file', 'link']
  )
  assert.equal(await fileSystem.delete('/link'), true)
})

test('skipBytes drops exactly that many bytes', () => {
  const chunks = ['ab', '', 'cde', 'f'].map(text => Buffer.from(text))

  assert.deepEqual(
    [0, 1, 2, 4, 6, 9].map(count => Buffer.concat(skipBytes(chunks, count)).toString()),
    ['abcdef', 'bcdef', 'cdef', 'ef', '', '']
  )
})

test('a store whose folder is not made yet is empty', async t => {
  const fileSystem = new LocalFileSystem(join(await temporaryFolder(t), 'store'))

  assert.deepEqual([await fileSystem.list('/'), (await fileSystem.stat('/'))?.type], [[], 'directory'])
  assert.equal(await kindOf(fileSystem.list('/user')), 'missing')
})
