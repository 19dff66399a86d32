import type { Clock } from '../../../core/contracts.ts'

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Calls `task` once `dueAt()` has come, wherever it has moved to meanwhile; returns what cancels it. */
export function alarm(clock: Clock, dueAt: () => number, task: () => void): () => void {
  let cancel = (): void => {}
  const set = (): void => {
    cancel = clock.after(Math.min(Math.max(dueAt() - clock.now(), 0), LONGEST_TIMER_MS), () => {
      if (clock.now() < dueAt()) set()
      else task()
    })
  }
  set()
  return () => cancel()
}
