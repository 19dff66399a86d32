import { messageOf } from '../core/errors.ts'
import type { DurableLogOptions, SkippedPart } from './log-options.ts'
import type { FoundFile, Quarantine } from './segment-files.ts'
import { RESERVES, type SpareFile } from './segment-maker.ts'
import type { StopRecord } from './stop-record.ts'

/** Sizes that decide what becomes of files that hold nothing. */
export interface SpareSizes {
  readonly segmentBytes: number
  readonly reserveBytes: number
  readonly keepFreeSegments: number
}

/** The id of the segment in a file: as its header says, else as its name does. */
export function idOf(file: FoundFile): number {
  return file.header?.id ?? file.nameId
}

/** No log is so large that its segments are further apart. */
const FAR = 0x0100_0000
/** Ids end at about twice that. */
const HALF_OF_IDS = 0x7f00_0000

/** The highest id that is in use. A name alone, far from all that is known, is no reason to run out of them. */
export function highestId(files: readonly FoundFile[]): number {
  const known = files.reduce((most, { header }) => Math.max(most, header?.id ?? 0), 0)
  const limit = known === 0 ? HALF_OF_IDS : known + FAR
  return files.reduce((most, { nameId }) => (nameId > limit ? most : Math.max(most, nameId)), known)
}

/**
 * The log that these files are of: the one that was stopped here, else the one that most of them, and the newest of
 * those, are of. Files that were made ahead and never used count only where there are no others. Undefined when no file
 * tells.
 */
export function channelOf(files: readonly FoundFile[], stops: readonly StopRecord[]): Buffer | undefined {
  const known = files.filter(({ header }) => header !== undefined)
  const used = known.filter(file => file.used)
  const headers = (used.length > 0 ? used : known).flatMap(({ header }) => header ?? [])
  const newest = headers.sort((one, other) => other.id - one.id).map(({ channelId }) => channelId)
  const stopped = stops.find(stop => newest.some(id => id.equals(stop.channelId)))
  if (stopped !== undefined) return stopped.channelId
  const counts = new Map<string, number>()
  for (const id of newest) counts.set(id.toString('hex'), (counts.get(id.toString('hex')) ?? 0) + 1)
  const [most] = [...counts].sort(([, one], [, other]) => other - one)[0] ?? []
  return most === undefined ? stops[0]?.channelId : Buffer.from(most, 'hex')
}

/** Sorts the files of a log: segments, spares, and what is not of this log. */
export class FileSorter {
  readonly free: SpareFile[] = []
  readonly reserves: SpareFile[] = []
  readonly #options: DurableLogOptions
  readonly #sizes: SpareSizes
  readonly #quarantine: Quarantine
  readonly #skip: (part: SkippedPart) => void

  constructor(
    options: DurableLogOptions,
    sizes: SpareSizes,
    quarantine: Quarantine,
    skip: (part: SkippedPart) => void
  ) {
    this.#options = options
    this.#sizes = sizes
    this.#quarantine = quarantine
    this.#skip = skip
  }

  /** Segments by id. Files that hold nothing become spares; what is not of this log is set aside. */
  async sort(files: readonly FoundFile[], channelId: Buffer): Promise<FoundFile[]> {
    const byId = new Map<number, FoundFile>()
    for (const file of files.filter(({ role }) => role === 'seg')) {
      const other = byId.get(idOf(file))
      if (file.fault !== undefined) await this.setAside(file, `${file.fault}; it was set aside.`)
      else if (file.header !== undefined && !file.header.channelId.equals(channelId))
        await this.#setAsideForeign(file)
      else if (other === undefined) byId.set(idOf(file), file)
      else if (isBefore(file, other)) await this.#setAsideTwin(file)
      else await this.#setAsideTwin(byId.set(idOf(file), file) && other)
    }
    for (const file of files.filter(({ role }) => role !== 'seg')) {
      const other = byId.get(idOf(file))
      if (isMisnamed(file, channelId) && other?.header === undefined) {
        byId.set(idOf(file), file)
        if (other !== undefined) await this.#setAsideTwin(other)
        continue
      }
      // Two names of one file: what looks free holds events.
      if (file.header !== undefined && other !== undefined) await this.remove(file.path)
      else await this.#keepSpare(file)
    }
    return [...byId.values()].sort((a, b) => idOf(a) - idOf(b))
  }

  /** Reports a file without saying which events it held, and takes it away. */
  async setAside(file: FoundFile, reason: string): Promise<void> {
    this.#skip({ file: file.path, at: 0, firstEvent: 0, events: 0, reason })
    await this.#quarantine.move(file)
  }

  /** Removes a file that holds nothing; one that cannot be removed stays. */
  async remove(path: string): Promise<void> {
    try {
      await this.#options.disk.unlink(path)
    } catch (error) {
      this.#options.log.warn('A file that holds nothing cannot be removed.', {
        file: path,
        reason: messageOf(error)
      })
    }
  }

  async #setAsideForeign(file: FoundFile): Promise<void> {
    if (file.used) return await this.setAside(file, 'The file belongs to another log; it was set aside.')
    this.#options.log.warn('A file that another log made and never used is set aside.', { file: file.path })
    await this.#quarantine.move(file)
  }

  /** The other one holds the events. */
  async #setAsideTwin(file: FoundFile): Promise<void> {
    this.#options.log.warn('A second file of the same segment is set aside.', {
      file: file.path,
      segment: idOf(file)
    })
    await this.#quarantine.move(file)
  }

  async #keepSpare({ folder, path, role, bytes, fault }: FoundFile): Promise<void> {
    const { segmentBytes, reserveBytes, keepFreeSegments } = this.#sizes
    if (fault !== undefined) await this.#quarantine.move({ folder, path })
    else if (role === 'reserve' && bytes === reserveBytes && this.reserves.length < RESERVES)
      this.reserves.push({ folder, path, size: bytes })
    else if (role === 'free' && bytes === segmentBytes && this.free.length < keepFreeSegments)
      this.free.push({ folder, path, size: bytes })
    else await this.remove(path)
  }
}

/**
 * Which of two files with one number gives way. A folder that was not there for a while, or was copied, may hold another
 * segment of that number: what was made later holds what the log went on with. Of copies, one with its own name stays.
 */
function isBefore(file: FoundFile, other: FoundFile): boolean {
  const age = (file.header?.created ?? -1) - (other.header?.created ?? -1)
  return age === 0 ? other.nameId === idOf(other) : age < 0
}

/** A spare keeps the number of what it held; one that has another number in it may be a segment that changed names with it. */
function isMisnamed({ header, nameId }: FoundFile, channelId: Buffer): boolean {
  return header !== undefined && header.id !== nameId && header.channelId.equals(channelId)
}
