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

/** What became of a backlog. */
export interface BacklogResult {
  readonly openMs: number
  /** Start with every byte checked. */
  readonly verifyMs: number
  /** Events that came out, all in order. */
  readonly drained: number
  readonly residentBytes: number
  readonly mostResidentBytes: number
}

/** Puts so many events into a log in one process, and takes them out in another one, which is measured. */
export function runBacklog(folder: string, events: number): BacklogResult {
  inProcess('fill', folder, events)
  const { openMs: verifyMs } = JSON.parse(inProcess('verify', folder, events)) as { openMs: number }
  return { ...(JSON.parse(inProcess('drain', folder, events)) as Omit<BacklogResult, 'verifyMs'>), verifyMs }
}

function inProcess(task: string, folder: string, events: number): string {
  const args = ['--expose-gc', import.meta.filename, task, folder, String(events)]
  const { stdout, status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${task} ended with ${status}: ${stderr}`)
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
  await log.close()
}

function batchFrom(first: number): EventBatch {
  const builder = new BatchBuilder(BATCH * BODY_BYTES)
  for (let i = first; i < first + BATCH; i++) builder.add(String(i).padEnd(BODY_BYTES, '.'))
  return builder.build()
}

async function drain(folder: string): Promise<void> {
  const residentBytes = resident()
  const begun = performance.now()
  const log = await open(folder, false)
  const openMs = Math.round(performance.now() - begun)
  let drained = 0
  let mostResidentBytes = 0
  for (let lease = await log.take(TAKE); lease !== undefined; lease = await log.take(TAKE)) {
    for (let i = 0; i < lease.batch.length; i++) {
      if (parseInt(lease.batch.text(i), 10) !== drained++)
        throw new Error(`Event ${drained - 1} is out of order.`)
    }
    await lease.commit()
    mostResidentBytes = Math.max(mostResidentBytes, resident())
  }
  await log.close()
  console.log(JSON.stringify({ openMs, drained, residentBytes, mostResidentBytes }))
}

function resident(): number {
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

async function verified(folder: string): Promise<void> {
  const begun = performance.now()
  const log = await open(folder, true)
  console.log(JSON.stringify({ openMs: Math.round(performance.now() - begun) }))
  await log.close()
}

if (process.argv[1] === import.meta.filename) {
  const [task, folder = '', events] = process.argv.slice(2)
  if (task === 'fill') await fill(folder, Number(events))
  else if (task === 'verify') await verified(folder)
  else await drain(folder)
}
