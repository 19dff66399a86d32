import { defineSelector } from '../../../core/component.ts'
import { AgentError } from '../../../core/errors.ts'
import { list } from '../../../core/schema.ts'

export default defineSelector({
  type: 'replicating',
  classes: ['org.apache.flume.channel.ReplicatingChannelSelector'],
  stability: 'stable',
  summary: 'Copies every event to all channels of the source.',
  settings: {
    optional: list('optional', {
      doc: 'Channels that may fail without failing the source, separated by blanks.',
      default: []
    })
  },
  create: ({ optional }, { channels }) => {
    const unknown = optional.find(name => !channels.includes(name))
    if (unknown !== undefined) {
      throw new AgentError('ERR_CONFIG', `Selector channel not found: ${unknown}`, { channels })
    }
    return {
      route: batch => channels.map(channel => ({ channel, batch, required: !optional.includes(channel) }))
    }
  }
})
