import type { EventBatch } from '../../../core/batch.ts'
import type { Lease } from '../../../core/contracts.ts'
import { AgentError } from '../../../core/errors.ts'
import type { WatchedLog } from '../../../store/log-watch.ts'
import type { DrainOrder, Span } from './drain-order.ts'

/** What the overflow needs of a durable log. */
export interface OverflowLog extends WatchedLog {
  /** Events given up as damaged, at start and since. */
  readonly skippedEvents: number
  fitsEach(batch: EventBatch): number
  putEach(batch: EventBatch, signal: AbortSignal): Promise<void>
  take(max: number): Promise<Lease | undefined>
}

/** Events of the overflow on loan, and their place in the order. */
export interface OverflowLoan {
  readonly lease: Lease
  readonly span: Span
}

/**
 * The log's events within the order of both tiers. Takes and returns go one by one, so that what the log gives is what
 * the order says is next.
 */
export class Overflow {
  readonly #log: OverflowLog
  readonly #order: DrainOrder
  #turn: Promise<unknown> = Promise.resolve()
  #skipped: number

  /** `skipped`: of the events given up as damaged, those that have no place in the order. */
  constructor(log: OverflowLog, order: DrainOrder, skipped: number) {
    this.#log = log
    this.#order = order
    this.#skipped = skipped
  }

  /** Events held, those on loan included. */
  get size(): number {
    return this.#log.size
  }

  /** As Channel.fitsEach. */
  fits(batch: EventBatch): number {
    return this.#log.fitsEach(batch)
  }

  /** Resolves once the batch is on the disk. It has its place in the order at once: what comes later stays behind it. */
  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    const place = this.#order.reserve('overflow', batch.length)
    try {
      await this.#log.putEach(batch, signal)
    } catch (error) {
      this.#order.cancel(place)
      throw error
    }
    this.#order.fill(place)
  }

  /** Up to `max` of the events that the order has next; undefined when those are not in the overflow any more. */
  take(max: number): Promise<OverflowLoan | undefined> {
    return this.#inTurn(async () => {
      const lease = await this.#takeNext(max)
      if (lease === undefined) return undefined
      const span = this.#order.take('overflow', lease.batch.length)
      if (span !== undefined && span.to - span.from === lease.batch.length) return { lease, span }
      if (span !== undefined) this.#order.giveBack(span)
      await lease[Symbol.asyncDispose]()
      throw new AgentError('ERR_CHANNEL', 'The overflow gave other events than were put into it.')
    })
  }

  /** Gives a loan back to its place. */
  giveBack({ lease, span }: OverflowLoan): Promise<void> {
    return this.#inTurn(async () => {
      await lease[Symbol.asyncDispose]()
      this.#order.giveBack(span)
    })
  }

  /** Resolves once no take or return is under way. */
  async idle(): Promise<void> {
    await this.#turn
  }

  /** Where damaged events came to light, the log may have gone too far: then once more. */
  async #takeNext(max: number): Promise<Lease | undefined> {
    for (;;) {
      const { head } = this.#order
      if (head?.tier !== 'overflow') return undefined
      const lease = await this.#log.take(Math.min(max, head.events))
      const isSkipped = this.#dropSkipped()
      if (!isSkipped && lease !== undefined) return lease
      await lease?.[Symbol.asyncDispose]()
      if (!isSkipped)
        throw new AgentError('ERR_CHANNEL', 'The overflow has fewer events than were put into it.')
    }
  }

  /** Damaged events are the log's to report; here they lose their place. Returns whether there were any. */
  #dropSkipped(): boolean {
    const skipped = this.#log.skippedEvents - this.#skipped
    this.#order.drop('overflow', skipped)
    this.#skipped += skipped
    return skipped > 0
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {}) // its caller is told
    return turn
  }
}
