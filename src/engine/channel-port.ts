import type { EventBatch } from '../core/batch.ts'
import type { Channel, Lease } from '../core/contracts/channel.ts'
import type { ChannelCounters } from '../core/counters.ts'
import { ChannelLedger, sumOf } from './balance.ts'

/** The door of one channel: counts what goes in and out, so that no channel has to. */
export class ChannelPort {
  readonly name: string
  readonly channel: Channel
  readonly counters: ChannelCounters
  readonly ledger = new ChannelLedger()
  #started = false

  constructor(name: string, channel: Channel, counters: ChannelCounters) {
    this.name = name
    this.channel = channel
    this.counters = counters
  }

  /** The channel has started: what it holds was there before, the first time. */
  recovered(): void {
    if (!this.#started) this.ledger.recovered = this.channel.size + sumOf(this.channel.skipped?.() ?? {})
    this.#started = true
  }

  /** As Channel.put. */
  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    const { counters, ledger } = this
    const events = batch.length
    counters.EventPutAttemptCount += events
    ledger.storing += events
    try {
      await this.channel.put(batch, signal)
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
    this.ledger.settling += events
    try {
      await lease.commit(ending)
      this.ledger.taken += events
      this.counters.EventTakeSuccessCount += events
    } finally {
      this.ledger.settling -= events
    }
  }
}
