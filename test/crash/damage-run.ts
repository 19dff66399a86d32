import type { EventBatch } from '../../src/core/batch.ts'
import { BatchBuilder } from '../../src/core/batch-builder.ts'
import { DurableLog } from '../../src/store/durable-log.ts'
import type { DurableLogOptions, SkippedPart } from '../../src/store/log-options.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'
import { Random } from '../../src/testing/random.ts'
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts'

const FOLDER = '/data/log'
const PUTS = 40
const BLOCK = 4096
/** A frame may end so many bytes behind its last body. */
const FRAME_SLACK = 16
const never = new AbortController().signal

/** A log on a disk, what was put into it, and where that stands. */
export interface FilledLog {
  readonly disk: SimulatedDisk
  /** Bodies by event number. */
  readonly texts: readonly string[]
  /** Events of each put: number of the first one, and behind the last one. */
  readonly puts: readonly (readonly [number, number])[]
  /** Events below this were taken and committed. */
  readonly taken: number
  /** The files and what was taken when half of the puts were there. */
  readonly backup: {
    readonly files: ReadonlyMap<string, Buffer>
    readonly texts: number
    readonly taken: number
  }
}

/** What a log gives out, and what it says it cannot. */
export interface Drained {
  readonly texts: readonly string[]
  /** Reported at start and later. */
  readonly skipped: readonly SkippedPart[]
  /** By the log's own count. */
  readonly skippedEvents: number
  readonly quarantined: number
  readonly heldAtStart: number
}

/** Fills a log; it is closed in peace, or ended by power loss. */
export async function filledLog(seed: number, end: 'closed' | 'cut off'): Promise<FilledLog> {
  const random = new Random(seed)
  const disk = new SimulatedDisk({ seed, folders: ['/data'], automatic: true })
  const log = await DurableLog.open(optionsOf(disk))
  const texts: string[] = []
  const puts: [number, number][] = []
  let taken = 0
  let backup: FilledLog['backup'] = { files: new Map(), texts: 0, taken: 0 }
  for (let put = 0; put < PUTS; put++) {
    const from = texts.length
    const events = random.pick([1, 3, 40, 150])
    const bytes = random.pick([10, 60, 200])
    for (let i = 0; i < events; i++)
      texts.push(`<${texts.length}:${random.bytes(bytes / 2).toString('hex')}>`)
    puts.push([from, texts.length])
    await log.put(batchOf(texts.slice(from)), never)
    if (put % 4 === 3) taken += await takeSome(log, random.below(120))
    if (put === PUTS / 2) backup = { files: disk.files(), texts: texts.length, taken }
  }
  if (end === 'closed') await log.close()
  return { disk: end === 'closed' ? disk.kill() : disk.crash(), texts, puts, taken, backup }
}

/** Opens what is on the disk and takes everything out. */
export async function drained(disk: SimulatedDisk, verify: boolean): Promise<Drained> {
  const lines = new FakeLog()
  const log = await DurableLog.open({ ...optionsOf(disk), log: lines, verify })
  const heldAtStart = log.size
  const texts: string[] = []
  for (let lease = await log.take(500); lease !== undefined; lease = await log.take(500)) {
    for (const { text } of lease.batch) texts.push(text)
    await lease.commit()
  }
  const { skippedEvents } = log.stats()
  const skipped = lines.lines
    .filter(({ message }) => message === 'A part of the log is damaged and is skipped.')
    .map(({ facts }) => facts as unknown as SkippedPart)
  await log.close()
  const quarantined = [...disk.files().keys()].filter(path => path.includes('/quarantine/')).length
  return { texts, skipped, skippedEvents, quarantined, heldAtStart }
}

/** Files with events, oldest name first. */
export function segmentsOf(disk: SimulatedDisk): string[] {
  return [...disk.files().keys()].filter(path => path.includes('/seg-'))
}

/** Puts that have bytes in this part of the file, or in front of which the part lies: nothing else may be lost. */
export function touchedPuts(filled: FilledLog, path: string, from: number, to: number): Set<number> {
  const bytes = filled.disk.files().get(path) ?? Buffer.alloc(0)
  // By place: a file that was used before still shows bodies of its former use.
  const places = filled.puts
    .map(([first, end], put) => ({ put, ...placeOf(filled, bytes, first, end) }))
    .filter(({ start }) => start >= 0)
  const touched = new Set<number>()
  for (const { put, start, end } of places) {
    const before = Math.max(0, ...places.filter(other => other.end <= start).map(other => other.end))
    if (from < end + FRAME_SLACK && before < to) touched.add(put)
  }
  return touched
}

/** Where the bodies of events stand in a file; -1 when none does. */
function placeOf(
  filled: FilledLog,
  bytes: Buffer,
  first: number,
  end: number
): { start: number; end: number } {
  const starts = range(first, end)
    .map(event => bytes.indexOf(bodyMark(filled, event)))
    .filter(at => at >= 0)
  if (starts.length === 0) return { start: -1, end: -1 }
  return { start: Math.min(...starts), end: bytes.indexOf('>', Math.max(...starts)) + 1 }
}

/** Events whose bodies this part of the file spoils for sure. */
export function spoiledEvents(filled: FilledLog, path: string, from: number, to: number): number[] {
  const bytes = filled.disk.files().get(path) ?? Buffer.alloc(0)
  return range(filled.taken, filled.texts.length).filter(event => {
    const at = bytes.indexOf(bodyMark(filled, event))
    return at >= 0 && at < to && from < at + (filled.texts[event]?.length ?? 0)
  })
}

function bodyMark(filled: FilledLog, event: number): string {
  return filled.texts[event] ?? ''
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

async function takeSome(log: DurableLog, max: number): Promise<number> {
  if (max === 0) return 0
  const lease = await log.take(max)
  await lease?.commit()
  return lease?.batch.length ?? 0
}

function batchOf(texts: readonly string[]): EventBatch {
  const builder = new BatchBuilder()
  for (const text of texts) builder.add(text)
  return builder.build()
}

function optionsOf(disk: SimulatedDisk): DurableLogOptions {
  return {
    name: 'tested',
    folders: [FOLDER],
    disk,
    clock: new FakeClock(),
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: 10_000,
    keepAliveMs: 0,
    memoryBytes: 4096,
    minimumFreeBytes: 0,
    segmentBytes: 16 * BLOCK,
    stagingBytes: 4 * BLOCK
  }
}
