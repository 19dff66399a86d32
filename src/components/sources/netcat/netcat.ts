import { defineSource, type Problem } from '../../../core/component.ts'
import { flag, integer, text } from '../../../core/schema.ts'
import { charset } from '../../../java/charset.ts'
import { isUnsupportedCharset } from '../../../java/charset-unsupported.ts'
import { CONNECTIONS, NetcatSource } from './netcat-source.ts'

export default defineSource({
  type: 'netcat',
  classes: ['org.apache.flume.source.NetcatSource'],
  stability: 'stable',
  summary: 'Listens on a TCP port and makes an event of each line of text.',
  settings: {
    bind: text('bind', {
      doc: 'Host name or address to listen on; 0.0.0.0 for all. An IPv6 address may stand in brackets.'
    }),
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
  undocumented: ['encoding'],
  headers: () => ({ always: [], more: false }),
  details: CONNECTIONS,
  check: ({ encoding }): Problem[] => {
    if (charset(encoding) !== undefined) return []
    const hint = 'Write a character set name such as UTF-8, ISO-8859-1 or GBK.'
    const about = { level: 'error', key: 'encoding', hint } as const
    const said = `encoding is "${encoding}",`
    return isUnsupportedCharset(encoding)
      ? [
          {
            ...about,
            code: 'NOT_IN_THIS_VERSION',
            message: `${said} which Java has and this version does not.`
          }
        ]
      : [{ ...about, code: 'BAD_VALUE', message: `${said} which is not a character set.` }]
  },
  create: (settings, context) => new NetcatSource(settings, context)
})
