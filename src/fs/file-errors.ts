import { AgentError, messageOf, systemCode, type Facts } from '../core/errors.ts'
import type { FileErrorKind } from './file-system.ts'

const SENTENCES: Readonly<Record<FileErrorKind, string>> = {
  missing: 'There is no such file or folder.',
  exists: 'The file or folder exists already, or a file is where a folder should be.',
  denied: 'Access was denied.',
  full: 'The disk or the quota is full.',
  unreachable: 'The file system cannot be reached.',
  unavailable: 'The file system cannot serve the call at the moment.',
  other: 'The file system refused the call.'
}

const KINDS: Readonly<Record<string, FileErrorKind>> = {
  ENOENT: 'missing',
  EEXIST: 'exists',
  ENOTDIR: 'exists',
  EISDIR: 'exists',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  ESTALE: 'unreachable',
  ENODEV: 'unreachable'
}

/** An ERR_FILE_SYSTEM for `path`; `reason` is the sentence of whoever refused, `more` further facts and the cause. */
export function fileError(
  kind: FileErrorKind,
  path: string,
  reason: string,
  { cause, ...more }: Facts & { readonly cause?: unknown } = {}
): AgentError {
  return new AgentError('ERR_FILE_SYSTEM', SENTENCES[kind], { path, kind, reason, ...more }, cause)
}

/** `facts.kind` of an error of this layer; `other` for errors that say nothing. */
export function fileErrorKind(error: unknown): FileErrorKind {
  const kind = error instanceof AgentError ? error.facts['kind'] : undefined
  return typeof kind === 'string' && kind in SENTENCES ? (kind as FileErrorKind) : 'other'
}

/** Turns an error of `node:fs` into one of this layer; ours pass unchanged. */
export function fromSystemError(error: unknown, path: string): AgentError {
  if (error instanceof AgentError) return error
  const kind = KINDS[systemCode(error) ?? ''] ?? 'other'
  return fileError(kind, path, messageOf(error), { cause: error })
}

/** Runs `task`; what it throws comes out as an error about `path`. */
export async function aboutPath<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw fromSystemError(error, path)
  }
}
