import type { Log } from '../core/contracts.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import type { DoneSet } from './done-set.ts'
import type { FolderPresence } from './folder-presence.ts'
import { isNameless } from './group-line.ts'
import { type Original, writeCopy } from './renew-segment.ts'
import { pathOf, type Segment } from './segment.ts'

/** What is needed to save segments. */
export interface DesertedParts {
  readonly disk: Disk
  readonly log: Log
  readonly folders: FolderPresence
  /** On the disk. */
  readonly done: DoneSet
  /** A number that no segment has. */
  newId(): number
  /** Seals and closes a segment. */
  finish(segment: Segment): Promise<void>
  /** Closes it as it is. */
  abandon(segment: Segment): Promise<void>
}

/**
 * Segments whose files were removed, or moved away, while they were written to. As long as such a file is open it keeps
 * what it holds: that is written again under the segment's name, as soon as it can be.
 */
export class DesertedSegments {
  readonly #parts: DesertedParts
  #waiting: Segment[] = []
  readonly #told = new Set<Segment>()
  #saving: Promise<void> | undefined

  constructor(parts: DesertedParts) {
    this.#parts = parts
  }

  /** What is wrong while some wait. */
  get problem(): AgentError | undefined {
    const events = this.#waiting.reduce((sum, one) => sum + this.#parts.done.heldIn(one), 0)
    const file = this.#waiting[0]?.path
    if (file === undefined || events === 0) return undefined
    return new AgentError(
      'ERR_CHANNEL',
      `${file} was removed or moved away, and cannot be written again: ${events} events are in no file.`,
      { file, events }
    )
  }

  /** Takes care of a segment that is open and to which nothing more is written. */
  add(segment: Segment): void {
    this.#waiting.push(segment)
    this.save().catch(() => undefined)
  }

  /** Saves what can be saved now; never rejects. */
  save(): Promise<void> {
    this.#saving ??= this.#saveAll().finally(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  /** Saves what can be saved, and gives up the rest. */
  async close(): Promise<void> {
    await this.save()
    await this.save() // what was added meanwhile
    for (const segment of this.#waiting.splice(0)) {
      const events = this.#parts.done.heldIn(segment)
      if (events > 0)
        this.#parts.log.error(
          'Events are in no file any more. Unless the one that was moved away comes back, the next start reports them as lost.',
          { file: segment.path, events }
        )
      await this.#parts.abandon(segment)
    }
  }

  async #saveAll(): Promise<void> {
    for (const segment of [...this.#waiting]) {
      try {
        await this.#save(segment)
        this.#waiting.splice(this.#waiting.indexOf(segment), 1)
      } catch (error) {
        if (this.#told.has(segment)) continue
        this.#told.add(segment)
        const { path: file } = segment
        this.#parts.log.error('What was in a file that was removed cannot be saved yet.', {
          file,
          events: this.#parts.done.heldIn(segment),
          reason: messageOf(error)
        })
      }
    }
  }

  async #save(segment: Segment): Promise<void> {
    const { folders, finish } = this.#parts
    const events = this.#parts.done.heldIn(segment)
    const isBack = folders.isThere(segment.folder) && !(await isNameless(segment))
    if (!isBack) {
      await this.#write(segment)
      this.#parts.log.warn('What was in a file that was removed, or moved away, is saved.', {
        file: segment.path,
        events
      })
    }
    segment.nameless = false
    await finish(segment)
  }

  async #write(segment: Segment): Promise<void> {
    const { folders, newId } = this.#parts
    const { id, size, header, end, file } = segment
    const folder = folders.isThere(segment.folder) ? segment.folder : folders.there[0]
    if (file === undefined) return
    await folders.need(folder ?? segment.folder)
    if (folder === undefined) return
    const names = { folder, draft: pathOf(folder, 'free', newId()), path: pathOf(folder, 'seg', id) }
    const copy = await this.#copy({ file, header, size, end }, names)
    Object.assign(segment, { folder, path: names.path, file: copy })
    await file.close().catch(() => undefined)
  }

  async #copy(
    original: Original,
    { folder, draft, path }: { readonly folder: string; readonly draft: string; readonly path: string }
  ): Promise<DiskFile> {
    const { disk } = this.#parts
    const to = await disk.open(draft, { create: true, synced: true })
    try {
      await writeCopy(to, original)
      await disk.rename(draft, path)
      await disk.syncFolder(folder)
      return to
    } catch (error) {
      await to.close().catch(() => undefined)
      await disk.unlink(draft).catch(() => undefined)
      throw error
    }
  }
}
