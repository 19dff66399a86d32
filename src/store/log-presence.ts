import { basename } from 'node:path'
import type { Clock, Log } from '../core/contracts.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import { DesertedSegments } from './deserted-segments.ts'
import type { Disk } from './disk.ts'
import type { DoneSet } from './done-set.ts'
import type { FolderPresence } from './folder-presence.ts'
import { isNameless } from './group-line.ts'
import type { LogWriter } from './log-writer.ts'
import type { SegmentPool } from './segment-pool.ts'
import type { Segment } from './segment.ts'

const LOOK_MS = 1000
/** What changes while a folder is listed may show in the next list only. */
const LISTS = 2

/** What is looked after. */
export interface PresenceParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  readonly folders: FolderPresence
  readonly segments: readonly Segment[]
  /** On the disk. */
  readonly done: DoneSet
  readonly pool: SegmentPool
  readonly writer: LogWriter
}

/** Looks once a second whether the folders and files of an open log are still there. An idle look is a few stats. */
export class LogPresence {
  readonly #parts: PresenceParts
  /** How each folder looked when it was last listed, and how often it was since it looks so. */
  readonly #listed = new Map<string, { readonly change: string; readonly times: number }>()
  /** Closed segments whose files are gone. */
  #missing = new Set<Segment>()
  readonly #deserted: DesertedSegments
  #cancel: (() => void) | undefined
  #looking: Promise<void> | undefined
  #closed = false

  constructor(parts: PresenceParts) {
    this.#parts = parts
    const { pool, writer } = parts
    this.#deserted = new DesertedSegments({
      ...parts,
      newId: () => pool.newId(),
      finish: segment => writer.finish(segment),
      abandon: segment => writer.abandon(segment)
    })
  }

  /** Those that are there. */
  get folders(): readonly string[] {
    return this.#parts.folders.there
  }

  /** A folder that is not there; undefined while all are. */
  get away(): AgentError | undefined {
    return this.#parts.folders.problem
  }

  /** Files that are gone; undefined while all that matter are there. */
  get problem(): AgentError | undefined {
    return this.#deserted.problem ?? this.#missingError()
  }

  /** Looks from now on. */
  begin(): void {
    this.#cancel = this.#parts.clock.after(LOOK_MS, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => {
          this.#parts.log.debug('The files of the log could not be looked at.', { reason: messageOf(error) })
        })
        .finally(() => {
          if (!this.#closed) this.begin()
        })
    })
  }

  /** Saves a segment to whose open file no name leads, and to which nothing more is written. */
  save(segment: Segment): void {
    this.#deserted.add(segment)
  }

  /** Call it when nothing is written any more. Resolves once what can be saved is, and nothing is looked at. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    await this.#looking
    await this.#deserted.close()
  }

  async #look(): Promise<void> {
    const { folders, pool, writer } = this.#parts
    const changes = new Map<string, string>()
    for (const folder of folders.folders) {
      const stamp = await folders.look(folder)
      if (stamp === undefined) this.#leave(folder)
      else changes.set(folder, stamp.change)
    }
    // First what the log would go on in.
    for (const segment of [pool.spare, pool.reserveSpare])
      if (segment !== undefined && (await isNameless(segment))) pool.drop(segment)
    for (const segment of writer.written) if (await isNameless(segment)) this.#desert(segment)
    for (const [folder, change] of changes) await this.#list(folder, change)
    await this.#deserted.save()
  }

  /** Nothing more is written in a folder that is not there. */
  #leave(folder: string): void {
    const { pool, writer } = this.#parts
    for (const segment of [pool.spare, pool.reserveSpare]) if (segment?.folder === folder) pool.drop(segment)
    for (const segment of writer.written) if (segment.folder === folder) this.#desert(segment)
  }

  #desert(segment: Segment): void {
    if (segment.nameless) return
    const { folders, log, writer } = this.#parts
    const message =
      'The file that the log is written to was removed or moved away; another one takes its place.'
    if (folders.isThere(segment.folder)) log.error(message, { file: segment.path })
    writer.desert(segment)
  }

  /** Finds out which files are gone, unless nothing has changed. */
  async #list(folder: string, change: string): Promise<void> {
    const before = this.#listed.get(folder)
    const times = before?.change === change ? before.times : 0
    if (times >= LISTS) return
    const { disk, pool } = this.#parts
    const spares = pool.filesIn(folder)
    const closed = this.#closedIn(folder)
    const names = new Set(await disk.list(folder))
    const gone = ({ path }: { readonly path: string }): boolean => !names.has(basename(path))
    pool.forget(spares.filter(gone))
    const still = new Set(this.#closedIn(folder))
    this.#tell(
      folder,
      closed.filter(segment => still.has(segment)),
      gone
    )
    this.#listed.set(folder, { change, times: times + 1 })
  }

  #closedIn(folder: string): readonly Segment[] {
    return this.#parts.segments.filter(segment => segment.folder === folder && segment.file === undefined)
  }

  #tell(folder: string, segments: readonly Segment[], gone: (segment: Segment) => boolean): void {
    const missing = segments.filter(segment => gone(segment) && this.#parts.done.heldIn(segment) > 0)
    const found = missing.filter(segment => !this.#missing.has(segment))
    for (const segment of segments) if (!gone(segment)) this.#missing.delete(segment)
    for (const segment of found) this.#missing.add(segment)
    const [first] = found
    if (first === undefined) return
    this.#parts.log.error(
      'Files of the log were removed or moved away. What they hold is lost, unless they come back or it is in memory still.',
      {
        folder,
        files: found.length,
        file: first.path,
        events: sum(found.map(segment => this.#parts.done.heldIn(segment)))
      }
    )
  }

  #missingError(): AgentError | undefined {
    const missing = [...this.#missing].filter(segment => this.#parts.segments.includes(segment))
    this.#missing = new Set(missing)
    const events = sum(missing.map(segment => this.#parts.done.heldIn(segment)))
    const file = missing[0]?.path
    if (file === undefined || events === 0) return undefined
    const message = `${file} was removed or moved away, ${missing.length} files in all: ${events} events were in them.`
    return new AgentError('ERR_CHANNEL', message, { file, events })
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
