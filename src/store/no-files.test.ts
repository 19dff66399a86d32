import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { batchOf, textsOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { DurableLog } from './durable-log.ts'
import { PATIENCE_MS } from './read-patience.ts'
import { segmentOf } from './segment-files.ts'
import { systemDisk } from './system-disk.ts'

const skip = process.platform === 'win32' ? 'there are no named pipes' : false
const never = new AbortController().signal

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-no-files-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

function openLog(folder: string, clock = new FakeClock()): Promise<DurableLog> {
  return DurableLog.open({
    name: 'tested',
    folders: [folder],
    disk: systemDisk,
    clock,
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: 100,
    keepAliveMs: 0,
    memoryBytes: 65_536,
    minimumFreeBytes: 0,
    segmentBytes: 1024 * 1024
  })
}

test('folders, pipes and devices with the names of files are set aside', { skip }, async t => {
  const folder = folderFor(t)
  const log = await openLog(folder)
  await log.put(batchOf(['kept']), never)
  await log.close()
  const names = ['seg-000000000f01', 'free-000000000f02', 'reserve-000000000f03', 'last-stop']
  rmSync(join(folder, 'last-stop'))
  for (const name of names) execFileSync('mkfifo', [join(folder, name)])
  mkdirSync(join(folder, 'seg-000000000f04'))

  const again = await openLog(folder)
  const lease = await again.take(10)
  const skipped = again.recovery.skipped
    .map(({ file, reason }) => `${file.slice(folder.length + 1)}: ${reason}`)
    .sort((a, b) => a.localeCompare(b))
  await again.close()

  const reason = 'It is no file, but a folder, a pipe or a device; it was set aside.'
  assert.deepEqual(
    [lease && textsOf(lease.batch), skipped],
    [['kept'], [`seg-000000000f01: ${reason}`, `seg-000000000f04: ${reason}`]]
  )
  assert.deepEqual(readdirSync(join(folder, 'quarantine')).sort(), [
    'free-000000000f02-whole',
    'reserve-000000000f03-whole',
    'seg-000000000f01-whole',
    'seg-000000000f04-whole'
  ])
})

test('links that lead nowhere are set aside after a while: their disk may be on its way', async t => {
  const folder = folderFor(t)
  const log = await openLog(folder)
  await log.put(batchOf(['kept']), never)
  await log.close()
  const names = ['seg-000000000f01', 'free-000000000f02', 'reserve-000000000f03', 'seg-000000000f04']
  for (const name of names.slice(0, 3)) symlinkSync(join(folder, 'nothing'), join(folder, name))
  symlinkSync(join(folder, 'seg-000000000f04'), join(folder, 'seg-000000000f04'))
  const clock = new FakeClock()
  for (const name of [...names].sort()) {
    await assert.rejects(openLog(folder, clock), { message: new RegExp(name) })
    await clock.advance(PATIENCE_MS)
  }

  const again = await openLog(folder, clock)
  const lease = await again.take(10)
  const skipped = again.recovery.skipped.map(({ file }) => file.slice(folder.length + 1)).sort()
  await again.close()

  assert.deepEqual(
    [lease && textsOf(lease.batch), skipped],
    [['kept'], ['seg-000000000f01', 'seg-000000000f04']]
  )
  assert.deepEqual(readdirSync(join(folder, 'quarantine')).sort(), names.map(name => `${name}-whole`).sort())
})

test('what is set aside does not take the place of what was set aside before', async t => {
  const folder = folderFor(t)
  for (const text of ['first', 'second', 'third']) {
    writeFileSync(join(folder, 'seg-000000000f01'), text)
    await (await openLog(folder)).close()
  }

  const aside = join(folder, 'quarantine')
  const found = readdirSync(aside)
    .sort()
    .map(name => [name, readFileSync(join(aside, name), 'utf8')])
  assert.deepEqual(found, [
    ['seg-000000000f01-whole', 'first'],
    ['seg-000000000f01-whole-2', 'second'],
    ['seg-000000000f01-whole-3', 'third']
  ])
})

test('a file without a header is read as far as a segment can reach, however long it is', () => {
  const file = {
    folder: '/one',
    path: '/one/seg-000000000001',
    role: 'seg',
    nameId: 1,
    header: undefined
  } as const
  const sizes = [10, 20_481, 2 ** 40].map(
    bytes => segmentOf({ ...file, bytes, used: false, fault: undefined }, Buffer.alloc(16), undefined).size
  )

  assert.deepEqual(sizes, [12_288, 20_480, 2 ** 32 - 4096])
})
