import type { EventBatch } from '../../src/core/batch.ts'
import type { Lease } from '../../src/core/contracts.ts'
import { systemCode } from '../../src/core/errors.ts'
import type { DurableLogOptions, RecoveryReport } from '../../src/store/log-options.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'
import { Random } from '../../src/testing/random.ts'
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts'
import type { Life, Story, Taker } from './story.ts'
import { type Loan, type PutShape, StoryModel } from './story-model.ts'

/** What the stories ask of a log; DurableLog is one. */
export interface StoredLog {
  readonly recovery: RecoveryReport
  readonly size: number
  put(batch: EventBatch, signal: AbortSignal): Promise<void>
  take(max: number): Promise<Lease | undefined>
  filled(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Opens a log. */
export type OpenLog = (options: DurableLogOptions) => Promise<StoredLog>

const BLOCK = 4096
const BASE = '/data'
/** Turns without a disk call after which time is moved. */
const IDLE_TURNS = 14
/** How long a life lasts at most, in moves of the clock while nothing else happens. */
const CLOCK_MOVES = 40
const PATIENCE_CALLS = 200_000
const TRANSACTION_CAPACITY = 10_000
const REFUSALS = ['ERR_CHANNEL_FULL', 'ERR_CHANNEL', 'ERR_STOPPED', 'ERR_BATCH_TOO_LARGE']

const LAST_LIFE: Life = {
  calls: Infinity,
  end: 'close',
  putters: [],
  takers: [{ max: 10_000, returns: 0, holds: 0 }],
  segmentBlocks: 64,
  stagingBlocks: 8,
  depth: 2,
  memoryBytes: 2 ** 20,
  syncTakes: true,
  capacity: Infinity,
  diskBlocks: undefined,
  faults: []
}

/** Plays a story with a log on a simulated disk; resolves to what the log did wrong, nothing when it kept its word. */
export async function playStory(story: Story, open: OpenLog): Promise<string[]> {
  const model = new StoryModel()
  let disk = new SimulatedDisk({ seed: story.seed, folders: [BASE] })
  for (const life of [...story.lives, LAST_LIFE]) {
    const stage = new Stage(story, life, disk, model)
    disk = await stage.play(open)
    if (model.violations.length > 0) break
    if (life === LAST_LIFE) model.drained()
  }
  return model.violations
}

/** One life: the log, those that use it, and the disk below. */
class Stage {
  readonly #story: Story
  readonly #life: Life
  readonly #disk: SimulatedDisk
  readonly #model: StoryModel
  readonly #clock = new FakeClock()
  readonly #random: Random
  readonly #stop = new AbortController()
  /** Those that are at work. */
  #busy = 0
  #idle = 0
  #moves = 0
  #over = false

  constructor(story: Story, life: Life, disk: SimulatedDisk, model: StoryModel) {
    this.#story = story
    this.#life = life
    this.#disk = disk
    this.#model = model
    this.#random = new Random(disk.random.seed())
    disk.bytes = life.diskBlocks === undefined ? Infinity : Math.max(life.diskBlocks * BLOCK, 0)
    for (const fault of life.faults) disk.faults.add(fault)
  }

  async play(open: OpenLog): Promise<SimulatedDisk> {
    const log = await this.#opened(open)
    if (log !== undefined) await this.#use(log)
    this.#over = true
    this.#stop.abort()
    for (const violation of this.#disk.violations)
      this.#model.violations.push(`the disk was misused: ${violation}`)
    const next = this.#life.end === 'power' ? this.#disk.crash() : this.#disk.kill()
    this.#model.lifeOver()
    return next
  }

  get #clean(): boolean {
    return this.#life.faults.length === 0 && this.#life.diskBlocks === undefined
  }

  async #opened(open: OpenLog): Promise<StoredLog | undefined> {
    const { least, most } = this.#model.bounds()
    const opening = open(this.#options())
    const result = await this.#until(opening)
    if (result === undefined) return undefined
    if (result.kind === 'failed') {
      if (this.#clean) this.#model.violations.push(`does not start: ${describe(result.error)}`)
      return undefined
    }
    const { recovery, size } = result.value
    for (const part of recovery.skipped)
      this.#model.violations.push(`false report of damage: ${JSON.stringify(part)}`)
    if (size < least || size > most)
      this.#model.violations.push(`holds ${size} events after start, not ${least}..${most}`)
    if (recovery.events !== size)
      this.#model.violations.push(`says it recovered ${recovery.events} and holds ${size}`)
    return result.value
  }

  async #use(log: StoredLog): Promise<void> {
    const held = log.size
    let drained = 0
    for (const putter of this.#life.putters) void this.#work(() => this.#put(log, putter))
    for (const taker of this.#life.takers) {
      void this.#take(log, taker, events => {
        drained += events
      })
    }
    const ended = await this.#live()
    if (this.#life === LAST_LIFE && drained !== held && this.#model.violations.length === 0) {
      this.#model.violations.push(`held ${held} events and gave out ${drained}`)
    }
    if (ended === 'quiet') this.#checkSize(log)
    if (this.#life.end !== 'close' || this.#model.violations.length > 0) return
    this.#stop.abort()
    const closing = await this.#until(log.close())
    if (closing === undefined) return
    if (closing.kind === 'failed') {
      if (this.#clean) this.#model.violations.push(`does not close: ${describe(closing.error)}`)
      return
    }
    if (this.#disk.handles.size > 0) this.#model.violations.push(`${this.#disk.handles.size} files stay open`)
    if (this.#disk.pending > 0)
      this.#model.violations.push(`${this.#disk.pending} disk calls go on after close`)
    if (this.#clean) this.#model.closedInPeace()
  }

  #checkSize(log: StoredLog): void {
    if (!this.#clean) return
    const { least, most } = this.#model.bounds()
    if (log.size < least || log.size > most) {
      this.#model.violations.push(`holds ${log.size} events, not ${least}..${most}`)
    }
    if (this.#busy > 0 && this.#life.capacity === Infinity)
      this.#model.violations.push('a put or a commit hangs')
  }

  async #work(task: () => Promise<void>): Promise<void> {
    this.#busy++
    await task()
    this.#busy--
  }

  async #put(log: StoredLog, shapes: readonly PutShape[]): Promise<void> {
    for (const shape of shapes) {
      const put = this.#model.called(shape)
      try {
        await log.put(put.batch, this.#stop.signal)
        if (this.#over) return
        this.#model.acked(put)
      } catch (error) {
        if (this.#over) return
        this.#model.rejected(put)
        this.#judgeRefusal(error, shape)
      }
    }
  }

  #judgeRefusal(error: unknown, shape: PutShape): void {
    const code = systemCode(error) ?? ''
    const may = !this.#clean || this.#life.capacity !== Infinity || this.#stop.signal.aborted
    if (!REFUSALS.includes(code) || !may)
      this.#model.violations.push(`refuses ${shape.events} events: ${describe(error)}`)
  }

  async #take(log: StoredLog, taker: Taker, took: (events: number) => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const lease = await log.take(taker.max)
        if (this.#over) return
        if (lease === undefined) await log.filled(this.#stop.signal)
        else await this.#work(() => this.#settle(lease, taker, took))
      } catch (error) {
        if (this.#over || this.#stop.signal.aborted) return
        if (this.#clean) this.#model.violations.push(`does not give out: ${describe(error)}`)
        await this.#clock.sleep(1000, this.#stop.signal)
      }
      await turned()
      if (this.#over) return
    }
  }

  async #settle(lease: Lease, taker: Taker, took: (events: number) => void): Promise<void> {
    if (lease.batch.length === 0 || lease.batch.length > taker.max) {
      this.#model.violations.push(`gave out ${lease.batch.length} events, asked for ${taker.max}`)
    }
    const loan = this.#model.given(lease.batch)
    took(lease.batch.length)
    for (let turn = 0; turn < taker.holds && !this.#over; turn++) await turned()
    if (this.#over) return
    const keeps = this.#random.below(10) >= taker.returns
    if (keeps && (await this.#commit(lease, loan))) return
    if (this.#over) return
    this.#model.returning(loan)
    await lease[Symbol.asyncDispose]()
    if (!this.#over) this.#model.returned(loan)
    // A log that is broken gives the same events out again and again.
    if (keeps) await this.#clock.sleep(1000, this.#stop.signal)
  }

  /** Resolves to whether the commit did. */
  async #commit(lease: Lease, loan: Loan): Promise<boolean> {
    this.#model.committing(loan)
    try {
      await lease.commit()
      if (!this.#over) this.#model.committed(loan, this.#life.syncTakes)
      return true
    } catch (error) {
      if (this.#clean && !this.#over && !this.#stop.signal.aborted) {
        this.#model.violations.push(`does not commit: ${describe(error)}`)
      }
      return false
    }
  }

  /** Lets the life go on until its end, or until nothing happens any more. */
  async #live(): Promise<'out of calls' | 'quiet'> {
    for (;;) {
      if (this.#disk.completed >= this.#life.calls) return 'out of calls'
      if (this.#model.violations.length > 0) return 'out of calls'
      if (!(await this.#goOn())) return 'quiet'
    }
  }

  /** Resolves to how `promise` ended; undefined when the life ended before. */
  async #until<T>(promise: Promise<T>): Promise<Outcome<T> | undefined> {
    let outcome: Outcome<T> | undefined
    promise.then(
      value => {
        outcome = { kind: 'done', value }
      },
      (error: unknown) => {
        outcome = { kind: 'failed', error }
      }
    )
    for (;;) {
      await turned()
      if (outcome !== undefined) return outcome
      const limit = this.#life.end === 'close' ? PATIENCE_CALLS : this.#life.calls
      if (this.#disk.completed >= limit) return undefined
      if (await this.#goOn()) continue
      if (outcome === undefined && this.#clean) this.#model.violations.push('hangs at start or at close')
      return outcome
    }
  }

  /** One thing happens; false when nothing is left that could. */
  async #goOn(): Promise<boolean> {
    if (this.#disk.step()) {
      this.#idle = 0
      this.#moves = 0
      // Sometimes several calls complete at once, and sometimes the end comes before anybody learns of them.
      if (this.#random.chance(0.7)) await turned()
      return this.#disk.completed < PATIENCE_CALLS
    }
    await turned()
    if (this.#disk.pending > 0) return true
    if (this.#idle++ < IDLE_TURNS) return true
    if (this.#busy === 0 && this.#moves > 2) return false
    if (this.#moves++ > CLOCK_MOVES) return false
    this.#idle = 0
    await this.#clock.advance(500)
    return true
  }

  #options(): DurableLogOptions {
    const { segmentBlocks, stagingBlocks, depth, memoryBytes, syncTakes, capacity } = this.#life
    const folders = Array.from({ length: this.#story.folders }, (_, i) => `${BASE}/log${i}`)
    return {
      name: 'tested',
      folders,
      disk: this.#disk,
      clock: this.#clock,
      log: new FakeLog(),
      capacity,
      transactionCapacity: TRANSACTION_CAPACITY,
      keepAliveMs: 3000,
      memoryBytes,
      minimumFreeBytes: 0,
      segmentBytes: segmentBlocks * BLOCK,
      stagingBytes: stagingBlocks * BLOCK,
      depth,
      syncTakes
    }
  }
}

type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }

function turned(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${systemCode(error) ?? ''} ${error.message}${cause} ${systemCode(error) === undefined ? error.stack : ''}`
}
