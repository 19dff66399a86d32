import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { configurationFiles, readConfiguration } from './read-files.ts'

let root = ''
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'read-'))
})
after(() => rm(root, { recursive: true }))

async function folder(name: string, files: readonly string[]): Promise<string> {
  const path = join(root, name)
  await mkdir(path)
  for (const file of files) await writeFile(join(path, file), 'a.sources = r\n')
  return path
}

for (const { files, chosen } of [
  { files: ['z.conf', 'flume-conf.properties', 'flume.conf'], chosen: 'flume.conf' },
  { files: ['a.conf', 'flume-conf.properties'], chosen: 'flume-conf.properties' },
  { files: ['core-site.xml', 'only.properties'], chosen: 'only.properties' }
]) {
  test(`of ${files.join(', ')} a folder means ${chosen}`, async () => {
    const path = await folder(`chosen-${chosen}`, files)

    assert.deepEqual(await configurationFiles(path), [join(path, chosen)])
  })
}

test('a folder with several or no configurations is an error that lists them', async () => {
  const several = await folder('several', ['a.conf', 'b.properties'])
  const none = await folder('none', ['readme.txt'])

  await assert.rejects(configurationFiles(several), {
    code: 'ERR_CONFIG',
    message: /a\.conf, b\.properties\. Name one/
  })
  await assert.rejects(configurationFiles(none), { code: 'ERR_CONFIG', message: /holds no flume\.conf/ })
})

test('a file that is missing, a folder, too big or no text is refused with its name', async () => {
  const [big, binary] = [join(root, 'big'), join(root, 'binary')]
  await writeFile(big, '')
  await truncate(big, 100 * 1024 * 1024)
  await writeFile(binary, 'a.b = \0')

  await assert.rejects(readConfiguration(join(root, 'missing')), {
    code: 'ERR_CONFIG',
    message: /^Unable to read file .*missing: there is no such file/
  })
  await assert.rejects(readConfiguration(root), { message: /it is a folder/ })
  await assert.rejects(readConfiguration(big), { message: /larger than 64 MiB/ })
  await assert.rejects(readConfiguration(binary), { message: /NUL byte at offset 6/ })
})

test('UTF-16 is called by its name, with a mark or without', async () => {
  for (const bytes of [Buffer.from('\ufeffa.b = 1', 'utf16le'), Buffer.from('a.b = 1', 'utf16le').swap16()]) {
    const path = join(root, 'wide')
    await writeFile(path, bytes)

    await assert.rejects(readConfiguration(path), { message: /it is UTF-16, as it seems; save it as UTF-8/ })
  }
})

test('bytes that are no UTF-8 are read as ISO-8859-1', async () => {
  const path = join(root, 'latin')
  await writeFile(path, Buffer.from([0x61, 0x3d, 0xe9]))

  assert.equal((await readConfiguration(path)).text, 'a=é')
})
