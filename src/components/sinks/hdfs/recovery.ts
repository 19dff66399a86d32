import type { Clock, Log } from '../../../core/contracts.ts'
import { AgentError, reasonOf } from '../../../core/errors.ts'
import type { FileStatus, FileSystem } from '../../../fs/file-system.ts'
import { orAborted } from './or-aborted.ts'
import { join, type NameParts, type ParsedName } from './file-names.ts'
import type { TimedCalls } from './timed-calls.ts'

/** A file must have been left alone for so long: its writer might be alive. */
const QUIET_MS = 30_000
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
  /** Undefined until the store was searched. */
  let open: Set<string> | undefined
  let earlier = new Map<string, Waiting>()
  for (let round = 1; round <= MOST_ROUNDS && !signal.aborted;) {
    const found = await findLeftovers(parts, signal)
    if (found === undefined) {
      await parts.clock.sleep(parts.retryMs, signal)
      continue
    }
    if (!signal.aborted) open = new Set(found.map(({ path }) => path))
    const waiting = await completeQuiet(parts, { found, earlier, open: open ?? new Set() }, signal)
    if (signal.aborted || waiting.size === 0) break
    report(parts, waiting, round)
    earlier = waiting
    round += 1
    if (round <= MOST_ROUNDS) await parts.clock.sleep(QUIET_MS, signal)
  }
  if (signal.aborted) reportOpen(parts, open)
}

interface Round {
  readonly found: readonly FileStatus[]
  /** What the round before could not complete. */
  readonly earlier: ReadonlyMap<string, Waiting>
  /** Loses what is complete. */
  readonly open: Set<string>
}

async function completeQuiet(
  parts: RecoveryParts,
  { found, earlier, open }: Round,
  signal: AbortSignal
): Promise<Map<string, Waiting>> {
  const waiting = new Map<string, Waiting>()
  for (const status of found) {
    if (signal.aborted) break
    const why = await completeIfQuiet(parts, status, earlier.get(status.path), signal)
    if (why === undefined) open.delete(status.path)
    else waiting.set(status.path, { status, why })
  }
  return waiting
}

/** The sink ends: what it would have completed later. */
function reportOpen({ log, root }: RecoveryParts, open: ReadonlySet<string> | undefined): void {
  if (open === undefined) {
    const facts = { folder: root }
    log.info(
      'The sink ends before it could look for in-use files of an earlier run; its next start does.',
      facts
    )
  } else if (open.size > 0) {
    const facts = { files: [...open] }
    log.warn(
      'In-use files of another run are not complete as the sink ends; its next start looks again.',
      facts
    )
  }
}

/** A file that is not complete yet, and why: it may have a living writer, or completing it failed. */
interface Waiting {
  readonly status: FileStatus
  readonly why: 'lively' | 'failed'
}

async function completeIfQuiet(
  parts: RecoveryParts,
  status: FileStatus,
  earlier: Waiting | undefined,
  signal: AbortSignal
): Promise<Waiting['why'] | undefined> {
  if (!isQuiet(status, earlier, parts)) return 'lively'
  return (await complete(parts, status, signal)) ? undefined : 'failed'
}

function isQuiet(file: FileStatus, earlier: Waiting | undefined, { clock, left }: RecoveryParts): boolean {
  if (left.has(file.path) || clock.now() - file.modified >= QUIET_MS || earlier?.why === 'failed') return true
  return earlier?.status.size === file.size && earlier.status.modified === file.modified
}

function report({ log }: RecoveryParts, waiting: ReadonlyMap<string, Waiting>, round: number): void {
  const files = [...waiting].filter(([, { why }]) => why === 'lively').map(([path]) => path)
  if (files.length > 0 && round === 1) {
    const facts = { files, quietMs: QUIET_MS }
    log.info('Found in-use files of another run. They are completed unless somebody writes to them.', facts)
  } else if (files.length > 0 && round === MOST_ROUNDS) {
    log.info('In-use files of another run are written to by somebody else. They are left alone.', { files })
  }
  if (round === MOST_ROUNDS && files.length < waiting.size) {
    const stay = [...waiting].filter(([, { why }]) => why === 'failed').map(([path]) => path)
    log.warn('In-use files of an earlier run could not be completed; they stay as they are.', { files: stay })
  }
}

/** Undefined when the store could not be searched. */
async function findLeftovers(
  parts: RecoveryParts,
  signal: AbortSignal
): Promise<readonly FileStatus[] | undefined> {
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
    const facts = { folder: parts.root, reason: reasonOf(error), retryMs: parts.retryMs }
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

/** False when it did not work yet. */
async function complete(
  parts: RecoveryParts,
  { path, name }: FileStatus,
  signal: AbortSignal
): Promise<boolean> {
  const { calls, fileSystem, log } = parts
  try {
    // No time limit: on HDFS the lease of a dead writer ends by itself after a minute.
    if (!(await orAborted(fileSystem.recoverLease(path), signal))) return false
    const status = await calls.run(path, () => fileSystem.stat(path))
    if (status?.size === 0) {
      await calls.run(path, () => fileSystem.delete(path))
      log.info('Deleted an empty in-use file of an earlier run.', { file: fileSystem.uri + path })
    } else if (status !== undefined) {
      const final = await giveFinalName(parts, path, name)
      log.info('Completed an in-use file of an earlier run; its last events may be there a second time.', {
        file: fileSystem.uri + final,
        was: path,
        bytes: status.size
      })
    }
    return true
  } catch (error) {
    if (kindOf(error) === 'missing') return true
    if (!signal.aborted) {
      log.warn('Could not complete an in-use file of an earlier run yet.', {
        file: path,
        reason: reasonOf(error)
      })
    }
    return false
  }
}

async function giveFinalName(parts: RecoveryParts, path: string, name: string): Promise<string> {
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
