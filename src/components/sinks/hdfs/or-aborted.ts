import { AgentError } from '../../../core/errors.ts'

/** As `work`, or rejects with ERR_STOPPED once `signal` aborts; the work itself goes on unseen. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(new AgentError('ERR_STOPPED', 'The agent is stopping.'))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
