import { defineSource, type Problem } from '../../../core/component.ts'
import { flag, integer, text } from '../../../core/schema.ts'
import { charset } from '../../../java/charset.ts'
import { NetcatSource } from './netcat-source.ts'

export default defineSource({
  type: 'netcat',
  classes: ['org.apache.flume.source.NetcatSource'],
  stability: 'stable',
  summary: 'Listens on a TCP port and makes an event of each line of text.',
  settings: {
    bind: text('bind', { doc: 'Host name or address to listen on; 0.0.0.0 for all.' }),
    port: integer('port', { doc: 'TCP port; 0 picks a free one.', min: 0, max: 65535 }),
    maxLineLength: integer('max-line-length', {
      doc: 'Longest line in characters (UTF-16 units), the newline included. A longer one ends its connection.',
      default: 512,
      min: 1,
      unit: 'characters'
    }),
    acknowledge: flag('ack-every-event', {
      doc: 'Answers OK to each line that the channels hold.',
      default: true
    }),
    encoding: text('encoding', {
      doc: 'Character set of lines and answers; bodies are always UTF-8.',
      default: 'utf-8'
    })
  },
  check: ({ encoding }): Problem[] =>
    charset(encoding) !== undefined
      ? []
      : [
          {
            level: 'error',
            code: 'BAD_VALUE',
            key: 'encoding',
            message: `encoding is "${encoding}", which is not a character set.`,
            hint: 'Write a Java character set name such as UTF-8, ISO-8859-1 or GBK.'
          }
        ],
  create: (settings, context) => new NetcatSource(settings, context)
})
