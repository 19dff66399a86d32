import type { Clock } from '../../../core/contracts.ts'

/** Calls `task` once `dueAt()`, a monotonic reading, has come, wherever it has moved to meanwhile; returns what cancels it. */
export function alarm(clock: Clock, dueAt: () => number, task: () => void): () => void {
  let cancel = (): void => {}
  const set = (): void => {
    cancel = clock.after(Math.max(dueAt() - clock.monotonic(), 0), () => {
      if (clock.monotonic() < dueAt()) set()
      else task()
    })
  }
  set()
  return () => cancel()
}
