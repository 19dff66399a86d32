import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { diskWith } from './system-disk.ts'
import { WriteThreads } from './write-threads.ts'

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-disk-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Threads whose disk is broken. */
class BrokenThreads extends WriteThreads {
  override write(): Promise<number> {
    return Promise.reject(Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO', errno: -5 }))
  }
}

test('an error of the disk names the file, by the name that it has then', async t => {
  const [path, other] = [join(folderFor(t), 'free-1'), join(folderFor(t), 'seg-2')]
  const disk = diskWith(new BrokenThreads())
  const file = await disk.open(path, { create: true, synced: true })

  await assert.rejects(file.write(Buffer.alloc(1), 0), {
    code: 'EIO',
    errno: -5,
    message: `EIO: i/o error, write '${path}'`
  })
  await disk.rename(path, other)
  await assert.rejects(file.write(Buffer.alloc(1), 0), { message: `EIO: i/o error, write '${other}'` })
  await file.close()
})
