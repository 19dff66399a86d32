import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { RollingFile, type RollLimits } from './rolling-file.ts'

const NOON = new Date(2026, 10, 2, 12).getTime()
const MIDNIGHT = new Date(2026, 10, 3).getTime()
const SMALL: RollLimits = { fileBytes: 8, archiveBytes: 1000 }

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-log-'))
  t.after(() => {
    rmSync(folder, { recursive: true })
  })
  return folder
}

async function opened(folder: string, limits: RollLimits | undefined = SMALL) {
  const troubles: unknown[] = []
  const file = await RollingFile.open(join(folder, 'x.log'), {
    limits,
    onTrouble: error => troubles.push(error)
  })
  const written = async () => {
    assert.equal(await file.flush(60_000), true)
    return filesOf(folder)
  }
  return { file, troubles, written }
}

/** Texts by name, relative to the folder. */
function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter(entry => entry.isFile())
  const texts = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name)
    return [path.slice(folder.length + 1), readFileSync(path, 'utf8')] as const
  })
  return Object.fromEntries(texts.sort(([one], [other]) => (one < other ? -1 : 1)))
}

test('a line that does not fit any more begins a new file; the one before is archived whole', async t => {
  const { file, troubles, written } = await opened(folderOf(t))

  for (const line of ['aaa\n', 'bbb\n', 'ccc\n', 'ddd\n', 'eee\n']) file.line(line, NOON)

  assert.deepEqual(await written(), {
    'archive/x.log.20261102-1': 'aaa\nbbb\n',
    'archive/x.log.20261102-2': 'ccc\nddd\n',
    'x.log': 'eee\n'
  })
  assert.deepEqual(troubles, [])
})

test('bytes count, not characters, and a line longer than a file stands alone', async t => {
  const { file, written } = await opened(folderOf(t))

  for (const line of ['äää\n', 'ä\n', 'longer than eight\n', 'b\n']) file.line(line, NOON)

  assert.deepEqual(await written(), {
    'archive/x.log.20261102-1': 'äää\n',
    'archive/x.log.20261102-2': 'ä\n',
    'archive/x.log.20261102-3': 'longer than eight\n',
    'x.log': 'b\n'
  })
})

test('the first line of another day begins a new file; the archive has the day of what it holds', async t => {
  const { file, written } = await opened(folderOf(t))

  file.line('a\n', NOON)
  file.line('b\n', MIDNIGHT - 1)
  file.line('c\n', MIDNIGHT)

  assert.deepEqual(await written(), { 'archive/x.log.20261102-1': 'a\nb\n', 'x.log': 'c\n' })
})

test('a clock that is set back by an hour changes nothing, one that was a year ahead ends the day', async t => {
  const { file, written } = await opened(folderOf(t))
  const aYear = 365 * 24 * 3_600_000

  file.line('a\n', NOON + aYear)
  file.line('b\n', NOON + aYear - 3_600_000)
  file.line('c\n', NOON)
  file.line('d\n', MIDNIGHT)

  assert.deepEqual(await written(), {
    'archive/x.log.20261102-1': 'c\n',
    'archive/x.log.20271102-1': 'a\nb\n',
    'x.log': 'd\n'
  })
})

test('a file of an earlier run goes on the same day, and is archived on another', async t => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'x.log'), 'old\n')
  utimesSync(join(folder, 'x.log'), NOON / 1000, NOON / 1000)
  const { file, written } = await opened(folder)

  file.line('b\n', MIDNIGHT - 1)
  file.line('c\n', MIDNIGHT)

  assert.deepEqual(await written(), { 'archive/x.log.20261102-1': 'old\nb\n', 'x.log': 'c\n' })
})

for (const [why, line, at, text] of [
  ['of another day', 'a\n', MIDNIGHT, 'old\n'],
  ['that is nearly full', 'b\n', NOON, 'old old\n']
] as const) {
  test(`a file of an earlier run ${why} is archived before the first line`, async t => {
    const folder = folderOf(t)
    writeFileSync(join(folder, 'x.log'), text)
    utimesSync(join(folder, 'x.log'), NOON / 1000, NOON / 1000)
    const { file, written } = await opened(folder)

    file.line(line, at)

    assert.deepEqual(await written(), { 'archive/x.log.20261102-1': text, 'x.log': line })
  })
}

test('names go on behind those of the day, whatever else is in the archive', async t => {
  const folder = folderOf(t)
  const others = ['x.log.20261101-9', 'x.log.20261102-9', 'x.log.20261102-x', 'y.log.20261102-99']
  mkdirSync(join(folder, 'archive'))
  for (const name of others) writeFileSync(join(folder, 'archive', name), '')
  const { file, written } = await opened(folder)

  file.line('a\n', NOON)
  file.line('b\n', MIDNIGHT)

  const added = Object.entries(await written()).filter(([, text]) => text !== '')
  assert.deepEqual(added, [
    ['archive/x.log.20261102-10', 'a\n'],
    ['x.log', 'b\n']
  ])
})

test('the oldest archived files go when all together are too large; other files stay', async t => {
  const folder = folderOf(t)
  mkdirSync(join(folder, 'archive'))
  for (const name of ['x.log.20251231-1', 'x.log.20260101-2', 'x.log.20260101-10', 'notes'])
    writeFileSync(join(folder, 'archive', name), '0123456789')
  const { file, troubles, written } = await opened(folder, { fileBytes: 8, archiveBytes: 12 })

  file.line('a\n', NOON)
  file.line('b\n', MIDNIGHT)

  assert.deepEqual(Object.keys(await written()), [
    'archive/notes',
    'archive/x.log.20260101-10',
    'archive/x.log.20261102-1',
    'x.log'
  ])
  assert.deepEqual(troubles, [])
})

test('many files in a row: the archive ends below its bound, with the latest lines', async t => {
  const { file, troubles, written } = await opened(folderOf(t), { fileBytes: 8, archiveBytes: 16 })

  for (let i = 100; i < 150; i++) file.line(`${i}\n`, NOON)

  assert.deepEqual(await written(), {
    'archive/x.log.20261102-23': '144\n145\n',
    'archive/x.log.20261102-24': '146\n147\n',
    'x.log': '148\n149\n'
  })
  assert.deepEqual(troubles, [])
})

test('without limits nothing is rolled', async t => {
  const folder = folderOf(t)
  const file = await RollingFile.open(join(folder, 'x.log'), { limits: undefined, onTrouble: () => {} })

  for (const line of ['aaaaa\n', 'bbbbb\n']) file.line(line, NOON)
  file.line('ccccc\n', MIDNIGHT)
  await file.flush(60_000)

  assert.deepEqual(filesOf(folder), { 'x.log': 'aaaaa\nbbbbb\nccccc\n' })
})

test('reopened, it follows its name; what was taken before is where the file was moved', async t => {
  const folder = folderOf(t)
  const { file, written } = await opened(folder)

  file.line('a\n', NOON)
  renameSync(join(folder, 'x.log'), join(folder, 'moved'))
  file.line('b\n', NOON)
  file.reopen()
  file.line('c\n', NOON)

  assert.deepEqual(await written(), { moved: 'a\nb\n', 'x.log': 'c\n' })
})

test('what somebody else put in its place is not archived when it is time to roll', async t => {
  const folder = folderOf(t)
  const { file, written } = await opened(folder)

  file.line('a\n', NOON)
  renameSync(join(folder, 'x.log'), join(folder, 'moved'))
  writeFileSync(join(folder, 'x.log'), 'theirs\n')
  file.line('b\n', MIDNIGHT)

  assert.deepEqual(await written(), { moved: 'a\n', 'x.log': 'theirs\nb\n' })
})

test('a deleted file is made anew when it is time to roll', async t => {
  const folder = folderOf(t)
  const { file, troubles, written } = await opened(folder)

  file.line('a\n', NOON)
  rmSync(join(folder, 'x.log'))
  file.line('b\n', MIDNIGHT)

  assert.deepEqual(await written(), { 'x.log': 'b\n' })
  assert.deepEqual(troubles, [])
})

test('an archive that cannot be is told once, and the lines go on into the same file', async t => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'archive'), 'a file')
  const { file, troubles, written } = await opened(folder)

  for (const line of ['aaa\n', 'bbb\n', 'ccc\n', 'ddd\n', 'eee\n']) file.line(line, NOON)
  file.line('fff\n', MIDNIGHT)

  assert.equal((await written())['x.log'], 'aaa\nbbb\nccc\nddd\neee\nfff\n')
  assert.deepEqual(
    troubles.map(error => (error as NodeJS.ErrnoException).code),
    ['EEXIST']
  )
})

test('after an archive that failed, rolling is not tried for every line, but later', async t => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'archive'), 'a file')
  const { file, written } = await opened(folder)

  file.line('a\n', NOON)
  file.line('b\n', MIDNIGHT)
  await file.flush(60_000)
  rmSync(join(folder, 'archive'))
  for (const line of ['c\n', 'd\n', 'e\n', 'f\n']) file.line(line, MIDNIGHT)

  assert.deepEqual(await written(), { 'archive/x.log.20261103-1': 'a\nb\nc\nd\ne\n', 'x.log': 'f\n' })
})

test('a folder that is gone at a reopen is told, and the lines go on into the open file', async t => {
  const folder = folderOf(t)
  mkdirSync(join(folder, 'logs'))
  const { file, troubles } = await opened(join(folder, 'logs'))

  file.line('a\n', NOON)
  renameSync(join(folder, 'logs'), join(folder, 'gone'))
  file.reopen()
  file.line('b\n', NOON)
  await file.flush(60_000)

  assert.equal(readFileSync(join(folder, 'gone', 'x.log'), 'utf8'), 'a\nb\n')
  assert.equal(troubles.length, 1)
})

test('a link stays, and the archive is beside the file it leads to', async t => {
  const folder = folderOf(t)
  mkdirSync(join(folder, 'far'))
  symlinkSync(join(folder, 'far', 'real.log'), join(folder, 'x.log'))
  const { file, written } = await opened(folder)

  file.line('a\n', NOON)
  file.line('b\n', MIDNIGHT)

  assert.deepEqual(await written(), { 'far/archive/real.log.20261102-1': 'a\n', 'far/real.log': 'b\n' })
})

test('a device is never rolled', async t => {
  const folder = folderOf(t)
  symlinkSync('/dev/null', join(folder, 'x.log'))
  const { file, troubles } = await opened(folder)

  for (const at of [NOON, NOON, MIDNIGHT]) file.line('longer than eight\n', at)
  file.reopen()
  await file.flush(60_000)

  assert.deepEqual([existsSync('/dev/null'), readdirSync(folder), troubles], [true, ['x.log'], []])
})

test('a file that cannot be opened rejects', async t => {
  await assert.rejects(opened(join(folderOf(t), 'nowhere')), { code: 'ENOENT' })
})

test('a file that cannot be opened anew, ever, holds nothing up; its lines are written when it can', async t => {
  const folder = folderOf(t)
  const { file, troubles } = await opened(folder)
  const path = join(folder, 'x.log')

  file.line('a\n', NOON)
  await file.flush(60_000)
  rmSync(path)
  // To open it waits for a reader, as a disk on the net waits for its server.
  assert.equal(spawnSync('mkfifo', [path]).status, 0)
  file.reopen()
  file.line('b\n', NOON)
  const inTime = await file.flush(1)
  const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const later = await file.flush(60_000)
  const { buffer, bytesRead } = await reader.read()
  await reader.close()

  assert.deepEqual([inTime, later, buffer.toString('utf8', 0, bytesRead), troubles], [false, true, 'b\n', []])
})
