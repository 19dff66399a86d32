import type { Disk } from '../store/disk.ts'
import { DurableLog } from '../store/durable-log.ts'
import { BLOCK_BYTES } from '../store/frame.ts'
import type { DurableLogOptions, SkippedPart } from '../store/log-options.ts'
import { FakeClock } from './fake-clock.ts'
import { batchOf, textsOf } from './fake-context.ts'
import { FakeLog } from './fake-log.ts'
import { SimulatedDisk } from './simulated-disk.ts'

/** Where the log is. */
export const FOLDER = '/data'
export const SEGMENT_BYTES = 16 * BLOCK_BYTES
const BODY_BYTES = 1000
const never = new AbortController().signal

/** A disk that completes calls by itself. */
export function newDisk(): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: [FOLDER], automatic: true })
}

/** A log of small segments. */
export function openLog(
  disk: Disk,
  clock: FakeClock,
  options: Partial<DurableLogOptions> = {}
): Promise<DurableLog> {
  return DurableLog.open({
    name: 'tested',
    folders: [FOLDER],
    disk,
    clock,
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: 10_000,
    keepAliveMs: 0,
    memoryBytes: BLOCK_BYTES,
    minimumFreeBytes: 0,
    segmentBytes: SEGMENT_BYTES,
    stagingBytes: 2 * BLOCK_BYTES,
    ...options
  })
}

/** One put for each number; each takes a block of a segment. */
export async function put(log: DurableLog, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++)
    await log.put(batchOf([String(number).padEnd(BODY_BYTES, '.')]), never)
}

/** Takes and commits; resolves to the numbers of up to `most` events. */
export async function drain(log: DurableLog, most = Infinity): Promise<number[]> {
  const numbers: number[] = []
  while (numbers.length < most) {
    const lease = await log.take(Math.min(10, most - numbers.length))
    if (lease === undefined) break
    numbers.push(...textsOf(lease.batch).map(text => parseInt(text, 10)))
    await lease.commit()
  }
  return numbers
}

/** Events 0 to `events` in a log that was closed. */
export async function closedLog(disk: SimulatedDisk, events: number, taken = 0): Promise<string[]> {
  const log = await openLog(disk, new FakeClock())
  await put(log, 0, events)
  await drain(log, taken)
  await log.close()
  return segmentsOf(disk)
}

/** Segments with events, by age. */
export function segmentsOf(disk: SimulatedDisk): string[] {
  return [...disk.files()]
    .filter(([path, bytes]) => path.includes('/seg-') && bytes.includes('...'))
    .map(([path]) => path)
}

/** Numbers from `from` up to, not including, `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** Numbers of the events that a report says are lost. */
export function lostOf(parts: readonly SkippedPart[]): number[] {
  return parts.flatMap(({ firstEvent, events }) => range(firstEvent, firstEvent + events))
}

/** Opens again and again, a second apart, as the engine does. */
export async function openPatiently(disk: Disk, clock: FakeClock, verify: boolean): Promise<DurableLog> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const log = await openLog(disk, clock, { verify }).catch(() => undefined)
    if (log !== undefined) return log
    await clock.advance(1000)
  }
  throw new Error('The log never opens.')
}

/** Takes everything, trying again a second after each error. */
export async function drainPatiently(log: DurableLog, clock: FakeClock): Promise<number[]> {
  const found: number[] = []
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      found.push(...(await drain(log)))
      return found
    } catch {
      await clock.advance(1000)
    }
  }
  throw new Error('The log is never read to its end.')
}
