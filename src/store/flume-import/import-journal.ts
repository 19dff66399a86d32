import { basename, dirname, join } from 'node:path'
import { AgentError } from '../../core/errors.ts'
import type { Disk } from '../disk.ts'
import { readWhole, replaceFile } from '../replace-file.ts'
import { haveSameContent } from './same-content.ts'
import { listFolder } from './flume-logs.ts'

/** One file that gets another name. */
export interface Move {
  readonly from: string
  readonly to: string
}

/**
 * What is left to do once all events are safe: stage after stage, each safe before the next begins. `summary` is what
 * the import found, to be told once it is through.
 */
export interface ImportJournal<Summary> {
  readonly version: 1
  readonly stages: readonly (readonly Move[])[]
  readonly summary: Summary
}

/** Its existence decides: without it nothing has happened, with it everything is going to. */
const NAME = 'flume-import.json'
const MOST_BYTES = 256 * 1024 * 1024

/** Makes the journal durable, and with it the import. */
export async function writeJournal<Summary>(
  disk: Disk,
  folder: string,
  journal: ImportJournal<Summary>
): Promise<void> {
  await replaceFile(disk, join(folder, NAME), Buffer.from(JSON.stringify(journal)))
}

/** The journal in a folder, if an import got so far. Rejects with ERR_FORMAT when it cannot be read. */
export async function readJournal<Summary>(
  disk: Disk,
  folder: string
): Promise<ImportJournal<Summary> | undefined> {
  if (!(await listFolder(disk, folder)).includes(NAME)) return undefined
  const path = join(folder, NAME)
  const bytes = await readWhole(disk, path, MOST_BYTES)
  const journal = parse(bytes?.toString() ?? '', path) as ImportJournal<Summary>
  if (journal.version !== 1 || !Array.isArray(journal.stages)) throw damaged(path)
  return journal
}

/** Does what the journal says, as far as it is not done yet, then removes it. May be cut off anywhere and called again. */
export async function followJournal<Summary>(
  disk: Disk,
  folder: string,
  { stages }: ImportJournal<Summary>
): Promise<void> {
  await refuseWhenMoved(disk, stages.flat())
  for (const moves of stages) await moveAll(disk, moves)
  await disk.unlink(join(folder, NAME))
  await disk.syncFolder(folder)
}

/** All files are under one of their names, unless a folder is not where it was. */
async function refuseWhenMoved(disk: Disk, moves: readonly Move[]): Promise<void> {
  const isThere = nameLookup(disk)
  for (const { from, to } of moves) {
    if ((await isThere(from)) || (await isThere(to))) continue
    const message =
      `${from} is not there any more, and not at ${to}: its events cannot be taken over. ` +
      'Move the folder back to where it was, or restore it.'
    throw new AgentError('ERR_START', message, { from, to })
  }
}

/** Says whether a file is there; each folder is listed once. */
function nameLookup(disk: Disk): (path: string) => Promise<boolean> {
  const names = new Map<string, Set<string>>()
  return async path => {
    const folder = dirname(path)
    let known = names.get(folder)
    if (known === undefined) names.set(folder, (known = new Set(await listFolder(disk, folder))))
    return known.has(basename(path))
  }
}

/** A stage: files go, unless they have gone; then all folders are made safe. */
async function moveAll(disk: Disk, moves: readonly Move[]): Promise<void> {
  for (const folder of new Set(moves.map(({ to }) => dirname(to)))) {
    await disk.makeFolder(folder)
    await disk.syncFolder(dirname(folder))
  }
  const isThere = nameLookup(disk)
  for (const { from, to } of moves) {
    if (!(await isThere(from))) continue
    if (!(await isThere(to))) await disk.rename(from, to)
    // Power loss may leave both names. Something else under the old name is new, and stays.
    else if (await haveSameContent(disk, from, to)) await disk.unlink(from)
  }
  for (const folder of new Set(moves.flatMap(({ from, to }) => [dirname(to), dirname(from)])))
    await disk.syncFolder(folder)
}

function parse(text: string, path: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    throw damaged(path, error)
  }
  throw damaged(path)
}

function damaged(path: string, cause?: unknown): AgentError {
  const message = `${path} says how far the take-over of Flume's files got, and cannot be read.`
  return new AgentError(
    'ERR_FORMAT',
    message,
    { path, hint: 'Restore it from a backup, or ask for help.' },
    cause
  )
}
