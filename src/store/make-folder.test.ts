import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { folderProblem, makeFolder } from './make-folder.ts'

async function baseFor(t: TestContext): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'millrace-folder-'))
  t.after(() => rm(base, { recursive: true }))
  return base
}

test('a folder is made with its parents, and again without harm', async t => {
  const folder = join(await baseFor(t), 'a', 'b', 'c')

  await makeFolder(folder)
  await makeFolder(folder)

  assert.ok((await stat(folder)).isDirectory())
})

test('a file in the way is named, as the folder itself and as a parent', async t => {
  const file = join(await baseFor(t), 'file')
  await writeFile(file, '')

  for (const folder of [file, join(file, 'below'), join(file, 'far', 'below')]) {
    await assert.rejects(makeFolder(folder), {
      code: 'ERR_START',
      message: `The folder ${folder} could not be created: there is a file of that name, or of the name of a parent folder.`
    })
  }
})

test(
  'a place where no folder can be made is refused at once',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async () => {
    await assert.rejects(makeFolder('/proc/millrace/data', 'LogDir'), {
      code: 'ERR_START',
      message: 'LogDir /proc/millrace/data could not be created: no folder can be made there.'
    })
  }
)

for (const [code, problem] of [
  ['EACCES', 'the user that this agent runs as may not write there'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
  ['EIO', 'broken']
]) {
  test(`${code} is said in words`, () => {
    assert.equal(folderProblem(Object.assign(new Error('broken'), { code })), problem)
  })
}
