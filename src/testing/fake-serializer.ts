import { defineSerializer } from '../core/component.ts'
import { AgentError } from '../core/errors.ts'

/** Bodies as lines; refuses the event `refuse me`. For tests of components that take a serializer. */
export const lineSerializer = defineSerializer({
  type: 'text',
  stability: 'stable',
  summary: 'Bodies as lines.',
  settings: {},
  create: () => ({
    write: batch => {
      const texts = [...batch].map(event => event.text)
      if (texts.includes('refuse me')) throw new AgentError('ERR_BAD_EVENT', 'Refused.')
      return [Buffer.from(texts.map(text => `${text}\n`).join(''))]
    },
    flush: () => [],
    end: () => []
  })
})
