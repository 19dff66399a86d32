import type { Lease } from '../../src/core/contracts.ts'
import { systemCode } from '../../src/core/errors.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'
import { Random } from '../../src/testing/random.ts'
import type { SimulatedDisk } from '../../src/testing/simulated-disk.ts'
import { StoryBalance } from './story-balance.ts'
import { LAST_LIFE } from './story-lives.ts'
import { BLOCK, type OpenLog, optionsOf, type StoredLog } from './story-log.ts'
import type { StoryModel } from './story-model.ts'
import type { Loan, PutShape } from './story-put.ts'
import { damageIn, describe, type Outcome, turned } from './story-turns.ts'
import type { Life, Story, Taker } from './story.ts'

/** Turns without a disk call after which time is moved. */
const IDLE_TURNS = 14
/** How long a life lasts at most, in moves of the clock while nothing else happens. */
const CLOCK_MOVES = 40
const PATIENCE_CALLS = 200_000
/** How often a log is opened again that did not open because of the disk. */
const ATTEMPTS = 3
/** Each file that cannot be read is given up after a while. */
const PATIENT_ATTEMPTS = 60
const RETRY_MS = 3000
const STEP_MS = 500
/** Within so long a log notices that its disk works again. */
const HEALING_MS = 3000
const REFUSALS = ['ERR_CHANNEL_FULL', 'ERR_CHANNEL', 'ERR_STOPPED', 'ERR_BATCH_TOO_LARGE']

/** What is put once everything works again. */
const PROBE: PutShape = { events: 3, bytes: 60, headers: true }

/** One life: the log, those that use it, and the disk below. */
export class Stage {
  readonly #story: Story
  readonly #life: Life
  readonly #disk: SimulatedDisk
  readonly #model: StoryModel
  readonly #clock = new FakeClock()
  readonly #log = new FakeLog()
  readonly #random: Random
  readonly #stop = new AbortController()
  /** Those that are at work. */
  #busy = 0
  /** Puts and commits under way. */
  #unanswered = 0
  #unansweredPuts = 0
  #healed = false
  #idle = 0
  #moves = 0
  #over = false
  #balance = new StoryBalance(0)
  #reportsAtStart = 0

  constructor(story: Story, life: Life, disk: SimulatedDisk, model: StoryModel) {
    this.#story = story
    this.#life = life
    this.#disk = disk
    this.#model = model
    this.#random = new Random(disk.random.seed())
    disk.bytes = life.diskBlocks === undefined ? Infinity : Math.max(life.diskBlocks * BLOCK, 0)
    for (const fault of life.faults) disk.faults.add(fault)
    const files = [...disk.files()]
    for (const place of files.length === 0 ? [] : life.spoilt) {
      const [path, bytes] = files[place % files.length] ?? ['', []]
      disk.spoil(path, Math.floor(place / files.length) % Math.max(1, bytes.length))
    }
  }

  async play(open: OpenLog): Promise<SimulatedDisk> {
    const log = await this.#opened(open)
    if (log !== undefined) await this.#use(log)
    this.#over = true
    this.#stop.abort()
    for (const violation of this.#disk.violations) this.#violate(`the disk was misused: ${violation}`)
    this.#checkReports()
    const next = ['power', 'closed, then power'].includes(this.#life.end)
      ? this.#disk.crash()
      : this.#disk.kill()
    this.#model.lifeOver()
    return next
  }

  /** Nothing goes wrong that a log could give as a reason. */
  get #clean(): boolean {
    const fails = this.#life.faults.some(({ kind }) => kind !== 'short' && kind !== 'slow')
    const fills = this.#life.diskBlocks !== undefined || this.#life.fillsAt !== undefined
    return !fails && !fills && !this.#story.spoils
  }

  /** While something is wrong with the disk puts may be refused, and no longer. */
  get #mayRefuse(): boolean {
    return !this.#clean && !this.#healed
  }

  /** On a disk that is fine there is nothing to report; else the reports are counted. */
  #checkReports(): void {
    for (const { message, facts } of damageIn(this.#log)) {
      if (!this.#story.spoils) this.#violate(`false report: ${message} ${JSON.stringify(facts)}`)
      else this.#model.reported += Number(facts['events']) || Infinity
    }
  }

  /** Events that the log said it lost since it was opened. */
  get #lostSinceStart(): number {
    const errors = damageIn(this.#log).slice(this.#reportsAtStart)
    return errors.reduce((sum, { facts }) => sum + Number(facts['events'] ?? 0), 0)
  }

  /** What goes wrong ends, so that in the end everything must work. */
  get #heals(): boolean {
    const { faults, diskBlocks, fillsAt } = this.#life
    return faults.every(({ times }) => times < Infinity) && diskBlocks === undefined && fillsAt === undefined
  }

  #violate(what: string): void {
    this.#model.violations.push(what)
  }

  async #opened(open: OpenLog): Promise<StoredLog | undefined> {
    const around = { disk: this.#disk, clock: this.#clock, log: this.#log }
    const attempts = this.#clean ? 1 : this.#story.spoils ? PATIENT_ATTEMPTS : ATTEMPTS
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) await this.#clock.advance(RETRY_MS)
      const result = await this.#until(open(optionsOf(this.#story, this.#life, around)))
      if (result === undefined) return undefined
      if (result.kind === 'done') return this.#checkStart(result.value)
      if (this.#clean) this.#violate(`does not start: ${describe(result.error)}`)
      this.#checkNothingOpen('a start that failed')
      if (this.#story.spoils && attempt === attempts - 1)
        this.#violate(`does not start on a spoilt disk: ${describe(result.error)}`)
    }
    return undefined
  }

  #checkStart(log: StoredLog): StoredLog {
    const { least, most } = this.#model.bounds()
    const { recovery, size } = log
    for (const part of this.#story.spoils ? [] : recovery.skipped)
      this.#violate(`false report of damage: ${JSON.stringify(part)}`)
    if (size < least || size > most) this.#violate(`holds ${size} events after start, not ${least}..${most}`)
    if (recovery.events !== size || recovery.recovered !== size)
      this.#violate(`says it recovered ${recovery.events}, ${recovery.recovered} and holds ${size}`)
    this.#model.opened()
    this.#reportsAtStart = damageIn(this.#log).length
    this.#balance = new StoryBalance(size)
    return log
  }

  #checkNothingOpen(after: string): void {
    const { handles, pending } = this.#disk
    if (handles.size > 0) this.#violate(`${handles.size} files stay open after ${after}`)
    if (pending > 0) this.#violate(`${pending} disk calls go on after ${after}`)
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
    if (this.#life.heals) await this.#heal(log)
    if (
      this.#life === LAST_LIFE &&
      drained !== held - this.#lostSinceStart &&
      this.#model.violations.length === 0
    ) {
      this.#violate(`held ${held} events and gave out ${drained}`)
    }
    this.#checkBalance(log, ended)
    if (this.#model.violations.length === 0) await this.#end(log)
  }

  /** The disk is fine and has room: before long it takes events again, and what waits is answered. */
  async #heal(log: StoredLog): Promise<void> {
    if (this.#model.violations.length > 0) return
    this.#disk.faults.clear()
    this.#disk.bytes = Infinity
    const limit = this.#disk.completed + PATIENCE_CALLS
    for (let ms = 0; ms < HEALING_MS; ms += STEP_MS) {
      while (this.#disk.completed < limit && this.#disk.step()) await turned()
      await this.#clock.advance(STEP_MS)
    }
    this.#healed = true
    this.#moves = 0
    await this.#until(
      this.#work(() => this.#put(log, [PROBE])),
      limit
    )
    for (let turn = 0; this.#unanswered > 0; turn++) {
      if (this.#disk.completed >= limit || !(await this.#goOn())) break
    }
    if (this.#unanswered > 0) this.#violate('a put or a commit hangs though the disk works again')
  }

  /** Whether it ends with close(). */
  get #closes(): boolean {
    return ['close', 'closed, then power'].includes(this.#life.end)
  }

  async #end(log: StoredLog): Promise<void> {
    const { closeCalls } = this.#life
    if (!this.#closes && closeCalls === undefined) return
    this.#stop.abort()
    const limit = this.#closes ? PATIENCE_CALLS : this.#disk.completed + (closeCalls ?? 0)
    const closing = await this.#until(log.close(), limit)
    if (closing === undefined) return
    this.#checkNothingOpen('close')
    if (this.#clock.pending > 0) this.#violate(`${this.#clock.pending} timers are set after close`)
    if (closing.kind === 'failed' && this.#clean) this.#violate(`does not close: ${describe(closing.error)}`)
    if (closing.kind === 'failed' || !this.#clean) return
    this.#balance.settled()
    this.#model.closedInPeace(this.#balance.bounds())
  }

  #checkBalance(log: StoredLog, ended: 'out of calls' | 'quiet'): void {
    if (ended === 'quiet' && this.#unansweredPuts > 0) this.#violate('a put hangs')
    if (ended === 'quiet' && this.#unanswered > 0 && this.#heals) this.#violate('a put or a commit hangs')
    if (ended === 'quiet' && this.#busy === 0 && this.#clean && !this.#healed) this.#balance.settled()
    const { least, most } = this.#balance.bounds()
    if (log.size < least - this.#lostSinceStart || log.size > most)
      this.#violate(`holds ${log.size} events when ${ended}, not ${least}..${most}`)
  }

  async #work(task: () => Promise<void>): Promise<void> {
    this.#busy++
    await task()
    this.#busy--
  }

  async #answer(promise: Promise<void>): Promise<void> {
    this.#unanswered++
    try {
      await promise
    } finally {
      this.#unanswered--
    }
  }

  async #answerPut(promise: Promise<void>): Promise<void> {
    this.#unansweredPuts++
    try {
      await this.#answer(promise)
    } finally {
      this.#unansweredPuts--
      this.#moves = 0
    }
  }

  async #put(log: StoredLog, shapes: readonly PutShape[]): Promise<void> {
    for (const shape of shapes) {
      const put = this.#model.called(shape)
      this.#balance.called(shape.events)
      const door = shape.events > this.#life.transactionCapacity ? 'putEach' : 'put'
      try {
        await this.#answerPut(log[door](put.batch, this.#stop.signal))
        if (this.#over) return
        this.#model.acked(put)
        this.#balance.acked(shape.events)
      } catch (error) {
        if (this.#over) return
        this.#model.rejected(put)
        this.#balance.rejected(shape.events)
        this.#judgeRefusal(error, shape)
      }
    }
  }

  #judgeRefusal(error: unknown, shape: PutShape): void {
    const code = systemCode(error) ?? ''
    const may = this.#mayRefuse || this.#life.capacity !== Infinity || this.#stop.signal.aborted
    if (!REFUSALS.includes(code) || !may) this.#violate(`refuses ${shape.events} events: ${describe(error)}`)
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
        if (this.#clean) this.#violate(`does not give out: ${describe(error)}`)
        await this.#clock.sleep(1000, this.#stop.signal)
      }
      await turned()
      if (this.#over) return
    }
  }

  async #settle(lease: Lease, taker: Taker, took: (events: number) => void): Promise<void> {
    if (lease.batch.length === 0 || lease.batch.length > taker.max) {
      this.#violate(`gave out ${lease.batch.length} events, asked for ${taker.max}`)
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
    this.#balance.committing(lease.batch.length)
    try {
      await this.#answer(lease.commit())
      if (this.#over) return true
      this.#model.committed(loan, this.#life.syncTakes)
      this.#balance.committed(lease.batch.length, this.#life.syncTakes)
      return true
    } catch (error) {
      if (this.#clean && !this.#over && !this.#stop.signal.aborted) {
        this.#violate(`does not commit: ${describe(error)}`)
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
  async #until<T>(promise: Promise<T>, limit = this.#startLimit): Promise<Outcome<T> | undefined> {
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
      if (this.#disk.completed >= limit) return undefined
      if (await this.#goOn()) continue
      this.#violate('hangs at start or at close')
      return undefined
    }
  }

  /** A life that ends with close() comes to an open log. */
  get #startLimit(): number {
    return this.#closes ? PATIENCE_CALLS : this.#life.calls
  }

  /** One thing happens; false when nothing is left that could. */
  async #goOn(): Promise<boolean> {
    const { fillsAt } = this.#life
    // Somebody else takes all that is left.
    if (this.#disk.completed === fillsAt && !this.#healed) this.#disk.bytes -= Math.max(0, this.#disk.room)
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
    await this.#clock.advance(STEP_MS)
    return true
  }
}
