import { defineSelector } from '../../../core/component.ts'
import { list } from '../../../core/schema.ts'
import { unknownChannels } from '../../../core/unknown-channels.ts'

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
  check: ({ optional }, around) => unknownChannels('optional', optional, around),
  create: ({ optional }, { channels }) => ({
    route: batch => channels.map(channel => ({ channel, batch, required: !optional.includes(channel) }))
  })
})
