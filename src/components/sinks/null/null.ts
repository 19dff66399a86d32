import { defineSink } from '../../../core/component.ts'
import type { SinkContext } from '../../../core/contracts/sink.ts'
import { integer } from '../../../core/schema.ts'

export default defineSink({
  type: 'null',
  classes: ['org.apache.flume.sink.NullSink'],
  stability: 'stable',
  summary: 'Takes events and throws them away: for tests and measurements.',
  settings: {
    batchSize: integer('batchSize', {
      doc: 'Most events taken at once.',
      default: 100,
      min: 1,
      unit: 'events'
    }),
    logEveryNEvents: integer('logEveryNEvents', {
      doc: 'Logs a line each time this many more events have gone.',
      default: 10_000,
      min: 1,
      unit: 'events'
    })
  },
  undocumented: ['logEveryNEvents'],
  batchSize: settings => settings.batchSize,
  create: ({ logEveryNEvents }, context) => new NullSink(logEveryNEvents, context)
})

class NullSink {
  readonly #every: number
  readonly #context: SinkContext
  #events = 0

  constructor(every: number, context: SinkContext) {
    this.#every = every
    this.#context = context
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async deliver({ length }: { readonly length: number }): Promise<void> {
    const before = Math.floor(this.#events / this.#every)
    this.#events += length
    const now = Math.floor(this.#events / this.#every)
    if (now > before)
      this.#context.log.info('Null sink successfully processed events.', { events: now * this.#every })
  }

  describe(): string {
    return 'nowhere'
  }
}
