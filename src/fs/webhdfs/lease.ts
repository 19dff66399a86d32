import type { Clock } from '../../core/contracts.ts'
import { AgentError } from '../../core/errors.ts'
import { Patience } from './patience.ts'
import { isLeaseHeld } from './remote-exception.ts'

/**
 * Repeats an empty append until the NameNode accepts it, which it does once no other writer holds the file: true
 * then, false when that takes longer than `limitMs`; 0: one attempt. Other refusals reject.
 */
export async function waitForLease(
  appendNothing: () => Promise<void>,
  clock: Pick<Clock, 'now' | 'sleep'>,
  limitMs: number
): Promise<boolean> {
  const patience = new Patience(clock, limitMs)
  for (;;) {
    try {
      await appendNothing()
      return true
    } catch (error) {
      if (!(error instanceof AgentError) || !isLeaseHeld(error)) throw error
    }
    if (!(await patience.pause())) return false
  }
}
