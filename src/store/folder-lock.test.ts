import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { lockFolder } from './folder-lock.ts'
import { startOf } from './lock-owner.ts'

const NOBODY = 65_534

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** A process that has the folder. */
async function lockedElsewhere(t: TestContext, folder: string): Promise<ChildProcess> {
  const module = join(import.meta.dirname, 'folder-lock.ts')
  const script = `const { lockFolder } = await import(${JSON.stringify(module)}); await lockFolder(process.argv[1], 'other'); console.log('locked'); process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('another process that lives keeps the folder, and is named; when it is killed the folder is free', async t => {
  const folder = await folderFor(t)
  const child = await lockedElsewhere(t, folder)

  await assert.rejects(lockFolder(folder, 'mine'), {
    code: 'ERR_START',
    message: new RegExp(`process ${child.pid} \\(channel other\\)`)
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await lockFolder(folder, 'mine')
  await lock.release()
  await (await lockFolder(folder, 'next')).release()

  assert.deepEqual(await readdir(folder), ['millrace.lock'])
})

test('a lock that came with a copy of the folder does not count, though its process lives', async t => {
  const [folder, other] = [await folderFor(t), await folderFor(t)]
  const lock = await lockFolder(folder, 'mine')
  const text = await readFile(join(folder, 'millrace.lock'), 'utf8')
  const copied = text
    .replace(`"pid":${process.pid}`, `"pid":${process.ppid}`)
    .replace(/"startedAt":"[^"]*"/, '"startedAt":""')
    .replace('"kernel":true', '"kernel":false')
  await writeFile(join(other, 'millrace.lock'), copied)
  const copy = await lockFolder(other, 'copy')
  await writeFile(join(folder, 'millrace.lock'), copied)
  await lock.release()
  await writeFile(join(folder, 'millrace.lock'), copied)

  await assert.rejects(lockFolder(folder, 'mine'), {
    message: new RegExp(
      `process ${process.ppid} \\(channel mine\\)\\. Stop that process, or name other folders`
    )
  })
  await copy.release()
})

test('a lock that came with a copy of its whole disk does not count, where the kernel tells that nobody has it', async t => {
  const folder = await folderFor(t)
  const path = join(folder, 'millrace.lock')
  const first = await lockFolder(folder, 'mine')
  const lock = JSON.parse(await readFile(path, 'utf8')) as {
    readonly kernel: boolean
    readonly device: string
  }
  await first.release()
  if (!lock.kernel) return t.skip('the kernel locks no files here')
  const [pid, startedAt] = [process.ppid, await startOf(process.ppid)]
  const elsewhere = { ...lock, pid, startedAt, path: `/another/${path}` }
  const rejected = { message: new RegExp(`process ${pid} \\(channel mine\\)`) }

  await writeFile(path, JSON.stringify(elsewhere))
  await assert.rejects(lockFolder(folder, 'same disk'), rejected)
  await writeFile(path, JSON.stringify({ ...elsewhere, device: `${lock.device}1`, kernel: false }))
  await assert.rejects(lockFolder(folder, 'a disk that may be shared'), rejected)
  await writeFile(path, JSON.stringify({ ...elsewhere, device: `${lock.device}1` }))
  await (await lockFolder(folder, 'copied disk')).release()
})

test('a lock that is left over is taken in its own bytes, for a disk may have no others', async t => {
  const folder = await folderFor(t)
  const path = join(folder, 'millrace.lock')
  await (await lockFolder(folder, 'first')).release()
  const before = await stat(path)
  const lock = await lockFolder(folder, 'other')
  const after = await stat(path)
  await lock.release()

  assert.deepEqual([after.ino, after.size], [before.ino, before.size])
})

test('a folder is locked once in a process, by whatever name it goes', async t => {
  const folder = await folderFor(t)
  const lock = await lockFolder(folder, 'one')

  await assert.rejects(lockFolder(join(folder, '..', folder.slice(folder.lastIndexOf('/') + 1)), 'two'), {
    code: 'ERR_START',
    message: /locked by channel one of this agent\. Give each channel folders of its own in dataDirs\. /
  })
  await assert.rejects(lockFolder(folder, 'one'), {
    code: 'ERR_START',
    message: /locked by channel one of this agent\. Either dataDirs names it twice, by two paths, /
  })
  await lock.release()
  await (await lockFolder(folder, 'two')).release()
})

test('a lock of nonsense, or of a process number that is used again, does not count', async t => {
  for (const text of [
    '',
    'nonsense',
    '{"pid":-1}',
    JSON.stringify({ pid: process.ppid, startedAt: '1@x', host: (await import('node:os')).hostname() })
  ]) {
    const folder = await folderFor(t)
    await writeFile(join(folder, 'millrace.lock'), text)

    const lock = await lockFolder(folder, 'mine')
    await lock.release()
  }
})

test('a process of another host keeps the folder until its lock is deleted, as the message says', async t => {
  const folder = await folderFor(t)
  const path = join(await realpath(folder), 'millrace.lock')
  const text = JSON.stringify({ pid: 4711, startedAt: '1@x', host: 'other.example', name: 'other' })
  await writeFile(path, text)

  await assert.rejects(
    lockFolder(folder, 'mine'),
    (error: Error & { code?: string }) =>
      error.code === 'ERR_START' &&
      ['process 4711', 'host other.example', `delete ${path}`].every(part => error.message.includes(part))
  )

  assert.deepEqual([await readdir(folder), await readFile(path, 'utf8')], [['millrace.lock'], text])
  await unlink(path)
  await (await lockFolder(folder, 'mine')).release()
})

test('in a container, a process keeps the folder while it lives; once it is gone, another one of any name takes it', async t => {
  const folder = await folderFor(t)
  const child = await lockedElsewhere(t, folder)
  const path = join(folder, 'millrace.lock')
  const owner = JSON.parse(await readFile(path, 'utf8')) as { pid: number; host: string }
  await writeFile(path, JSON.stringify({ ...owner, pid: 4_711_471, host: 'a-container' }))

  await assert.rejects(lockFolder(folder, 'mine'), {
    code: 'ERR_START',
    message: /process 4711471 \(channel other\) of host a-container on this machine\. Stop that process/
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockFolder(folder, 'mine')).release()
})

test('a process that lives keeps the folder, though what it locked in the kernel was deleted', async t => {
  const folder = await folderFor(t)
  const child = await lockedElsewhere(t, folder)
  await unlink(join(folder, 'millrace.held'))

  await assert.rejects(lockFolder(folder, 'mine'), { message: new RegExp(`process ${child.pid} `) })
})

test('a process that writes to segments keeps the folder, though its lock was deleted or written over', async t => {
  if (process.platform !== 'linux') return t.skip('only Linux tells who has a file open')
  const folder = await folderFor(t)
  const path = join(folder, 'millrace.lock')
  await writeFile(join(folder, 'seg-000000000001'), '')
  const script = `require('node:fs').openSync(process.argv[1], 'r+'); console.log('open'); process.stdin.resume()`
  const child = spawn(process.execPath, ['-e', script, join(folder, 'seg-000000000001')], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const refused = {
    code: 'ERR_START',
    message: new RegExp(`Process ${child.pid} writes to .*/seg-000000000001`)
  }

  await assert.rejects(lockFolder(folder, 'mine'), refused)
  assert.deepEqual(await readdir(folder), ['seg-000000000001'])
  await writeFile(path, 'nonsense')
  await assert.rejects(lockFolder(folder, 'mine'), refused)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockFolder(folder, 'mine')).release()
})

test('a folder with an old lock that may not be written to says so', async t => {
  if (process.platform === 'win32') return t.skip('permissions are others')
  const folder = await folderFor(t)
  await (await lockFolder(folder, 'first')).release()
  const isRoot = process.geteuid?.() === 0
  if (isRoot) await chown(folder, NOBODY, NOBODY)
  await chmod(folder, 0o555)
  try {
    if (isRoot) process.seteuid?.(NOBODY)

    await assert.rejects(lockFolder(folder, 'mine'), {
      message: `Cannot lock ${folder}: the user that this agent runs as may not write there. [channel=mine]`
    })
  } finally {
    if (isRoot) process.seteuid?.(0)
    await chmod(folder, 0o755)
  }
})

test('what starts left that were killed is removed, what living ones make is not', async t => {
  const folder = await folderFor(t)
  const of = (pid: number): string => `millrace.lock.${pid}.0a1b2c3d`
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const living = [of(process.ppid), 'millrace.lock.stale.00000001']
  await writeFile(join(folder, of(dead)), '')
  await writeFile(join(folder, 'millrace.lock.stale.00000002'), JSON.stringify({ pid: dead }))
  await writeFile(join(folder, of(process.ppid)), '')
  await writeFile(join(folder, 'millrace.lock.stale.00000001'), JSON.stringify({ pid: process.ppid }))

  const lock = await lockFolder(folder, 'mine')

  const found = (await readdir(folder)).filter(file => file !== 'millrace.held')
  assert.deepEqual(found.sort(), ['millrace.lock', ...living].sort())
  await lock.release()
})

test('what is no file, or far too long, is no lock', { timeout: 20_000 }, async t => {
  const skipPipes = process.platform === 'win32'
  const makers: Record<string, (path: string) => Promise<unknown> | undefined> = {
    folder: path => mkdir(path),
    'folder that is not empty': path => mkdir(join(path, 'inner'), { recursive: true }),
    'link to nothing': path => symlink(`${path}.nothing`, path),
    'link to itself': path => symlink(path, path),
    'link to a device': path => symlink('/dev/zero', path),
    pipe: path => (skipPipes ? undefined : Promise.resolve(spawnSync('mkfifo', [path]))),
    'file of gigabytes': async path => {
      await writeFile(path, '')
      await truncate(path, 5 * 1024 ** 3)
    }
  }
  for (const [what, make] of Object.entries(makers)) {
    const folder = await folderFor(t)
    const path = join(folder, 'millrace.lock')
    await make(path)

    const lock = await lockFolder(folder, 'mine')
    const { size } = await lstat(path)
    const text = await readFile(path, 'utf8')
    await lock.release()

    assert.ok(text.includes(`"pid":${process.pid}`) && size <= 65_536, what)
  }
})
