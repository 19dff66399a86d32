import type { Context } from '../core/contracts.ts'
import type { Facts } from '../core/errors.ts'
import { atMostEvery } from '../core/seldom.ts'

const SAY_EVERY_MS = 60_000

/**
 * Says one sentence at once, and then at most once a minute, with how often it was due since. Returns what counts:
 * `times` more, and the facts of the last time.
 */
export function rareWarning(
  sentence: string,
  { log, clock }: Pick<Context, 'log' | 'clock'>
): (facts: Facts, times?: number) => void {
  const count = atMostEvery<'times', Facts>(SAY_EVERY_MS, clock, ({ times }, facts) =>
    log.warn(sentence, { times, ...facts })
  )
  return (facts, times = 1) => count({ times }, facts)
}
