import type { EventBatch } from '../core/batch.ts'
import type { Channel, Clock, Lease } from '../core/contracts.ts'
import type { ChannelCounters } from '../core/counters.ts'
import { Timer } from '../core/timer.ts'
import { ChannelLedger, sumOf } from './balance.ts'

/** The door of one channel: counts what goes in and out, so that no channel has to. */
export class ChannelPort {
  readonly name: string
  readonly channel: Channel
  readonly counters: ChannelCounters
  readonly ledger = new ChannelLedger()
  /** How long the oldest event of a batch had been here when it was delivered. */
  readonly ages = new Timer()
  readonly #clock: Clock
  #started = false

  constructor(name: string, channel: Channel, counters: ChannelCounters, clock: Clock) {
    this.name = name
    this.channel = channel
    this.counters = counters
    this.#clock = clock
  }

  /** How long the oldest event has been here, 0 when there is none; undefined where the channel does not tell. */
  get oldestAgeMs(): number | undefined {
    if (this.channel.oldestArrival === undefined) return undefined
    return this.#ageOf(this.channel.oldestArrival()) ?? 0
  }

  /** The channel has started: what it holds was there before, the first time. */
  recovered(): void {
    if (!this.#started) this.ledger.recovered = this.channel.size + sumOf(this.channel.skipped?.() ?? {})
    this.#started = true
  }

  /** As Channel.put. */
  put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    return this.#counted(batch.length, () => this.channel.put(batch, signal))
  }

  /** As Channel.fitsEach. */
  fitsEach(batch: EventBatch): number {
    return this.channel.fitsEach?.(batch) ?? this.channel.fits(batch)
  }

  /** As Channel.putEach. */
  putEach(batch: EventBatch, signal: AbortSignal): Promise<void> {
    const { channel } = this
    return this.#counted(batch.length, () => channel.putEach?.(batch, signal) ?? channel.put(batch, signal))
  }

  async #counted(events: number, put: () => Promise<void>): Promise<void> {
    const { counters, ledger } = this
    counters.EventPutAttemptCount += events
    ledger.storing += events
    try {
      await put()
      counters.EventPutSuccessCount += events
      ledger.stored += events
    } finally {
      ledger.storing -= events
    }
  }

  /** As Channel.take. */
  async take(max: number): Promise<Lease | undefined> {
    const lease = await this.channel.take(max)
    this.counters.EventTakeAttemptCount += lease?.batch.length ?? 1
    return lease
  }

  /** Ends a lease for good; `ending` as for Lease.commit. */
  async commit(lease: Lease, ending: AbortSignal): Promise<void> {
    const events = lease.batch.length
    const ageMs = this.#ageOf(lease.arrivedAt)
    this.ledger.settling += events
    try {
      await lease.commit(ending)
      this.ledger.taken += events
      this.counters.EventTakeSuccessCount += events
      if (ageMs !== undefined) this.ages.add(ageMs)
    } finally {
      this.ledger.settling -= events
    }
  }

  #ageOf(arrivedAt: number | undefined): number | undefined {
    return arrivedAt === undefined ? undefined : Math.max(0, this.#clock.monotonic() - arrivedAt)
  }
}
