import type { Clock, Log } from '../../../core/contracts.ts'
import { AgentError, messageOf } from '../../../core/errors.ts'
import type { FileStatus, FileSystem } from '../../../fs/file-system.ts'
import { join, type NameParts, type ParsedName } from './file-names.ts'
import type { TimedCalls } from './timed-calls.ts'

/** A file must have been left alone for so long: its writer might be alive. */
export const QUIET_MS = 30_000
const MOST_ROUNDS = 10
const MOST_FOLDERS = 1000
const MOST_NAMES_TRIED = 10

export interface RecoveryParts {
  readonly fileSystem: FileSystem
  readonly calls: TimedCalls
  readonly clock: Clock
  readonly log: Log
  /** The leading folders of `hdfs.path` without escapes. */
  readonly root: string
  /** Folder levels below `root` in which files may lie. */
  readonly depth: number
  readonly nameParts: NameParts
  readName(name: string): ParsedName | undefined
  /** Files with this number or a higher one are not leftovers. */
  readonly before: number
  /** In-use files that an earlier run of this sink had to leave; they are taken whatever their number. */
  readonly left: ReadonlySet<string>
  readonly retryMs: number
}

/**
 * Finds the in-use files that a crash left and completes them: those with content get their final name, empty ones
 * are deleted. A file that changed within QUIET_MS is looked at again after that time and left alone if it
 * changes on, since its writer lives. Everything done or not done is logged. Never rejects; ends with `signal`.
 */
export async function recoverLeftovers(parts: RecoveryParts, signal: AbortSignal): Promise<void> {
  let doubtful = new Map<string, FileStatus>()
  for (let round = 1; !signal.aborted; round++) {
    const found = await findLeftovers(parts, signal)
    if (found === undefined) {
      await parts.clock.sleep(parts.retryMs, signal)
      continue
    }
    const next = new Map<string, FileStatus>()
    for (const file of found) {
      if (signal.aborted) return
      if (isQuiet(file, doubtful.get(file.path), parts)) await complete(parts, file)
      else if (round === 1 || doubtful.has(file.path)) next.set(file.path, file)
    }
    if (next.size === 0) return
    report(parts, [...next.values()], round)
    if (round === MOST_ROUNDS) return
    doubtful = next
    await parts.clock.sleep(QUIET_MS, signal)
  }
}

function isQuiet(file: FileStatus, earlier: FileStatus | undefined, { clock, left }: RecoveryParts): boolean {
  if (left.has(file.path) || clock.now() - file.modified >= QUIET_MS) return true
  return earlier !== undefined && earlier.size === file.size && earlier.modified === file.modified
}

function report({ log }: RecoveryParts, files: readonly FileStatus[], round: number): void {
  const facts = { files: files.map(({ path }) => path), quietMs: QUIET_MS }
  if (round === 1) {
    log.info('Found in-use files of another run. They are completed unless somebody writes to them.', facts)
  } else if (round === MOST_ROUNDS) {
    log.info('In-use files of another run are written to by somebody else. They are left alone.', facts)
  }
}

/** Undefined when the store could not be searched. */
async function findLeftovers(parts: RecoveryParts, signal: AbortSignal): Promise<readonly FileStatus[] | undefined> {
  const found: FileStatus[] = []
  let level = [parts.root]
  let searched = 0
  try {
    for (let depth = 0; depth <= parts.depth && level.length > 0; depth++) {
      const below: string[] = []
      for (const folder of level) {
        if (signal.aborted || ++searched > MOST_FOLDERS) return cut(parts, found, signal)
        const entries = await list(parts, folder)
        found.push(...entries.filter(entry => isLeftover(entry, parts)))
        below.push(...entries.filter(({ type }) => type === 'directory').map(({ path }) => path))
      }
      level = below.sort().reverse()
    }
    return found
  } catch (error) {
    const facts = { folder: parts.root, reason: messageOf(error), retryMs: parts.retryMs }
    parts.log.warn('Cannot look for in-use files of an earlier run yet.', facts)
    return undefined
  }
}

function cut({ log, root }: RecoveryParts, found: FileStatus[], signal: AbortSignal): FileStatus[] {
  if (!signal.aborted) {
    const facts = { folder: root, folders: MOST_FOLDERS }
    log.warn('There are too many folders to look for in-use files of an earlier run in all of them.', facts)
  }
  return found
}

async function list({ calls, fileSystem }: RecoveryParts, folder: string): Promise<readonly FileStatus[]> {
  try {
    return await calls.run(folder, () => fileSystem.list(folder))
  } catch (error) {
    if (kindOf(error) === 'missing' || kindOf(error) === 'denied') return []
    throw error
  }
}

function isLeftover({ type, name, path }: FileStatus, { readName, before, left }: RecoveryParts): boolean {
  if (type !== 'file') return false
  const parsed = readName(name)
  return parsed !== undefined && (parsed.counter < before || left.has(path))
}

async function complete(parts: RecoveryParts, file: FileStatus): Promise<void> {
  const { calls, fileSystem, log } = parts
  const { path } = file
  try {
    const closed = await calls.run(path, () => fileSystem.recoverLease(path))
    if (!closed) log.warn('The store has not released an in-use file of an earlier run yet.', { file: path })
    const now = await calls.run(path, () => fileSystem.stat(path))
    if (now === undefined) return
    if (now.size === 0 && closed) {
      await calls.run(path, () => fileSystem.delete(path))
      log.info('Deleted an empty in-use file of an earlier run.', { file: path })
    } else if (closed) {
      const final = await giveFinalName(parts, file)
      log.info('Completed an in-use file of an earlier run; its last events may be there a second time.', {
        file: fileSystem.uri + final, was: path, bytes: now.size
      })
    }
  } catch (error) {
    if (kindOf(error) === 'missing') return
    log.warn('Could not complete an in-use file of an earlier run; it stays as it is.', {
      file: path, reason: messageOf(error)
    })
  }
}

async function giveFinalName(parts: RecoveryParts, { path, name }: FileStatus): Promise<string> {
  const { calls, fileSystem, nameParts } = parts
  const { prefix, counter } = parts.readName(name) ?? { prefix: name, counter: 0 }
  const folder = path.slice(0, path.length - name.length)
  for (let tried = 0; ; tried++) {
    const final = join(folder, `${prefix}.${counter + tried}${nameParts.suffix}`)
    try {
      await calls.run(path, () => fileSystem.rename(path, final))
      return final
    } catch (error) {
      if (kindOf(error) !== 'exists' || tried === MOST_NAMES_TRIED) throw error
    }
  }
}

function kindOf(error: unknown): unknown {
  return error instanceof AgentError ? error.facts['kind'] : undefined
}
