import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BatchBuilder } from '../../core/batch-builder.ts'
import type { DurableLog } from '../../store/durable-log.ts'
import type { ReadDisk } from '../../store/overlay-disk.ts'
import { harm, openLog, scratch } from '../../testing/channel-folders.ts'
import { readDisk } from '../../store/system-disk.ts'
import { openOurs } from './our-folder.ts'

const never = new AbortController().signal
const EVENTS = 300
const KIBIBYTE = 1024
const MANY_BYTES = 64 * KIBIBYTE

/** A log that is open, of several segments. */
async function runningLog(t: TestContext): Promise<{ folder: string; log: DurableLog }> {
  const folder = await scratch(t)
  const log = await openLog(folder, 8)
  t.after(() => log.close())
  for (let i = 0; i < EVENTS; i++) await put(log, i)
  return { folder, log }
}

function put(log: DurableLog, number: number): Promise<void> {
  return log.put(new BatchBuilder().add(String(number).padEnd(10 * KIBIBYTE, '.')).build(), never)
}

/** Delivers all and goes on, so that its files are used again. */
async function goOn(log: DurableLog): Promise<void> {
  for (let lease = await log.take(100); lease !== undefined; lease = await log.take(100)) await lease.commit()
  for (let i = 0; i < EVENTS; i++) await put(log, i)
}

/** The files of this computer, where something happens once: after a folder was listed, or when the newest segments were read. */
function disturbed(at: 'list' | 'read', happen: () => Promise<void>): ReadDisk {
  let isDone = false
  const scanned = new Set<string>()
  const disturb = async (what: string): Promise<void> => {
    if (isDone || what !== at) return
    isDone = true
    await happen()
  }
  return {
    list: async folder => {
      const names = await readDisk.list(folder)
      await disturb('list')
      return names
    },
    open: async (path, options) => {
      const file = await readDisk.open(path, options)
      return {
        read: async (into, position) => {
          // Smaller pieces are headers and seals. The newest is one that was made ahead.
          if (into.length > MANY_BYTES) scanned.add(path)
          if (scanned.size > 2) await disturb('read')
          return file.read(into, position)
        },
        size: () => file.size(),
        close: () => file.close()
      }
    }
  }
}

for (const at of ['list', 'read'] as const) {
  test(`files that an agent uses again after the first ${at} are no damage`, async t => {
    const { folder, log } = await runningLog(t)

    const found = await openOurs(
      [folder],
      undefined,
      disturbed(at, async () => {
        await goOn(log)
        await goOn(log)
      })
    )
    let events = 0
    for await (const batch of found.batches()) events += batch.length

    assert.deepEqual([found.damages, found.damageCount()], [[], 0])
    assert.ok(events <= EVENTS && events === found.events, `${events} of ${found.events}`)
    await found.close()
  })
}

test('what is damaged is told from files that an agent uses again', async t => {
  const { folder, log } = await runningLog(t)
  await harm(folder, '250...')
  const deliverHalf = async (): Promise<void> => {
    for (let taken = 0; taken < EVENTS / 2; taken += 50) await (await log.take(50))?.commit()
    for (let i = 0; i < EVENTS; i++) await put(log, i)
  }

  const found = await openOurs([folder], undefined, disturbed('read', deliverHalf))

  assert.deepEqual(
    found.damages.map(({ lost, reason }) => [lost, reason]),
    [['1 event', 'A record does not have the checksum that it was written with.']]
  )
  assert.deepEqual([found.damageCount(), found.facts], [1, { skipped: 1, givenUp: 0, returned: 0 }])
  await found.close()
})
