import type { Problem, SelectorAround } from './component.ts'
import { nearest } from './nearest.ts'

/** Problems of a selector's setting that names channels which its source does not have. */
export function unknownChannels(
  key: string,
  named: readonly string[],
  { source, channels }: Pick<SelectorAround, 'source' | 'channels'>
): Problem[] {
  const had = new Set(channels)
  return named
    .filter(name => !had.has(name))
    .map(name => {
      const close = nearest(name, channels)
      return {
        level: 'error',
        code: 'SELECTOR_UNKNOWN_CHANNEL',
        key,
        message: `Selector channel not found: ${name}; source ${source} is dropped.`,
        hint:
          close === undefined
            ? `Name one of the source’s channels: ${channels.join(', ') || 'it has none'}.`
            : `Did you mean ${close}?`
      }
    })
}
