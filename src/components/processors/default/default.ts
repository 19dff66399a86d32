import { defineProcessor } from '../../../core/component.ts'
import { AgentError } from '../../../core/errors.ts'

export default defineProcessor({
  type: 'default',
  classes: ['org.apache.flume.sink.DefaultSinkProcessor'],
  stability: 'stable',
  summary: 'Hands everything to the only sink of the group.',
  settings: {},
  check: (_settings, { sinks }) =>
    sinks.length === 1
      ? []
      : [
          {
            level: 'error',
            code: 'BAD_VALUE',
            key: 'type',
            message:
              'DefaultSinkPolicy can only handle one sink, try using a policy that supports multiple sinks.',
            hint: 'Write failover or load_balance, or take the other sinks out of the group.'
          }
        ],
  create: (_settings, { sinks }) => {
    const [only] = sinks
    if (only === undefined)
      throw new AgentError('ERR_CONFIG', 'The default processor takes exactly one sink.')
    return { deliver: (batch, signal) => only.deliver(batch, signal) }
  }
})
