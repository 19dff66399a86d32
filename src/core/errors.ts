/**
 * Every error code of the project and whether trying again can help. Errors that are not ours count as
 * retryable: trying again is cheaper than losing data.
 */
export const ERROR_CODES = {
  /** A setting, file or command line is wrong; the message says what to write. */
  ERR_CONFIG: 'permanent',
  /** The channel had no room within the time it waits. */
  ERR_CHANNEL_FULL: 'retryable',
  /** The batch can never fit into one transaction of the channel. */
  ERR_BATCH_TOO_LARGE: 'permanent',
  /** The channel is not open, or its storage failed. */
  ERR_CHANNEL: 'retryable',
  /** The target did not take the batch. */
  ERR_DELIVERY: 'retryable',
  /** This event can never be handled as configured. */
  ERR_BAD_EVENT: 'permanent',
  /** A peer or a file does not follow its format. */
  ERR_FORMAT: 'permanent',
  /** A component could not start; the supervisor tries again. */
  ERR_START: 'retryable',
  /** The agent is stopping. */
  ERR_STOPPED: 'retryable',
  /** An operation took longer than it may. */
  ERR_TIMEOUT: 'retryable',
  /** A file system refused or failed a call. */
  ERR_FILE_SYSTEM: 'retryable',
  /** The thing is known but this version cannot do it. */
  ERR_UNSUPPORTED: 'permanent'
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** The values that explain an error, beside its constant sentence. */
export type Facts = Readonly<Record<string, unknown>>

/** The one error class. `message` is a sentence for the operator; `facts` carries the values. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly code: ErrorCode
  readonly facts: Facts

  constructor(code: ErrorCode, message: string, facts: Facts = {}, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
    this.facts = facts
  }
}

/** The error's own sentence, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Why it happened: the sentence of whoever refused where an error has one, else its own. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof AgentError ? error.facts['reason'] : undefined
  return typeof reason === 'string' && reason !== '' ? reason : messageOf(error)
}

/** `code` of a Node system error such as `EADDRINUSE`, or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
