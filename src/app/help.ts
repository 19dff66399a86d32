import { AgentError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { componentKinds, componentPages } from './component-pages.ts'
import { HELP_PAGES, USAGE } from './help-pages.ts'
import { renderText } from './manual.ts'

/** The text of `flume-ng help WORDS`. Rejects with ERR_CONFIG for a topic that does not exist. */
export async function helpText(words: readonly string[]): Promise<string> {
  const [topic, type] = words
  if (topic === undefined) return USAGE
  const page = HELP_PAGES[topic]
  if (page !== undefined) return page
  const kinds = componentKinds().find(
    kind => kind === topic.toLowerCase() || kind === `${topic.toLowerCase()}s`
  )
  if (kinds === undefined) throw unknown(topic, [...Object.keys(HELP_PAGES), ...componentKinds()])
  const pages = await componentPages(kinds)
  if (type === undefined) return overview(kinds, pages)
  const wanted = pages.find(
    ({ definition }) =>
      definition.type.toLowerCase() === type.toLowerCase() || definition.classes.includes(type)
  )
  if (wanted === undefined)
    throw unknown(
      type,
      pages.map(({ definition }) => definition.type)
    )
  return renderText(wanted)
}

function overview(kinds: string, pages: Awaited<ReturnType<typeof componentPages>>): string {
  const width = Math.max(0, ...pages.map(({ definition }) => definition.type.length)) + 2
  const rows = pages.map(({ definition }) => `  ${definition.type.padEnd(width)}${definition.summary}`)
  return `${kinds.slice(0, 1).toUpperCase()}${kinds.slice(1)}\n\n${rows.join('\n')}\n\nMore: flume-ng help ${kinds} TYPE\n`
}

function unknown(word: string, known: readonly string[]): AgentError {
  const close = nearest(word, known)
  const hint = close === undefined ? '' : ` Did you mean ${close}?`
  return new AgentError('ERR_CONFIG', `There is no help on "${word}".${hint} There is: ${known.join(', ')}.`)
}
