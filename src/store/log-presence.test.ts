import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { messageOf } from '../core/errors.ts'
import { settled } from '../testing/fake-clock.ts'
import { textsOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { range } from '../testing/numbered-log.ts'
import { drain, FOLDER, inTime, KIBIBYTE, newDisk, numbered, openLog, turns } from '../testing/opened-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { FolderPresence } from './folder-presence.ts'
import { systemDisk } from './system-disk.ts'

const never = new AbortController().signal
const OTHER = '/other'

function segmentsOf(disk: SimulatedDisk, folder = FOLDER): string[] {
  return [...disk.files().keys()].filter(path => path.startsWith(`${folder}/seg-`))
}

function removeSegments(disk: SimulatedDisk, folder = FOLDER): void {
  for (const path of segmentsOf(disk, folder)) disk.uproot(path)
}

/** What `work` resolves to, while the disk completes one call after the other. */
async function stepped<T>(disk: SimulatedDisk, work: Promise<T>): Promise<T> {
  let isDone = false
  void work.finally(() => {
    isDone = true
  })
  for (let turn = 0; turn < 10_000 && !isDone; turn++) {
    await settled()
    disk.step()
  }
  return work
}

/** What the next start finds after power loss. */
async function found(disk: SimulatedDisk): Promise<{ events: number[]; skipped: number }> {
  const { log, clock } = await openLog(disk.crash())
  const events = await drain(log, clock)
  const { skippedEvents: skipped } = log
  await log.close()
  return { events, skipped }
}

test('what was acknowledged into a file that was removed is saved within a second, and later puts are safe', async () => {
  const disk = newDisk()
  const { log, clock, lines } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  removeSegments(disk)

  await clock.advance(1000)
  await turns()
  await log.put(numbered(10, 20), never)

  assert.deepEqual(await found(disk), { events: range(0, 20), skipped: 0 })
  assert.deepEqual(
    lines.filter(({ level }) => level !== 'info').map(({ level, facts }) => [level, facts?.['events']]),
    [
      ['error', undefined],
      ['warn', 10]
    ]
  )
  assert.deepEqual([log.stats().unhealthy, disk.violations], [undefined, []])
})

test('a put on its way to a file that was removed is not acknowledged before it is in another', async () => {
  const disk = new SimulatedDisk({ seed: 1, folders: [FOLDER] })
  const { log, clock } = await stepped(disk, openLog(disk))
  await stepped(disk, log.put(numbered(0, 10), never))
  removeSegments(disk)
  const put = log.put(numbered(10, 20), never)
  await clock.advance(1000)
  await stepped(disk, put)

  const next = disk.crash()
  const { log: found } = await stepped(next, openLog(next))
  const lease = await stepped(next, found.take(100))
  assert.deepEqual(textsOf(lease?.batch).slice(-10).map(Number.parseFloat), range(10, 20))
})

test('what a removed file holds is saved at a stop that comes before anybody looked', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  removeSegments(disk)
  await log.put(numbered(10, 20), never)
  await log.close()

  assert.deepEqual(await found(disk), { events: range(0, 20), skipped: 0 })
  assert.deepEqual([...disk.handles], [])
})

test('takes that only a removed file recorded are saved with it', async () => {
  const disk = newDisk()
  const { log } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  await (await log.take(4))?.commit()
  removeSegments(disk)
  await log.close()

  assert.deepEqual(await found(disk), { events: range(4, 10), skipped: 0 })
})

test('while a folder is not there puts are refused, which is said once; once it is back all is as it was', async () => {
  const disk = newDisk()
  const { log, clock, lines } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  disk.uproot(FOLDER)
  await clock.advance(3000)
  const refusal = await inTime(clock, log.put(numbered(10, 20), never)).catch(messageOf)
  const { unhealthy } = log.stats()
  disk.plant(`${FOLDER}/of-another-program`, Buffer.alloc(1))
  await clock.advance(2000)
  await turns()
  await log.put(numbered(20, 30), never)

  assert.match(String(refusal), /^The data folder \/data is not there any more: No folder has its name\.$/)
  assert.equal(unhealthy, refusal)
  assert.deepEqual(await found(disk), { events: [...range(0, 10), ...range(20, 30)], skipped: 0 })
  assert.equal(log.stats().unhealthy, undefined)
  const told = lines.filter(({ message }) => /data folder is/.test(message))
  assert.deepEqual(
    told.map(({ level }) => level),
    ['error', 'info']
  )
})

test('a stop while what a removed file holds cannot be saved says how many events are in no file', async () => {
  const disk = newDisk()
  const { log, clock, lines } = await openLog(disk)
  await log.put(numbered(0, 10), never)
  disk.uproot(FOLDER)
  await clock.advance(1000)
  await turns()
  await log.close()

  const last = lines.findLast(({ level }) => level === 'error')
  assert.match(last?.message ?? '', /^Events are in no file any more/)
  assert.equal(last?.facts?.['events'], 10)
  assert.deepEqual([...disk.handles], [])
})

test('one of two folders that goes is said once and shown; the log goes on in the other, with what it can save', async () => {
  const disk = new SimulatedDisk({ seed: 1, folders: [FOLDER, OTHER], automatic: true })
  const { log, clock, lines } = await openLog(disk, { folders: [FOLDER, OTHER] })
  await log.put(numbered(0, 10), never)
  const [written = ''] = segmentsOf(disk)
  disk.uproot(FOLDER)
  await clock.advance(2000)
  await turns()
  await log.put(numbered(10, 20), never)

  const { unhealthy } = log.stats()
  const saved = segmentsOf(disk, OTHER).includes(written.replace(FOLDER, OTHER))
  assert.deepEqual(
    [saved, unhealthy],
    [true, `The data folder ${FOLDER} is not there any more: No folder has its name.`]
  )
  assert.equal(lines.filter(({ level }) => level === 'error').length, 1)
  assert.deepEqual(await drain(log), range(0, 20))
  await log.close()
})

test('older files that were removed are said at once, shown while they matter, and lost when they are read', async () => {
  const disk = newDisk()
  const { log, clock, lines } = await openLog(disk, { memoryBytes: 4 * KIBIBYTE })
  for (let i = 0; i < 40; i++) await log.put(numbered(i * 20, i * 20 + 20, 1000), never)
  const [oldest = '', second = ''] = segmentsOf(disk)
  disk.uproot(second)
  await clock.advance(3000)
  await turns()
  const { unhealthy } = log.stats()
  const events: number[] = []
  while (log.size > 0) {
    const lease = await inTime(clock, log.take(1000)).catch(() => undefined)
    if (lease === undefined) await clock.advance(5000)
    if (lease !== undefined) events.push(...textsOf(lease.batch).map(text => parseInt(text, 10)))
    await lease?.commit()
  }

  assert.match(
    unhealthy ?? '',
    /^\/data\/seg-\w+ was removed or moved away, 1 files in all: \d+ events were in them\.$/
  )
  const told = lines.filter(({ message }) => message.startsWith('Files of the log were removed'))
  const lost = Number(told[0]?.facts?.['events'])
  assert.deepEqual([told.length, told[0]?.facts?.['file']], [1, second])
  assert.deepEqual([events.length + lost, log.skippedEvents], [800, lost])
  assert.ok(lost > 0 && oldest !== second)
  assert.equal(log.stats().unhealthy, undefined)
  await log.close()
})

test('files kept for reuse and for a full disk that were removed are made anew', async () => {
  const disk = newDisk()
  const { log, clock } = await openLog(disk)
  await turns()
  const reserves = (): string[] => [...disk.files().keys()].filter(path => path.includes('/reserve-'))
  for (const path of reserves()) disk.uproot(path)
  await clock.advance(1000)
  await turns()

  assert.equal(reserves().length, 2)
  await log.close()
})

test('another folder under the name of one is told from it, and so is its return', async t => {
  const base = mkdtempSync(join(tmpdir(), 'millrace-presence-'))
  t.after(() => rmSync(base, { recursive: true }))
  const [folder, aside] = [join(base, 'data'), join(base, 'aside')]
  mkdirSync(folder)
  const presence = await FolderPresence.of(systemDisk, [folder], new FakeLog())
  const before = await presence.look(folder)
  renameSync(folder, aside)
  const gone = await presence.look(folder)
  mkdirSync(folder)
  await assert.rejects(presence.need(folder), { code: 'ERR_CHANNEL', message: /Another folder has its name/ })
  rmSync(folder, { recursive: true })
  renameSync(aside, folder)
  const back = await presence.look(folder)
  writeFileSync(join(folder, 'file'), '')
  const changed = await presence.look(folder)

  assert.deepEqual([gone, back?.identity, presence.problem], [undefined, before?.identity, undefined])
  assert.notEqual(changed?.change, before?.change)
})

test('an open file tells whether a name leads to it', async t => {
  const base = mkdtempSync(join(tmpdir(), 'millrace-presence-'))
  t.after(() => rmSync(base, { recursive: true }))
  const [path, other] = [join(base, 'one'), join(base, 'other')]
  const file = await systemDisk.open(path, { create: true, synced: false })
  const before = await file.isAt(path)
  renameSync(path, other)
  const moved = [await file.isAt(path), await file.isAt(other)]
  writeFileSync(path, '')
  const replaced = await file.isAt(path)
  await file.close()

  assert.deepEqual([before, moved, replaced], [true, [false, true], false])
})
