import { AgentError } from '../../core/errors.ts'
import { fileError } from '../file-errors.ts'
import type { FileErrorKind } from '../file-system.ts'

/** What a server says about a failed call: `{"RemoteException":{"exception":…,"javaClassName":…,"message":…}}`. */
interface RemoteException {
  readonly exception: string
  readonly message: string
}

const KINDS: Readonly<Record<string, FileErrorKind>> = {
  FileNotFoundException: 'missing',
  FileAlreadyExistsException: 'exists',
  ParentNotDirectoryException: 'exists',
  AccessControlException: 'denied',
  SecurityException: 'denied',
  AuthenticationException: 'denied',
  AuthorizationException: 'denied',
  InvalidToken: 'denied',
  DSQuotaExceededException: 'full',
  NSQuotaExceededException: 'full',
  QuotaByStorageTypeExceededException: 'full',
  MaxDirectoryItemsExceededException: 'full',
  DiskOutOfSpaceException: 'full',
  StandbyException: 'unavailable',
  SafeModeException: 'unavailable',
  RetriableException: 'unavailable',
  ObserverRetryOnActiveException: 'unavailable',
  NoRouteToHostException: 'unreachable',
  ConnectException: 'unreachable'
}

/** Longest text of a server that goes into an error. */
const MOST_CHARACTERS = 500

/** Exceptions that another NameNode may not throw. */
const OTHER_NAME_NODE: readonly string[] = [
  'StandbyException',
  'ObserverRetryOnActiveException',
  'RetriableException'
]

/** Exceptions that a NameNode answers a question with before it changes anything. */
const BEFORE_CHANGE: readonly string[] = [
  ...Object.keys(KINDS).filter(name => !name.includes('Quota') && !name.startsWith('Disk')),
  'AlreadyBeingCreatedException',
  'IllegalArgumentException',
  'InvalidPathException',
  'RecoveryInProgressException',
  'UnsupportedOperationException'
]

/** Of these, the ones that a DataNode may also pass on after it took bytes: from its calls in the middle and at the end. */
const ALSO_AFTER_DATA: readonly string[] = [
  'FileNotFoundException',
  'StandbyException',
  'SafeModeException',
  'RetriableException',
  'ObserverRetryOnActiveException',
  'NoRouteToHostException',
  'ConnectException'
]

/** How HttpFS passes on what it does not know: a general class, and the sentence. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/Name node is in safe mode/, 'SafeModeException'],
  [/^Operation category \S+ is not supported in state/, 'StandbyException']
]

/** The error that an answer with a bad status means. `body` is its text, possibly cut. */
export function errorOfAnswer(
  status: number,
  body: string,
  path: string,
  facts: { readonly server: string }
): AgentError {
  const remote = remoteException(body)
  if (remote === undefined) return plainStatus(status, body, path, facts)
  const message = sentencesOf(remote.message)
  const exception = SENTENCES.find(([sentence]) => sentence.test(message))?.[1] ?? remote.exception
  const kind = kindOfMessage(message) ?? KINDS[exception] ?? (status === 401 ? 'denied' : 'other')
  const notApplied = BEFORE_CHANGE.includes(exception) ? { notApplied: true } : {}
  return fileError(kind, path, message, { ...facts, status, exception, ...notApplied })
}

/** The same error where bytes had been sent along: fewer exceptions tell then that nothing happened. */
export function afterData(error: unknown): unknown {
  if (!(error instanceof AgentError) || !ALSO_AFTER_DATA.includes(exceptionOf(error))) return error
  if (/^Cannot (?:create|append to) /.test(String(error.facts['reason']))) return error
  const { notApplied: _, ...facts } = error.facts
  return new AgentError(error.code, error.message, facts, error.cause)
}

/** What the server says, without the stack trace of its exception. */
function sentencesOf(message: string): string {
  const lines = message.split('\n')
  const stack = lines.findIndex(line => /^\s*at /.test(line))
  return lines
    .slice(0, stack < 0 ? lines.length : stack)
    .map(line => line.trim())
    .join(' ')
    .trim()
    .slice(0, MOST_CHARACTERS)
}

/** Where the message says more than the exception's class. */
function kindOfMessage(message: string): FileErrorKind | undefined {
  if (/could only be (?:written|replicated) to|Failed to find datanode/.test(message)) return 'unavailable'
  return /\(is not a directory\)(?: |$)/.test(message) ? 'exists' : undefined
}

/** Whether the file is still held by another writer. */
export function isLeaseHeld(error: AgentError): boolean {
  const reason = String(error.facts['reason'])
  return (
    ['AlreadyBeingCreatedException', 'RecoveryInProgressException'].includes(exceptionOf(error)) ||
    /AlreadyBeingCreatedException|RecoveryInProgressException|lease recovery is in progress/i.test(reason)
  )
}

/** Whether another NameNode of the same service should be asked. */
export function isStandby(error: AgentError): boolean {
  return OTHER_NAME_NODE.includes(exceptionOf(error))
}

/** Whether the same NameNode is worth asking again after a moment. */
export function isRetriable(error: AgentError): boolean {
  return exceptionOf(error) === 'RetriableException'
}

/** Simple class name of the server's exception; empty when it named none. */
export function exceptionOf(error: AgentError): string {
  const name = error.facts['exception']
  return typeof name === 'string' ? name : ''
}

function plainStatus(
  status: number,
  body: string,
  path: string,
  facts: { readonly server: string }
): AgentError {
  const text = body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
  const more = { ...facts, status, ...(status === 401 || status === 403 ? { notApplied: true } : {}) }
  switch (status) {
    case 401:
      return fileError('denied', path, `The server wants another authentication. ${text}`.trim(), more)
    case 403:
      return fileError('denied', path, text, more)
    case 404:
      return fileError('other', path, 'The server does not speak WebHDFS at this address.', more)
    case 502:
    case 503:
    case 504:
      return fileError('unreachable', path, text, more)
    case 507:
      return fileError('full', path, text, more)
    default:
      return fileError('other', path, `Unexpected answer ${status}. ${text}`.trim(), more)
  }
}

function remoteException(body: string): RemoteException | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return undefined
  }
  if (!isObject(parsed) || !isObject(parsed['RemoteException'])) return undefined
  const { exception, message } = parsed['RemoteException']
  if (typeof exception !== 'string') return undefined
  return { exception, message: typeof message === 'string' ? message : '' }
}

/** Whether a parsed JSON value is an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
