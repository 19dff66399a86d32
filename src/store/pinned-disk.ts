import { dirname, join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import type { ReadDisk } from './overlay-disk.ts'
import { readName } from './segment.ts'

/** Files that are kept open at most: those of the lowest numbers, for they are the next to be used again. */
const MOST_FILES = 500

type ReadFile = Awaited<ReturnType<ReadDisk['open']>>

/**
 * A log's files as they were when its folder was first listed, however an agent goes on with them: the segments are
 * opened at once, and what is gone by then is left out. What is used again by the agent still changes under the reader.
 */
export class PinnedDisk implements ReadDisk {
  readonly #below: ReadDisk
  readonly #lists = new Map<string, Promise<string[]>>()
  readonly #files = new Map<string, ReadFile>()

  constructor(below: ReadDisk) {
    this.#below = below
  }

  list(folder: string): Promise<string[]> {
    const list = this.#lists.get(folder) ?? this.#pin(folder)
    this.#lists.set(folder, list)
    return list
  }

  async open(path: string, options: Parameters<ReadDisk['open']>[1]): Promise<ReadFile> {
    const pinned = this.#files.get(path)
    if (pinned === undefined) return this.#below.open(path, options)
    return {
      read: (into, position) => pinned.read(into, position),
      size: () => pinned.size(),
      close: () => Promise.resolve()
    }
  }

  /** Segments that were listed, and are not there any more. */
  async gone(): Promise<Set<string>> {
    const gone = new Set<string>()
    for (const [folder, list] of this.#lists) {
      const now = new Set(await this.#below.list(folder).catch((): string[] => []))
      for (const name of await list.catch((): string[] => []))
        if (!now.has(name) && readName(name) !== undefined) gone.add(join(folder, name))
    }
    return gone
  }

  /** Closes all files. */
  async close(): Promise<void> {
    const files = [...this.#files.values()]
    this.#files.clear()
    for (const file of files) await file.close()
  }

  async #pin(folder: string): Promise<string[]> {
    const found: string[] = []
    for (const name of (await this.#below.list(folder)).sort(byNumber))
      if (readName(name) === undefined || (await this.#pinFile(join(folder, name)))) found.push(name)
    return found
  }

  /** Whether it is still there. */
  async #pinFile(path: string): Promise<boolean> {
    if (this.#files.size >= MOST_FILES) return true
    try {
      this.#files.set(path, await this.#below.open(path, { create: false, synced: false }))
      return true
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') return true // the reader finds out
      return (await this.#below.list(dirname(path))).some(name => join(dirname(path), name) === path)
    }
  }
}

function byNumber(one: string, other: string): number {
  return (readName(one)?.id ?? 0) - (readName(other)?.id ?? 0)
}
