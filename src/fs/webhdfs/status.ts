import { fileError } from '../file-errors.ts'
import type { FileStatus } from '../file-system.ts'
import { baseName, compareNames, joinPath } from '../paths.ts'
import { isObject } from './remote-exception.ts'

type Json = Readonly<Record<string, unknown>>

/** `{"FileStatus":{…}}`, the answer to GETFILESTATUS, as the status of `path`. */
export function statusOf(answer: Json, path: string): FileStatus {
  const status = answer['FileStatus']
  if (!isObject(status)) throw fileError('other', path, 'The answer holds no file status.')
  return readStatus(status, path)
}

/** One page of a listing, and how many entries are left. */
export function pageOf(
  answer: Json,
  folder: string
): { readonly entries: readonly FileStatus[]; readonly remaining: number } {
  const listing = answer['DirectoryListing']
  const remaining = isObject(listing) ? listing['remainingEntries'] : 0
  const statuses =
    isObject(listing) && isObject(listing['partialListing']) ? listing['partialListing'] : answer
  const wrapped = statuses['FileStatuses']
  const list = isObject(wrapped) ? wrapped['FileStatus'] : undefined
  if (!Array.isArray(list)) throw fileError('other', folder, 'The answer holds no listing.')
  const entries = list
    .filter(isObject)
    .map(status => readStatus(status, joinPath(folder, String(status['pathSuffix']))))
  return { entries: entries.sort(compareNames), remaining: typeof remaining === 'number' ? remaining : 0 }
}

function readStatus(status: Json, path: string): FileStatus {
  const type = status['type'] === 'DIRECTORY' ? 'directory' : 'file'
  const permission = status['permission']
  return {
    path,
    name: baseName(path),
    type,
    size: numberOr(status['length'], 0),
    modified: numberOr(status['modificationTime'], 0),
    owner: textOf(status['owner']),
    group: textOf(status['group']),
    mode:
      typeof permission === 'string' && /^[0-7]{1,4}$/.test(permission)
        ? Number.parseInt(permission, 8)
        : undefined,
    replication: type === 'directory' ? undefined : numberOr(status['replication'], 1)
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : otherwise
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
