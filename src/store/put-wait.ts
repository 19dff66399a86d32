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
  const cancelAbort = onAbort(signal, abort)
  const cancel = (): void => {
    cancelTimer()
    cancelAbort()
  }
  return cancel
}

/** Calls `end` once `signal` aborts. Returns what cancels that. */
export function onAbort(signal: AbortSignal, end: () => void): () => void {
  signal.addEventListener('abort', end, { once: true })
  return () => signal.removeEventListener('abort', end)
}

/** Why a wait ends when its signal aborts. */
export function stopping(): AgentError {
  return new AgentError('ERR_STOPPED', 'The agent is stopping.')
}
