import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { BatchBuilder } from '../../src/core/batch-builder.ts'
import type { EventBatch } from '../../src/core/batch.ts'
import { DurableLog } from '../../src/store/durable-log.ts'
import { systemDisk } from '../../src/store/system-disk.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

const BATCH = 1000
const BODY_BYTES = 120
const TAKE = 10_000
const MEBIBYTE = 1024 * 1024
const never = new AbortController().signal

/** What one process found and took. */
export interface BacklogStart {
  /** How long the log took to open. */
  readonly openMs: number
  /** Events held then. */
  readonly held: number
  /** Events that came out, all in order. */
  readonly drained: number
  /** Memory at its most, above what the process had before it opened the log. */
  readonly memoryBytes: number
}

/** The starts over one backlog, each in a process of its own. */
export interface BacklogResult {
  /** After the process that put the events was killed. */
  readonly killed: BacklogStart
  /** With every byte checked. */
  readonly verified: BacklogStart
  /** After a clean stop; all events are taken. */
  readonly drained: BacklogStart
}

/** Puts so many events into a log, kills the process, and starts over them again and again. */
export function runBacklog(folder: string, events: number): BacklogResult {
  inProcess('fill', folder, events)
  const [killed, verified, drained] = ['open', 'verify', 'drain'].map(
    task => JSON.parse(inProcess(task, folder, events)) as BacklogStart
  ) as [BacklogStart, BacklogStart, BacklogStart]
  return { killed, verified, drained }
}

function inProcess(task: string, folder: string, events: number): string {
  const args = ['--expose-gc', import.meta.filename, task, folder, String(events)]
  const { stdout, status, signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const ended = task === 'fill' ? signal === 'SIGKILL' : status === 0
  if (!ended) throw new Error(`${task} ended with ${status ?? signal}: ${stderr}`)
  return stdout
}

function open(folder: string, verify: boolean): Promise<DurableLog> {
  return DurableLog.open({
    name: 'backlog',
    folders: [folder],
    disk: systemDisk,
    clock: new FakeClock(),
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: TAKE,
    keepAliveMs: 3000,
    memoryBytes: 64 * MEBIBYTE,
    minimumFreeBytes: 0,
    verify
  })
}

async function fill(folder: string, events: number): Promise<void> {
  const log = await open(folder, false)
  for (let first = 0; first < events; first += 8 * BATCH) {
    const puts: Promise<void>[] = []
    for (let from = first; from < Math.min(first + 8 * BATCH, events); from += BATCH)
      puts.push(log.put(batchFrom(from), never))
    await Promise.all(puts)
  }
  process.kill(process.pid, 'SIGKILL')
}

function batchFrom(first: number): EventBatch {
  const builder = new BatchBuilder(BATCH * BODY_BYTES)
  for (let i = first; i < first + BATCH; i++) builder.add(String(i).padEnd(BODY_BYTES, '.'))
  return builder.build()
}

async function start(folder: string, task: string): Promise<void> {
  const before = residentAtMost()
  const begun = performance.now()
  const log = await open(folder, task === 'verify')
  const openMs = Math.round(performance.now() - begun)
  const held = log.size
  const drained = task === 'drain' ? await drain(log) : 0
  const memoryBytes = residentAtMost() - before
  await log.close()
  const result: BacklogStart = { openMs, held, drained, memoryBytes }
  console.log(JSON.stringify(result))
}

async function drain(log: DurableLog): Promise<number> {
  let drained = 0
  for (let lease = await log.take(TAKE); lease !== undefined; lease = await log.take(TAKE)) {
    for (let i = 0; i < lease.batch.length; i++) {
      if (parseInt(lease.batch.text(i), 10) !== drained++)
        throw new Error(`Event ${drained - 1} is out of order.`)
    }
    await lease.commit()
  }
  return drained
}

function residentAtMost(): number {
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

if (process.argv[1] === import.meta.filename) {
  const [task = '', folder = '', events] = process.argv.slice(2)
  if (task === 'fill') await fill(folder, Number(events))
  else await start(folder, task)
}
