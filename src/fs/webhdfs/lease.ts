import { AgentError } from '../../core/errors.ts'
import type { Patience } from './patience.ts'
import { isLeaseHeld } from './remote-exception.ts'

/**
 * Repeats an empty append until the NameNode accepts it, which it does once no other writer holds the file: true
 * then, false when patience ends before. Other refusals reject.
 */
export async function waitForLease(
  appendNothing: () => Promise<void>,
  patience: Pick<Patience, 'pause'>
): Promise<boolean> {
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
