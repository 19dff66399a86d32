import { systemCode } from '../../src/core/errors.ts'
import type { FakeLog, LogLine } from '../../src/testing/fake-log.ts'

/** How something ended. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Resolves once the loop has turned. */
export function turned(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}

/** What the log says that it lost. */
export function damageIn(log: FakeLog): LogLine[] {
  return log.lines.filter(({ level, message }) => level === 'error' && message.includes('damaged'))
}

/** An error in words. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${systemCode(error) ?? ''} ${error.message}${cause} ${systemCode(error) === undefined ? error.stack : ''}`
}
