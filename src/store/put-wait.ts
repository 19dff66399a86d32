import type { Clock } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'

/** Calls `end` once: after `ms`, or as soon as `signal` aborts. Returns what cancels that. */
export function limitWait(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  end: (stopped: boolean) => void
): () => void {
  const abort = (): void => {
    cancel()
    end(true)
  }
  const cancelTimer = clock.after(ms, () => {
    cancel()
    end(false)
  })
  const cancel = (): void => {
    cancelTimer()
    signal.removeEventListener('abort', abort)
  }
  signal.addEventListener('abort', abort, { once: true })
  return cancel
}

/** Why a wait ends when its signal aborts. */
export function stopping(): AgentError {
  return new AgentError('ERR_STOPPED', 'The agent is stopping.')
}
