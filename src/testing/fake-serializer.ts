import { defineSerializer } from '../core/component.ts'
import type { EventSerializer } from '../core/contracts/inner.ts'
import { AgentError } from '../core/errors.ts'

/**
 * Bodies as lines. Refuses the event `refuse me`, and wants `new file` to be the first of its file. For tests of
 * components that take a serializer.
 */
export const lineSerializer = defineSerializer({
  type: 'text',
  stability: 'stable',
  summary: 'Bodies as lines.',
  settings: {},
  create: newLines
})

function newLines(): EventSerializer {
  let written = false
  return {
    prepare: async batch => {
      const at = [...batch].findIndex((event, index) => event.text === 'new file' && (index > 0 || written))
      return at < 0 ? batch.length : at
    },
    write: batch => {
      const texts = [...batch].map(event => event.text)
      if (texts.includes('refuse me')) throw new AgentError('ERR_BAD_EVENT', 'Refused.')
      written = true
      return [Buffer.from(texts.map(text => `${text}\n`).join(''))]
    },
    flush: () => [],
    end: () => []
  }
}
