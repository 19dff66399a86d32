import assert from 'node:assert/strict'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BatchBuilder } from '../../core/batch-builder.ts'
import { DurableLog } from '../../store/durable-log.ts'
import { systemDisk } from '../../store/system-disk.ts'
import { type Ran, runCommand, scratch } from '../../testing/channel-folders.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { FakeLog } from '../../testing/fake-log.ts'
import { channelCommand } from './channel.ts'

const channel = (...words: readonly string[]): Promise<Ran> => runCommand(channelCommand, words)
const never = new AbortController().signal

function openIn(folders: readonly string[]): Promise<DurableLog> {
  return DurableLog.open({
    name: 'c1',
    folders,
    disk: systemDisk,
    clock: new FakeClock(),
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: 1000,
    keepAliveMs: 0,
    memoryBytes: 1_000_000,
    minimumFreeBytes: 0,
    segmentBytes: 64 * 1024,
    stagingBytes: 16 * 1024
  })
}

async function put(log: DurableLog, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++)
    await log.put(new BatchBuilder().add(`${number}`.padEnd(4000, '.')).build(), never)
}

/** A channel of two folders, of which one was away while the other went on; it may be there again. */
async function leftFolder(t: TestContext): Promise<{ one: string; two: string; away: string; lost: number }> {
  const root = await scratch(t)
  const [one, two, away] = [join(root, 'one'), join(root, 'two'), join(root, 'away')]
  const log = await openIn([one, two])
  await put(log, 0, 60)
  await log.close()
  await rename(two, away)
  const alone = await openIn([one])
  const lost = alone.skippedEvents
  await put(alone, 60, 70)
  await alone.close()
  return { one, two, away, lost }
}

function numbersIn(text: string): number[] {
  const lines = text.trim().split('\n')
  return lines.map(line => parseInt((JSON.parse(line) as { body: string }).body, 10))
}

test('events given up with a folder are counted, not taken for delivered, and exported once it is back', async t => {
  const { one, two, away, lost } = await leftFolder(t)

  const without = await channel('verify', one)
  const inspected = await channel('inspect', one)
  await rename(away, two)
  const whole = await channel('verify', one, two)
  const exported = await channel('export', one, two)

  assert.ok(lost > 10)
  assert.match(
    without.out,
    new RegExp(`${70 - lost} events held: no damage; ${lost} events given up earlier`)
  )
  assert.match(inspected.out, new RegExp(`│ given up +│ ${lost} events earlier`))
  assert.match(whole.out, /70 events held: no damage\n/)
  assert.deepEqual(
    numbersIn(exported.out).sort((a, b) => a - b),
    Array.from({ length: 70 }, (_, i) => i)
  )
})

test('what went on alone is counted as come back, and repair keeps it', async t => {
  const { one, two, away } = await leftFolder(t)
  const other = await openIn([away])
  await put(other, 70, 80)
  await other.close()
  await rename(away, two)

  const inspected = await channel('inspect', one, two)
  const exported = await channel('export', one, two)
  const repaired = await channel('repair', one, two)
  const after = await channel('export', one, two)

  const all = Array.from({ length: 80 }, (_, i) => i)
  assert.match(inspected.out, /│ events held │ 80 /)
  assert.match(inspected.out, /│ came back +│ 10 events of those held, delivered last/)
  assert.deepEqual(
    [exported, after].map(({ out }) => numbersIn(out).sort((a, b) => a - b)),
    [all, all]
  )
  assert.equal(repaired.code, 0)
})

test('the integrity tool writes what came back into the new log, and its files go aside', async t => {
  const { one, two, away } = await leftFolder(t)
  const other = await openIn([away])
  await put(other, 70, 80)
  await other.close()
  await rename(away, two)
  const opened = await openIn([one, two])
  await opened.close()
  await mkdir(join(two, 'of-somebody'), { recursive: true })
  const { rewriteLog } = await import('../../store/flume-import/rewrite-log.ts')
  const { openLog } = await import('./channel-folder.ts')
  const clock = new FakeClock()
  const places = {
    logFolders: [one, two],
    disk: systemDisk,
    clock,
    openLog: (folders: readonly string[], disk: typeof systemDisk) => openLog(folders, disk, undefined)
  }

  const { events } = await rewriteLog(places, batch => Promise.resolve(batch))
  const exported = await channel('export', one, two)

  assert.equal(events, 80)
  assert.equal(numbersIn(exported.out).length, 80)
  assert.ok((await readdir(two)).includes('of-somebody'))
})
