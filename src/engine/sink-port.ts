import type { EventBatch } from '../core/batch.ts'
import type { Sink } from '../core/contracts/sink.ts'
import type { SinkCounters } from '../core/counters.ts'
import { AgentError } from '../core/errors.ts'
import { addTo, SinkLedger } from './balance.ts'

/** Events of one batch that are at their target, and those of them that were given up, by reason. */
export interface Outcome {
  readonly delivered: number
  readonly dropped: Readonly<Record<string, number>>
}

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

  /** What became of the batch in hand, to be settled once the channel has let go of it. */
  outcome(): Outcome {
    const outcome = { delivered: this.#delivered, dropped: this.#dropped }
    this.forget()
    return outcome
  }

  /** The channel has let go of a batch. */
  settle({ delivered, dropped }: Outcome): void {
    let gone = 0
    for (const [reason, events] of Object.entries(dropped)) {
      addTo(this.ledger.dropped, reason, events)
      gone += events
    }
    this.ledger.taken += delivered
    this.ledger.delivered += delivered - gone
    this.counters.EventDrainSuccessCount += delivered - gone
  }

  /** The channel takes the batch in hand back: it will come again. */
  forget(): void {
    this.#delivered = 0
    this.#dropped = {}
  }
}
