import type { Clock } from '../../core/contracts.ts'
import { AgentError } from '../../core/errors.ts'
import { isLeaseHeld } from './remote-exception.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 4_000

/**
 * Repeats an empty append until the NameNode accepts it, which it does once no other writer holds the file: true
 * then, false when that takes longer than `limitMs`. Other refusals reject.
 */
export async function waitForLease(
  appendNothing: () => Promise<void>,
  clock: Pick<Clock, 'now' | 'sleep'>,
  limitMs: number
): Promise<boolean> {
  const end = clock.now() + limitMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      await appendNothing()
      return true
    } catch (error) {
      if (!(error instanceof AgentError) || !isLeaseHeld(error)) throw error
    }
    if (clock.now() + pauseMs > end) return false
    await clock.sleep(pauseMs)
  }
}
