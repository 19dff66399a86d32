/**
 * One run of a durable log alone, in a process of its own: `channel-load.ts SCENARIO FOLDER OPTIONS`, the options as
 * JSON. Prints what it measured as JSON. Every event that is taken is looked at: each putter's own come in their order.
 */
import { randomBytes } from 'node:crypto'
import { resourceUsage } from 'node:process'
import { gzip } from 'node:zlib'
import { EventBatch } from '../src/core/batch.ts'
import type { Lease } from '../src/core/contracts/channel.ts'
import { DurableLog } from '../src/store/durable-log.ts'
import type { DurableLogOptions } from '../src/store/log-options.ts'
import { diskWith } from '../src/store/system-disk.ts'
import { WriteThreads } from '../src/store/write-threads.ts'
import { systemClock } from '../src/app/clock.ts'
import { percentile } from './statistics.ts'

const BODY_BYTES = 120
/** Batches that a putter uses again and again. */
const RING = 4
const WARM_UP_MS = 600
const COMPRESSED_BYTES = 1024 * 1024
/** Each body starts with its putter and its number in the ring. */
const NUMBER_BITS = 24
const LARGEST_NUMBER = 2 ** NUMBER_BITS - 1

export interface LoadOptions {
  readonly putters: number
  readonly batch: number
  readonly takers: number
  readonly takeBatch: number
  readonly milliseconds: number
  /** For `fill`. */
  readonly events: number
  /** Threads of the log's own that write. */
  readonly writers: number
  /** Compressions that keep Node's threads busy meanwhile. */
  readonly compressions: number
}

export interface LoadFigures {
  /** Events put, or taken and committed, and the time it took. */
  readonly events: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly openMs: number
  readonly cpuSeconds: number
  readonly peakMegabytes: number
  readonly problem: string | undefined
}

type Scenario = 'put' | 'turn' | 'fill' | 'open' | 'verify' | 'drain'

const [scenario = 'put', folder = '', json = '{}'] = process.argv.slice(2)
const options = JSON.parse(json) as LoadOptions
const never = new AbortController().signal

async function run(kind: Scenario): Promise<LoadFigures> {
  const began = performance.now()
  const log = await open({ verify: kind === 'verify', syncTakes: kind !== 'put' })
  const openMs = performance.now() - began
  const load = new Load(log)
  for (let i = 0; i < options.compressions; i++) compress(randomBytes(COMPRESSED_BYTES))
  if (kind === 'put' || kind === 'turn') await load.runFor(options.milliseconds, kind)
  else if (kind === 'fill') await load.fill(options.events)
  else if (kind === 'drain') await load.drain()
  await log.close()
  const { maxRSS } = resourceUsage()
  return { ...load.figures(), openMs, peakMegabytes: maxRSS / 1024 }
}

/** Without end, as the process ends by itself. */
function compress(bytes: Buffer): void {
  gzip(bytes, () => compress(bytes))
}

function open(given: Pick<DurableLogOptions, 'verify' | 'syncTakes'>): Promise<DurableLog> {
  const quiet = (): void => {}
  return DurableLog.open({
    name: 'bench',
    folders: [folder],
    disk: diskWith(new WriteThreads(options.writers)),
    clock: systemClock,
    capacity: Infinity,
    transactionCapacity: 100_000,
    log: {
      debug: quiet,
      info: quiet,
      warn: (message, facts) => console.error(message, facts),
      error: (message, facts) => console.error(message, facts)
    },
    keepAliveMs: 3000,
    memoryBytes: 64 * 1024 * 1024,
    minimumFreeBytes: 1_048_576,
    ...given
  })
}

/** Putters and takers in closed loops. */
class Load {
  readonly #log: DurableLog
  readonly #times: number[] = []
  readonly #next: number[] = []
  #problem: string | undefined
  #put = 0
  #taken = 0
  #measured = 0
  #seconds = 0
  #cpu = process.cpuUsage()

  constructor(log: DurableLog) {
    this.#log = log
  }

  figures(): Omit<LoadFigures, 'openMs' | 'peakMegabytes'> {
    const { user, system } = this.#cpu
    return {
      events: this.#measured,
      seconds: this.#seconds,
      problem: this.#problem,
      cpuSeconds: (user + system) / 1e6,
      p50Ms: percentile(this.#times, 0.5),
      p99Ms: percentile(this.#times, 0.99)
    }
  }

  /** Putters put for so long while takers take; counts puts, or what was taken and committed. */
  async runFor(milliseconds: number, kind: 'put' | 'turn'): Promise<void> {
    const stopTaking = new AbortController()
    const end = performance.now() + WARM_UP_MS + milliseconds
    const putting = Array.from({ length: options.putters }, (_, putter) =>
      this.#puts(putter, () => performance.now() < end)
    )
    const taking = Array.from({ length: options.takers }, () => this.#takes(stopTaking.signal))
    await new Promise(resolve => setTimeout(resolve, WARM_UP_MS))
    const count = (): number => (kind === 'put' ? this.#put : this.#taken)
    const before = count()
    const stopWatch = this.#watch()
    this.#times.length = 0
    await Promise.race([Promise.all(putting), new Promise(resolve => setTimeout(resolve, milliseconds))])
    stopWatch(count() - before)
    await Promise.all(putting)
    while (this.#log.size > 0) await new Promise(resolve => setTimeout(resolve, 5))
    stopTaking.abort()
    await Promise.all(taking)
    if (this.#taken !== this.#put) this.#problem ??= `${this.#taken} of ${this.#put} events came out`
  }

  /** Puts so many events and leaves them. */
  async fill(events: number): Promise<void> {
    const stopWatch = this.#watch()
    const putting = Array.from({ length: options.putters }, (_, putter) =>
      this.#puts(putter, () => this.#put < events)
    )
    await Promise.all(putting)
    stopWatch(this.#put)
  }

  /** Takes all that is there. */
  async drain(): Promise<void> {
    const held = this.#log.size
    const stopWatch = this.#watch()
    const taking = Array.from({ length: options.takers }, async () => {
      while (await this.#takeOne()) {
        /* until it is empty */
      }
    })
    await Promise.all(taking)
    stopWatch(this.#taken)
    if (this.#taken !== held) this.#problem ??= `${this.#taken} of ${held} events came out`
  }

  #watch(): (measured: number) => void {
    const began = performance.now()
    const cpu = process.cpuUsage()
    return measured => {
      this.#measured = measured
      this.#seconds = (performance.now() - began) / 1000
      this.#cpu = process.cpuUsage(cpu)
    }
  }

  async #puts(putter: number, isOn: () => boolean): Promise<void> {
    const ring = Array.from({ length: RING }, (_, slot) => batchOf(putter, slot))
    for (let turn = 0; isOn(); turn++) {
      const batch = ring[turn % RING]
      if (batch === undefined) return
      const began = performance.now()
      await this.#log.put(batch, never)
      this.#times.push(performance.now() - began)
      this.#put += batch.length
    }
  }

  async #takes(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) if (!(await this.#takeOne())) await this.#log.filled(stopping)
  }

  async #takeOne(): Promise<boolean> {
    const lease: Lease | undefined = await this.#log.take(options.takeBatch)
    if (lease === undefined) return false
    this.#check(lease.batch)
    await lease.commit()
    this.#taken += lease.batch.length
    return true
  }

  #check({ slab, starts, ends, length }: EventBatch): void {
    const cycle = RING * options.batch
    for (let i = 0; i < length; i++) {
      const at = starts[i] ?? 0
      const mark = slab.readUInt32LE(at)
      const putter = mark >>> NUMBER_BITS
      const number = mark & LARGEST_NUMBER
      const expected = this.#next[putter] ?? number
      if (number !== expected || ends[i] !== at + BODY_BYTES) {
        this.#problem ??= `putter ${putter} goes on with ${number} instead of ${expected}`
      }
      this.#next[putter] = number + 1 === cycle ? 0 : number + 1
    }
  }
}

/** Bodies say whose they are and which one in the ring. */
function batchOf(putter: number, slot: number): EventBatch {
  const slab = Buffer.allocUnsafeSlow(options.batch * BODY_BYTES).fill('x')
  const starts = new Uint32Array(options.batch)
  const ends = new Uint32Array(options.batch)
  for (let i = 0; i < options.batch; i++) {
    starts[i] = i * BODY_BYTES
    ends[i] = (i + 1) * BODY_BYTES
    slab.writeUInt32LE(((putter << NUMBER_BITS) >>> 0) + slot * options.batch + i, i * BODY_BYTES)
  }
  return new EventBatch(slab, starts, ends)
}

// At the end, as classes cannot be used above.
console.log(JSON.stringify(await run(scenario as Scenario)))
process.exit(0)
