import { EventBatch } from '../../../core/batch.ts'
import { defineSource } from '../../../core/component.ts'
import type { PolledSource, SourceContext } from '../../../core/contracts/source.ts'
import { POLL_BACKOFF } from '../../../core/poll-backoff.ts'
import { integer, long } from '../../../core/schema.ts'

const FILL = 0x7f
const SECOND_MS = 1000

export default defineSource({
  type: 'stress',
  classes: ['org.apache.flume.source.StressSource'],
  stability: 'stable',
  summary: 'Makes as many events of one size as asked for: a load generator.',
  settings: {
    size: integer('size', {
      doc: 'Length of each body.',
      default: 500,
      min: 0,
      max: 16 * 1024 * 1024,
      unit: 'bytes'
    }),
    batchSize: integer('batchSize', {
      doc: 'Events put at once.',
      default: 1,
      min: 1,
      max: 1_000_000,
      unit: 'events'
    }),
    maxTotalEvents: long('maxTotalEvents', {
      doc: 'Events tried before it rests; below 0 for ever.',
      default: -1
    }),
    maxSuccessfulEvents: long('maxSuccessfulEvents', {
      doc: 'Events stored before it rests; below 0 for ever.',
      default: -1
    }),
    maxEventsPerSecond: integer('maxEventsPerSecond', {
      doc: 'Highest rate, with bursts of a second; 0 for as fast as it goes.',
      default: 0,
      unit: 'events/s'
    }),
    ...POLL_BACKOFF
  },
  headers: () => ({ always: [], more: false }),
  batchSize: settings => settings.batchSize,
  create: (settings, context) => new StressSource(settings, context)
})

interface StressSettings {
  readonly size: number
  readonly batchSize: number
  readonly maxTotalEvents: number
  readonly maxSuccessfulEvents: number
  readonly maxEventsPerSecond: number
  readonly incrementMs: number
  readonly maxMs: number
}

class StressSource implements PolledSource {
  readonly backoff: PolledSource['backoff']
  readonly #settings: StressSettings
  readonly #context: SourceContext
  readonly #batch: EventBatch
  #tried = 0
  #stored = 0
  #allowance: number
  #filledAt: number

  constructor(settings: StressSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
    this.backoff = { incrementMs: settings.incrementMs, maxMs: settings.maxMs }
    this.#batch = sameBodies(settings.size, settings.batchSize)
    this.#allowance = settings.maxEventsPerSecond
    this.#filledAt = context.clock.monotonic()
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async poll(signal: AbortSignal): Promise<boolean> {
    const events = this.#left()
    if (events <= 0) return false
    await this.#throttle(events, signal)
    if (signal.aborted) return false
    this.#tried += events
    await this.#context.ingest(this.#batch.slice(0, events))
    this.#stored += events
    return true
  }

  describe(): string {
    return `bodies of ${this.#settings.size} bytes`
  }

  #left(): number {
    const { batchSize, maxTotalEvents, maxSuccessfulEvents } = this.#settings
    const untried = maxTotalEvents < 0 ? Infinity : maxTotalEvents - this.#tried
    const unstored = maxSuccessfulEvents < 0 ? Infinity : maxSuccessfulEvents - this.#stored
    return Math.min(batchSize, untried, unstored)
  }

  /** Waits until the rate allows `events` more; up to a second's worth may be saved. */
  async #throttle(events: number, signal: AbortSignal): Promise<void> {
    const rate = this.#settings.maxEventsPerSecond
    if (rate <= 0) return
    const now = this.#context.clock.monotonic()
    this.#allowance = Math.min(rate, this.#allowance + ((now - this.#filledAt) * rate) / SECOND_MS) - events
    this.#filledAt = now
    if (this.#allowance < 0) await this.#context.clock.sleep((-this.#allowance / rate) * SECOND_MS, signal)
  }
}

/** All bodies share the same bytes. */
function sameBodies(size: number, events: number): EventBatch {
  return new EventBatch(
    Buffer.allocUnsafeSlow(size).fill(FILL),
    new Uint32Array(events),
    new Uint32Array(events).fill(size)
  )
}
