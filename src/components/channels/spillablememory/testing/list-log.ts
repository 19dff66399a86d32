import type { EventBatch } from '../../../../core/batch.ts'
import type { Lease } from '../../../../core/contracts.ts'
import { AgentError } from '../../../../core/errors.ts'
import { EventQueue } from '../../../../store/event-queue.ts'
import type { DurableLogStats } from '../../../../store/log-options.ts'
import { settled } from '../../../../testing/fake-clock.ts'
import type { OverflowLog } from '../overflow.ts'

const IDLE: DurableLogStats = {
  syncP50Ms: 0.25,
  syncP99Ms: 1.5,
  transactionsPerSync: 2,
  syncs: 1,
  segments: 1,
  freeSegments: 0,
  bytesOnDisk: 4096,
  memoryBytes: 0,
  estimatedReplayMs: 1,
  recoveredEvents: 0,
  skippedEvents: 0,
  skippedParts: 0,
  givenUpEvents: 0,
  returnedEvents: 0,
  skipped: [],
  putErrors: 0,
  takeErrors: 0,
  unhealthy: undefined
}

/** A log as a list, which keeps its events while it is closed. */
export class ListLog implements OverflowLog {
  skippedEvents = 0
  readonly skippedByReason = {}
  readonly segments = { total: 0, rows: [] }
  /** The time of puts. */
  now = (): number => 0
  failWith: Error | undefined
  readonly #queue = new EventQueue<undefined>()
  readonly #loans = new Set<() => void>()
  #onLoan = 0
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#queue.length + this.#onLoan
  }

  get oldestArrival(): number | undefined {
    return this.#queue.oldestArrival
  }

  stats(): DurableLogStats {
    return { ...IDLE, recoveredEvents: this.size, skippedEvents: this.skippedEvents }
  }

  fitsEach(batch: EventBatch): number {
    return Math.min(batch.length, this.#capacity - this.size)
  }

  async putEach(batch: EventBatch): Promise<void> {
    await settled()
    if (this.failWith !== undefined) throw this.failWith
    if (this.fitsEach(batch) < batch.length) throw new AgentError('ERR_CHANNEL_FULL', 'No room.')
    this.#queue.push(batch, undefined, this.now())
  }

  async take(max: number): Promise<Lease | undefined> {
    await settled()
    const taken = this.#queue.take(max)
    if (taken === undefined) return undefined
    const { runs, batch, arrivedAt } = taken
    const giveBack = (): void => {
      if (this.#loans.delete(giveBack)) this.#queue.giveBack(runs)
      this.#onLoan -= batch.length
    }
    this.#onLoan += batch.length
    this.#loans.add(giveBack)
    return {
      batch,
      arrivedAt,
      commit: async () => {
        this.#loans.delete(giveBack)
        this.#queue.forget(runs)
        giveBack()
      },
      [Symbol.asyncDispose]: async () => giveBack()
    }
  }

  /** What is on loan is in the log when it is opened again. */
  close(): void {
    for (const giveBack of this.#loans) giveBack()
  }

  /** Damage: the oldest events are gone. */
  skip(events: number): void {
    this.#queue.take(events)
    this.skippedEvents += events
  }
}
