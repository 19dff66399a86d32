import { BatchBuilder } from '../../../core/batch-builder.ts'
import { defineSource } from '../../../core/component.ts'
import type { PolledSource, SourceContext } from '../../../core/contracts/source.ts'
import { POLL_BACKOFF } from '../../../core/poll-backoff.ts'
import { integer, long } from '../../../core/schema.ts'

export default defineSource({
  type: 'seq',
  classes: ['org.apache.flume.source.SequenceGeneratorSource'],
  stability: 'stable',
  summary: 'Makes events whose bodies count 0, 1, 2 …: for tests.',
  settings: {
    batchSize: integer('batchSize', { doc: 'Events put at once.', default: 1, min: 1, unit: 'events' }),
    totalEvents: long('totalEvents', {
      doc: 'Events after which the source rests.',
      default: Number.MAX_SAFE_INTEGER,
      unit: 'events'
    }),
    ...POLL_BACKOFF
  },
  headers: () => ({ always: [], more: false }),
  batchSize: settings => settings.batchSize,
  create: ({ batchSize, totalEvents, incrementMs, maxMs }, context) =>
    new SequenceSource({ batchSize, totalEvents }, { incrementMs, maxMs }, context)
})

class SequenceSource implements PolledSource {
  readonly backoff: PolledSource['backoff']
  readonly #limits: { readonly batchSize: number; readonly totalEvents: number }
  readonly #context: SourceContext
  #next = 0

  constructor(
    limits: { batchSize: number; totalEvents: number },
    backoff: PolledSource['backoff'],
    context: SourceContext
  ) {
    this.#limits = limits
    this.backoff = backoff
    this.#context = context
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  /** Numbers that the channels refuse come again with the next poll. */
  async poll(): Promise<boolean> {
    const { batchSize, totalEvents } = this.#limits
    const end = Math.min(this.#next + batchSize, totalEvents)
    if (end <= this.#next) return false
    const batch = new BatchBuilder((end - this.#next) * 8)
    for (let number = this.#next; number < end; number++) batch.add(String(number))
    await this.#context.ingest(batch.build())
    if (batchSize > 1) this.#context.counters.AppendBatchAcceptedCount += 1
    this.#next = end
    return true
  }

  describe(): string {
    return `numbers from 0 to ${this.#limits.totalEvents - 1}`
  }
}
