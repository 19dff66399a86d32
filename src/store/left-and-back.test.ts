import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { drain, openLog, put, range } from '../testing/numbered-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import type { DurableLog } from './durable-log.ts'
import { ReturnedEvents, SMALL_LOG } from './returned-events.ts'

const BOTH = ['/data/one', '/data/two']
const [ONE = '', TWO = ''] = BOTH
type Files = readonly (readonly [path: string, bytes: Buffer])[]

/** A log in these folders, and the events that came back to it. */
async function openBoth(disk: SimulatedDisk, folders: readonly string[], log = new FakeLog()) {
  const clock = new FakeClock()
  const opened = await openLog(disk, clock, { folders, log })
  const common = { name: 'tested', disk, clock, log }
  const returned = await ReturnedEvents.open(opened.recovery.returned, {
    ...common,
    transactionCapacity: 1000,
    open: apart => openLog(disk, clock, { ...SMALL_LOG, folders: apart, log })
  })
  return { log: opened, returned, close: () => returned.close().then(() => opened.close()) }
}

/** Everything that a log and what came back to it give out, in order. */
async function takeAll({ log, returned }: { log: DurableLog; returned: ReturnedEvents }): Promise<number[]> {
  const first = await drain(log)
  const moved = Promise.withResolvers<void>()
  const waiting = returned.size
  let arrived = 0
  if (waiting === 0) moved.resolve()
  returned.deliverTo(async (batch, signal) => {
    await log.put(batch, signal)
    arrived += batch.length
    if (arrived >= waiting) moved.resolve()
  })
  await moved.promise
  return [...first, ...(await drain(log))]
}

function takeAway(disk: SimulatedDisk, folder: string): Files {
  const gone = [...disk.files()].filter(([path]) => path.startsWith(`${folder}/`))
  for (const [path] of gone) disk.uproot(path)
  return gone
}

function bringBack(disk: SimulatedDisk, files: Files): void {
  for (const [path, bytes] of files) disk.plant(path, bytes)
}

function ended(disk: SimulatedDisk, log: DurableLog, how: 'stop' | 'kill'): Promise<SimulatedDisk> {
  return how === 'kill' ? Promise.resolve(disk.kill()) : log.close().then(() => disk)
}

function newDisk(seed: number): SimulatedDisk {
  return new SimulatedDisk({ seed, folders: ['/data'], automatic: true, keepsNames: true })
}

for (const how of ['stop', 'kill'] as const) {
  test(`a folder that is away while the log goes on, and comes back, takes nothing away: after a ${how}`, async () => {
    for (const [away, stays] of [
      [TWO, ONE],
      [ONE, TWO]
    ] as const) {
      for (let events = 20; events < 60; events += 7) {
        const disk = newDisk(events)
        const log = await openLog(disk, new FakeClock(), { folders: BOTH })
        await put(log, 0, events)
        const taken = await drain(log, 8)
        const left = await ended(disk, log, how)
        const files = takeAway(left, away)
        const alone = await openLog(left, new FakeClock(), { folders: [stays] })
        await put(alone, 1000, 1040)
        taken.push(...(await drain(alone, 5)))
        const both = await ended(left, alone, how)
        bringBack(both, files)

        const whole = await openBoth(both, BOTH)
        taken.push(...(await takeAll(whole)))
        await whole.close()

        const expected = [...range(0, events), ...range(1000, 1040)]
        assert.deepEqual(
          [...new Set(taken)].sort((a, b) => a - b),
          expected,
          `${away}, ${events} events`
        )
        // The record of the first takes may be in the folder that is away: then those come again meanwhile.
        const twice = taken.filter((number, i) => taken.indexOf(number) < i)
        assert.ok(
          twice.every(number => how === 'kill' && number < 8),
          `${away}, ${events} events: ${twice.join()}`
        )
      }
    }
  })

  test(`two folders that each went on alone are both delivered: after a ${how}`, async () => {
    for (let events = 20; events < 60; events += 7) {
      const disk = newDisk(events)
      const log = await openLog(disk, new FakeClock(), { folders: BOTH })
      await put(log, 0, events)
      const left = await ended(disk, log, how)
      const two = takeAway(left, TWO)
      const first = await openLog(left, new FakeClock(), { folders: [ONE] })
      await put(first, 1000, 1040)
      const taken = await drain(first, 12)
      const withOne = await ended(left, first, how)
      const one = takeAway(withOne, ONE)
      bringBack(withOne, two)
      const second = await openLog(withOne, new FakeClock(), { folders: [TWO] })
      await put(second, 2000, 2030)
      taken.push(...(await drain(second, 12)))
      const both = await ended(withOne, second, how)
      bringBack(both, one)

      const whole = await openBoth(both, BOTH)
      taken.push(...(await takeAll(whole)))
      await whole.close()

      const expected = [...range(0, events), ...range(1000, 1040), ...range(2000, 2030)]
      assert.deepEqual(
        [...new Set(taken)].sort((a, b) => a - b),
        expected,
        `${events} events`
      )
      assert.equal(taken.length, expected.length, `${events} events: twice`)
    }
  })

  test(`any single file that is away for a start comes back late and once: after a ${how}`, async () => {
    const names = [...(await filled(how)).disk.files().keys()].filter(path => path.includes('/seg-'))
    assert.ok(names.length > 2)
    for (const name of names) {
      const { disk, taken } = await filled(how)
      const files = [...disk.files()].filter(([path]) => path === name)
      disk.uproot(name)
      const log = await openLog(disk, new FakeClock(), { folders: BOTH })
      await put(log, 1000, 1020)
      const all = [...taken, ...(await drain(log, 10))]
      const left = await ended(disk, log, how)
      bringBack(left, files)

      const whole = await openBoth(left, BOTH)
      all.push(...(await takeAll(whole)))
      await whole.close()

      const expected = [...range(0, 40), ...range(1000, 1020)]
      assert.deepEqual(
        [...new Set(all)].sort((a, b) => a - b),
        expected,
        name
      )
      // Where the record of the first takes was in that file, those events came again meanwhile.
      assert.ok(all.length <= expected.length + 10, `${name}: ${all.length}`)
    }
  })
}

async function filled(how: 'stop' | 'kill'): Promise<{ disk: SimulatedDisk; taken: number[] }> {
  const disk = newDisk(3)
  const log = await openLog(disk, new FakeClock(), { folders: BOTH })
  await put(log, 0, 40)
  const taken = await drain(log, 10)
  return { disk: await ended(disk, log, how), taken }
}
