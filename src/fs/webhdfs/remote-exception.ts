import type { AgentError } from '../../core/errors.ts'
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
  StandbyException: 'unreachable',
  SafeModeException: 'unreachable',
  RetriableException: 'unreachable',
  ObserverRetryOnActiveException: 'unreachable',
  NoRouteToHostException: 'unreachable',
  ConnectException: 'unreachable'
}

/** Exceptions that another NameNode may not throw. */
const OTHER_NAME_NODE: readonly string[] = [
  'StandbyException',
  'ObserverRetryOnActiveException',
  'RetriableException'
]

/** Exceptions that are thrown before any byte is taken. */
const BEFORE_DATA: readonly string[] = [
  ...Object.keys(KINDS).filter(name => !name.includes('Quota') && !name.startsWith('Disk')),
  'AlreadyBeingCreatedException',
  'IllegalArgumentException',
  'InvalidPathException',
  'RecoveryInProgressException',
  'UnsupportedOperationException'
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
  const message = remote.message.split('\n')[0] ?? ''
  const kind = kindOfMessage(message) ?? KINDS[remote.exception] ?? (status === 401 ? 'denied' : 'other')
  const notApplied = BEFORE_DATA.includes(remote.exception) ? { notApplied: true } : {}
  return fileError(kind, path, message, { ...facts, status, exception: remote.exception, ...notApplied })
}

/** Where the message says more than the exception's class. */
function kindOfMessage(message: string): FileErrorKind | undefined {
  if (/could only be (?:written|replicated) to|Failed to find datanode/.test(message)) return 'unreachable'
  return message.endsWith('(is not a directory)') ? 'exists' : undefined
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
