import { AgentError, systemCode } from '../../../core/errors.ts'
import type { ErrorCode, Facts } from '../../../core/errors.ts'
import type { Contents, PartOfRow, ReadRow, Span, StoredRow } from './event-database.ts'

/** What the channel asks of the thread that has the database. */
export type Request =
  | { readonly kind: 'put'; readonly rows: readonly StoredRow[] }
  | { readonly kind: 'take'; readonly whole: readonly Span[]; readonly parts: readonly PartOfRow[] }
  | { readonly kind: 'setAside'; readonly row: Span }
  | { readonly kind: 'read'; readonly from: number; readonly bytes: number }
  | { readonly kind: 'close' }

export interface Asked {
  readonly id: number
  readonly request: Request
}

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly facts: Facts
}

export type Answer =
  | { readonly id: number; readonly rows: readonly ReadRow[] }
  | { readonly id: number; readonly failure: Failure }

/** First message of the thread, then lists of answers in the order of the requests. */
export type Opened = { readonly contents: Contents } | { readonly failure: Failure }

export interface Opening {
  readonly file: string
  readonly createSchema: boolean
}

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26

/** An error of SQLite as a sentence that names the file. */
export function failureOf(error: unknown, file: string): Failure {
  if (error instanceof AgentError)
    return { code: error.code, message: error.message, facts: { ...error.facts, file } }
  const number = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined
  const reason = error instanceof Error ? error.message : String(error)
  const inUse = number === SQLITE_BUSY || number === SQLITE_LOCKED
  return {
    code: 'ERR_CHANNEL',
    message: sentence(number, file, reason),
    facts: { file, reason, system: systemCode(error), ...(inUse ? { inUse } : {}) }
  }
}

function sentence(number: number | undefined, file: string, reason: string): string {
  switch (number) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return `The database ${file} is in use by another process or another channel.`
    case SQLITE_CORRUPT:
      return `The database ${file} is damaged. Stop the agent, move the file away, and save what can be read of it with "sqlite3 FILE .recover".`
    case SQLITE_NOTADB:
      return `The file ${file} is not a database, or its beginning is damaged. Move it away, or name another one.`
    case SQLITE_FULL:
      return `The disk is full: the database ${file} cannot grow.`
    case SQLITE_CANTOPEN:
      return `The database ${file} cannot be opened. Is its folder there, and may this user write to it?`
    default:
      return `The database ${file} failed: ${reason}.`
  }
}
