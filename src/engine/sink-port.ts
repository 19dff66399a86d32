import type { EventBatch } from '../core/batch.ts'
import type { Sink } from '../core/contracts.ts'
import type { SinkCounters } from '../core/counters.ts'
import { AgentError } from '../core/errors.ts'
import { addTo, SinkLedger } from './balance.ts'

/** The door of one sink: counts its batches and remembers what it delivered until the channel has let go of it. */
export class SinkPort {
  readonly name: string
  readonly sink: Sink
  readonly counters: SinkCounters
  readonly ledger = new SinkLedger()
  readonly batchSize: number
  /** Set by the supervisor: a sink that is not up refuses, so that a group can go on to the next. */
  running = false
  #delivered = 0
  #dropped: Record<string, number> = {}

  constructor(name: string, sink: Sink, counters: SinkCounters, batchSize: number) {
    this.name = name
    this.sink = sink
    this.counters = counters
    this.batchSize = batchSize
  }

  /** As Sink.deliver. */
  async deliver(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (!this.running) throw new AgentError('ERR_DELIVERY', 'The sink is not running.', { sink: this.name })
    const { counters } = this
    counters.EventDrainAttemptCount += batch.length
    if (batch.length < this.batchSize) counters.BatchUnderflowCount += 1
    else counters.BatchCompleteCount += 1
    try {
      await this.sink.deliver(batch, signal)
      this.#delivered += batch.length
    } catch (error) {
      counters.EventWriteFail += 1
      this.forget()
      throw error
    }
  }

  /** The sink gave up events of the batch in hand. */
  drop(reason: string, events: number): void {
    addTo(this.#dropped, reason, events)
  }

  /** The channel has let go of what was delivered since the last call. */
  settle(): void {
    let dropped = 0
    for (const [reason, events] of Object.entries(this.#dropped)) {
      addTo(this.ledger.dropped, reason, events)
      dropped += events
    }
    this.ledger.taken += this.#delivered
    this.ledger.delivered += this.#delivered - dropped
    this.counters.EventDrainSuccessCount += this.#delivered - dropped
    this.forget()
  }

  /** The channel took back what was delivered since the last settlement: it will come again. */
  forget(): void {
    this.#delivered = 0
    this.#dropped = {}
  }
}
