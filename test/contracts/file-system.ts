import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fileErrorKind } from '../../src/fs/file-errors.ts'
import type { FileErrorKind, FileSystem, FileWriter } from '../../src/fs/file-system.ts'
import { answering, kept, type Promises } from '../../src/testing/promise-kept.ts'

/** A file system and an empty folder in it that the test may fill. */
export interface Store {
  readonly fileSystem: FileSystem
  readonly folder: string
}

const PROMISES: Promises<FileSystem> = {
  create: 'create() resolves once the file is there',
  append: 'append() resolves once the file can be written to',
  rename: 'rename() answers',
  mkdirs: 'mkdirs() answers',
  list: 'list() answers',
  stat: 'stat() answers',
  delete: 'delete() answers',
  recoverLease: 'recoverLease() answers, also while the file is not closed yet'
}
const PROMISES_OF_WRITER: Promises<FileWriter> = {
  write: 'write() takes all bytes or rejects',
  hflush: 'hflush() resolves once readers can see what was written',
  hsync: 'hsync() resolves once what was written survives',
  close: 'close() of a writer comes to its end'
}

/** Names that file systems and URLs have trouble with. */
const NAMES = ['with blank', 'ünï ✓ 中', '100%+#?', '%41;&=,', 'a\'b"c', '~tilde!$()@', '.hidden', '%2F']

/**
 * What every file system promises. `open` makes a store for one test and cleans up with `t.after`; undefined when it
 * skipped the test.
 */
export function fileSystemContract(name: string, open: (t: TestContext) => Promise<Store | undefined>): void {
  const promise = (sentence: string, check: (store: Store) => Promise<void>) => {
    test(`${name}: ${sentence}`, async t => {
      const store = await kept('a store is made', open(t))
      if (store !== undefined) await check({ ...store, fileSystem: bounded(store.fileSystem) })
    })
  }
  writing(promise)
  renaming(promise)
  looking(promise)
}

type Promised = (sentence: string, check: (store: Store) => Promise<void>) => void

/** The same file system, but calls that do not answer reject. */
function bounded(fileSystem: FileSystem): FileSystem {
  const writer = (own: FileWriter): FileWriter => answering(own, PROMISES_OF_WRITER)
  return answering(fileSystem, PROMISES, {
    create: async (path, options) => writer(await fileSystem.create(path, options)),
    append: async path => writer(await fileSystem.append(path))
  })
}

function writing(promise: Promised): void {
  promise('a closed file holds everything that was written, in order', async ({ fileSystem, folder }) => {
    const chunks = Array.from({ length: 1500 }, (_, i) => Buffer.alloc(i % 400, i))
    const writer = await fileSystem.create(`${folder}/a/b/file`)

    await writer.write([])
    await writer.write(chunks)
    await writer.write([Buffer.alloc(0), Buffer.from('end')])
    await writer.close()

    const whole = Buffer.concat([...chunks, Buffer.from('end')])
    assert.equal(writer.position, whole.length)
    assert.ok(whole.equals(await contentOf(fileSystem, `${folder}/a/b/file`)))
  })

  promise('an empty file can be made', async ({ fileSystem, folder }) => {
    await (await fileSystem.create(`${folder}/empty`)).close()

    assert.equal((await fileSystem.stat(`${folder}/empty`))?.size, 0)
    assert.equal((await contentOf(fileSystem, `${folder}/empty`)).length, 0)
  })

  promise('what was flushed can be read while the file is open', async ({ fileSystem, folder }) => {
    const writer = await fileSystem.create(`${folder}/open`)
    await writer.write([Buffer.from('one\n')])
    await writer.hflush()
    await writer.write([Buffer.from('two\n')])
    await writer.hsync()

    assert.equal(String(await contentOf(fileSystem, `${folder}/open`)), 'one\ntwo\n')
    await writer.close()
  })

  promise('a file that exists is not created again', async ({ fileSystem, folder }) => {
    await write(fileSystem, `${folder}/taken`, 'first')

    await rejectsWith('exists', fileSystem.create(`${folder}/taken`))
    await rejectsWith('exists', fileSystem.create(`${folder}/taken/below`))
    assert.equal(String(await contentOf(fileSystem, `${folder}/taken`)), 'first')
  })

  promise('append continues a file, and only one that is there', async ({ fileSystem, folder }) => {
    await write(fileSystem, `${folder}/log`, 'one')
    const writer = await fileSystem.append(`${folder}/log`)
    const before = writer.position
    await writer.write([Buffer.from('two')])
    await writer.close()

    assert.deepEqual([before, writer.position], [3, 6])
    assert.equal(String(await contentOf(fileSystem, `${folder}/log`)), 'onetwo')
    await rejectsWith('missing', fileSystem.append(`${folder}/none`))
  })

  promise(
    'a closed writer refuses writes and may be closed again, also after a rename',
    async ({ fileSystem, folder }) => {
      const writer = await fileSystem.create(`${folder}/done.tmp`)
      await writer.write([Buffer.from('x')])
      await writer.close()
      await fileSystem.rename(`${folder}/done.tmp`, `${folder}/done`)

      await writer.close()
      await rejectsWith('other', writer.write([Buffer.from('y')]))
      await rejectsWith('other', writer.hflush())
      assert.equal(String(await contentOf(fileSystem, `${folder}/done`)), 'x')
    }
  )

  promise('a file nobody writes to needs no recovery', async ({ fileSystem, folder }) => {
    await write(fileSystem, `${folder}/file`, 'x')

    assert.equal(await fileSystem.recoverLease(`${folder}/file`), true)
    await rejectsWith('missing', fileSystem.recoverLease(`${folder}/none`))
  })
}

function renaming(promise: Promised): void {
  promise('rename moves a file and says when it cannot', async ({ fileSystem, folder }) => {
    await write(fileSystem, `${folder}/a.tmp`, 'a')
    await write(fileSystem, `${folder}/b`, 'b')
    await fileSystem.mkdirs(`${folder}/dir`)

    await rejectsWith('exists', fileSystem.rename(`${folder}/a.tmp`, `${folder}/b`))
    await rejectsWith('exists', fileSystem.rename(`${folder}/a.tmp`, `${folder}/dir`))
    await rejectsWith('missing', fileSystem.rename(`${folder}/none`, `${folder}/c`))
    await rejectsWith('missing', fileSystem.rename(`${folder}/none`, `${folder}/b`))
    await rejectsWith('missing', fileSystem.rename(`${folder}/a.tmp`, `${folder}/no/such/a`))
    await fileSystem.rename(`${folder}/a.tmp`, `${folder}/dir/a`)

    assert.deepEqual(await namesIn(fileSystem, folder), ['b', 'dir'])
    assert.equal(String(await contentOf(fileSystem, `${folder}/dir/a`)), 'a')
    assert.equal(String(await contentOf(fileSystem, `${folder}/b`)), 'b')
  })

  promise('names keep every character', async ({ fileSystem, folder }) => {
    for (const name of NAMES) {
      await write(fileSystem, `${folder}/${name} dir/${name}.tmp`, name)
      await fileSystem.rename(`${folder}/${name} dir/${name}.tmp`, `${folder}/${name} dir/${name}`)
    }

    assert.deepEqual(await namesIn(fileSystem, folder), NAMES.map(name => `${name} dir`).sort())
    for (const name of NAMES)
      assert.equal(String(await contentOf(fileSystem, `${folder}/${name} dir/${name}`)), name)
  })
}

function looking(promise: Promised): void {
  promise('mkdirs makes parents, and is content with what is there', async ({ fileSystem, folder }) => {
    await fileSystem.mkdirs(`${folder}/a/b`)
    await fileSystem.mkdirs(`${folder}/a/b`)
    await write(fileSystem, `${folder}/file`, 'x')

    assert.equal((await fileSystem.stat(`${folder}/a/b`))?.type, 'directory')
    await rejectsWith('exists', fileSystem.mkdirs(`${folder}/file`))
    await rejectsWith('exists', fileSystem.mkdirs(`${folder}/file/below`))
  })

  promise('list tells names, types and sizes, sorted by name', async ({ fileSystem, folder }) => {
    await fileSystem.mkdirs(`${folder}/sub`)
    await write(fileSystem, `${folder}/b`, 'four')
    await write(fileSystem, `${folder}/a`, '')

    const found = (await fileSystem.list(folder)).map(({ path, name, type, size }) => ({
      path,
      name,
      type,
      size
    }))

    assert.deepEqual(found, [
      { path: `${folder}/a`, name: 'a', type: 'file', size: 0 },
      { path: `${folder}/b`, name: 'b', type: 'file', size: 4 },
      { path: `${folder}/sub`, name: 'sub', type: 'directory', size: 0 }
    ])
    assert.deepEqual(await fileSystem.list(`${folder}/sub`), [])
    await rejectsWith('missing', fileSystem.list(`${folder}/none`))
    await rejectsWith('exists', fileSystem.list(`${folder}/b`))
  })

  promise('stat describes a file and knows nothing of a missing one', async ({ fileSystem, folder }) => {
    await write(fileSystem, `${folder}/file`, 'x')

    const status = await fileSystem.stat(`${folder}/file`)

    assert.equal(status?.mode, 0o644)
    assert.equal(status?.replication, 1)
    assert.ok(status !== undefined && status.modified > 1_600_000_000_000 && status.owner !== undefined)
    assert.equal(await fileSystem.stat(`${folder}/none`), undefined)
    assert.equal(await fileSystem.stat(`${folder}/file/below`), undefined)
  })

  promise(
    'delete removes files and folders, full ones only when asked to',
    async ({ fileSystem, folder }) => {
      await write(fileSystem, `${folder}/dir/file`, 'x')

      await rejectsWith('other', fileSystem.delete(`${folder}/dir`))
      assert.equal(await fileSystem.delete(`${folder}/dir/file`), true)
      assert.equal(await fileSystem.delete(`${folder}/dir/file`), false)
      assert.equal(await fileSystem.delete(`${folder}/dir`), true)
      await write(fileSystem, `${folder}/dir/file`, 'x')
      assert.equal(await fileSystem.delete(`${folder}/dir`, { recursive: true }), true)
      assert.deepEqual(await fileSystem.list(folder), [])
    }
  )

  promise(
    'reading starts anywhere, finds nothing at the end, and may stop early',
    async ({ fileSystem, folder }) => {
      await write(fileSystem, `${folder}/file`, 'x'.repeat(700_000) + 'end')

      assert.equal(String(await contentOf(fileSystem, `${folder}/file`, 699_999)), 'xend')
      assert.equal((await contentOf(fileSystem, `${folder}/file`, 700_003)).length, 0)
      assert.equal((await contentOf(fileSystem, `${folder}/file`, 800_000)).length, 0)
      const pieces = fileSystem.read(`${folder}/file`)[Symbol.asyncIterator]()
      const piece = await kept('read() gives a piece', pieces.next())
      assert.ok(piece.done !== true && piece.value.length > 0)
      await kept('read() may be left early', Promise.resolve(pieces.return?.()))
      await rejectsWith('missing', contentOf(fileSystem, `${folder}/none`))
    }
  )
}

/** Everything a file holds from `offset` on. */
export async function contentOf(fileSystem: FileSystem, path: string, offset?: number): Promise<Buffer> {
  const pieces = Array.fromAsync(fileSystem.read(path, offset))
  return Buffer.concat(await kept('read() comes to the end of a file', pieces))
}

/** Expects ERR_FILE_SYSTEM of this kind. */
export async function rejectsWith(kind: FileErrorKind, pending: Promise<unknown>): Promise<void> {
  await assert.rejects(pending, (error: unknown) => {
    assert.equal(fileErrorKind(error), kind, `${String(error)} ${JSON.stringify(error)}`)
    return true
  })
}

async function write(fileSystem: FileSystem, path: string, text: string): Promise<void> {
  const writer = await fileSystem.create(path)
  await writer.write([Buffer.from(text)])
  await writer.close()
}

async function namesIn(fileSystem: FileSystem, folder: string): Promise<readonly string[]> {
  return (await fileSystem.list(folder)).map(({ name }) => name)
}
