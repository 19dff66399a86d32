import { AgentError, messageOf } from '../core/errors.ts'

/** For everything that is asked of a closed log. */
export function closed(): AgentError {
  return new AgentError('ERR_CHANNEL', 'The channel is closed.')
}

/** For a take that could not read the disk. */
export function takeFailed(channel: string, error: unknown): AgentError {
  return new AgentError('ERR_CHANNEL', `Take failed due to IO error: ${messageOf(error)}`, { channel }, error)
}
