import type { EventBatch } from '../../../core/batch.ts'
import { defineSink } from '../../../core/component.ts'
import { integer } from '../../../core/schema.ts'
import { dumpEvent } from './hex-dump.ts'

export default defineSink({
  type: 'logger',
  classes: ['org.apache.flume.sink.LoggerSink'],
  stability: 'stable',
  summary: "Writes every event to the agent's own log, as hex and text: to see what flows.",
  settings: {
    maxBytesToLog: integer('maxBytesToLog', {
      doc: 'Bytes of the body that are shown.',
      default: 16,
      min: 0,
      unit: 'bytes',
      lenient: true
    })
  },
  create: ({ maxBytesToLog }, { log }) => ({
    start: async () => {},
    stop: async () => {},
    deliver: async (batch: EventBatch) => {
      // The dump is the message, not a fact beside one: this is what Flume users look for in the log.
      for (let i = 0; i < batch.length; i++) log.info(dumpEvent(batch, i, maxBytesToLog))
    },
    describe: () => 'the log'
  })
})
