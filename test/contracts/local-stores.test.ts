import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { embeddedStore } from '../../src/fs/embedded.ts'
import { LocalFileSystem } from '../../src/fs/local.ts'
import { fileSystemContract } from './file-system.ts'

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-fs-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

fileSystemContract('file', async t => ({
  fileSystem: new LocalFileSystem(),
  folder: await temporaryFolder(t)
}))

fileSystemContract('embedded', async t => {
  const fileSystem = embeddedStore(await temporaryFolder(t))
  await fileSystem.mkdirs('/user/flume')
  return { fileSystem, folder: '/user/flume' }
})
