import { defineProcessor } from '../../../core/component.ts'
import { AgentError } from '../../../core/errors.ts'

export default defineProcessor({
  type: 'default',
  classes: ['org.apache.flume.sink.DefaultSinkProcessor'],
  stability: 'stable',
  summary: 'Hands everything to the only sink of the group.',
  settings: {},
  create: (_settings, { sinks }) => {
    const [only] = sinks
    if (only === undefined || sinks.length > 1) {
      throw new AgentError('ERR_CONFIG', 'The default processor takes exactly one sink.', {
        sinks: sinks.length
      })
    }
    return { deliver: (batch, signal) => only.deliver(batch, signal) }
  }
})
