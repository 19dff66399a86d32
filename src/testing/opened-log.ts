import type { EventBatch } from '../core/batch.ts'
import { DurableLog } from '../store/durable-log.ts'
import type { DurableLogOptions } from '../store/log-options.ts'
import { FakeClock } from './fake-clock.ts'
import { batchOf, textsOf } from './fake-context.ts'
import { FakeLog } from './fake-log.ts'
import { SimulatedDisk } from './simulated-disk.ts'

export const FOLDER = '/data'
export const KIBIBYTE = 1024

/** Of a log to which nothing came back. */
export const NOTHING_RETURNED = { deliverTo: () => undefined }

/** A disk that completes calls by itself. */
export function newDisk(bytes = Infinity): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: [FOLDER], automatic: true, bytes })
}

/** A log of small segments, its clock, and what it says. */
export async function openLog(disk: SimulatedDisk, options: Partial<DurableLogOptions> = {}) {
  const clock = new FakeClock()
  const log = new FakeLog()
  const opened = await DurableLog.open({
    name: 'tested',
    folders: [FOLDER],
    disk,
    clock,
    log,
    capacity: Infinity,
    transactionCapacity: 10_000,
    keepAliveMs: 3000,
    memoryBytes: 2 ** 20,
    minimumFreeBytes: 0,
    segmentBytes: 256 * KIBIBYTE,
    stagingBytes: 32 * KIBIBYTE,
    ...options
  })
  return { log: opened, clock, lines: log.lines }
}

/** Events from `from` up to, not including, `to`. */
export function numbered(from: number, to: number, bytes = 10): EventBatch {
  return batchOf(Array.from({ length: to - from }, (_, i) => String(from + i).padEnd(bytes, '.')))
}

/** Takes and commits all, while time passes if a clock is given; resolves to the numbers. */
export async function drain(log: DurableLog, clock?: FakeClock): Promise<number[]> {
  const numbers: number[] = []
  for (;;) {
    await using lease = await log.take(10_000)
    if (lease === undefined) return numbers
    numbers.push(...textsOf(lease.batch).map(text => parseInt(text, 10)))
    await (clock === undefined ? lease.commit() : inTime(clock, lease.commit()))
  }
}

/** What `work` resolves to, while time passes: up to a minute. */
export async function inTime<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  done.catch(() => undefined)
  for (let waited = 0; waited < 60_000; waited += 500) {
    await turns()
    if (isDone) return done
    await clock.advance(500)
  }
  throw new Error('It takes longer than a minute.')
}

/** Resolves once everything that needs no time is done. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++)
    await new Promise(resolve => {
      setImmediate(resolve)
    })
}

/** A disk after power loss answers by itself again. */
