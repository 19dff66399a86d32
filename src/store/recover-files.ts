import { messageOf } from '../core/errors.ts'
import { newestOf } from './epoch.ts'
import { countEvents, reachOf } from './look-at-file.ts'
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

  /**
   * Segments by id, one for each id of an epoch. Files that hold nothing become spares; what is not of this log is set
   * aside.
   */
  async sort(files: readonly FoundFile[], channelId: Buffer): Promise<FoundFile[]> {
    const kept = new Map<string, FoundFile>()
    const segments = files.filter(({ role }) => role === 'seg')
    const withHeader = new Set<number>()
    // A file without a header is of any epoch: those with one come first.
    for (const file of segments.toSorted((one, other) => rankOf(one) - rankOf(other))) {
      if (file.fault !== undefined) await this.setAside(file, `${file.fault}; it was set aside.`)
      else if (file.header !== undefined && !file.header.channelId.equals(channelId))
        await this.#setAsideForeign(file)
      else if (file.header === undefined && withHeader.has(idOf(file))) await this.#setAsideTwin(file)
      else await this.#keepOne(kept, file)
      if (file.header !== undefined) withHeader.add(idOf(file))
    }
    for (const file of files.filter(({ role }) => role !== 'seg')) {
      const other = kept.get(keyOf(file))
      const bare = kept.get(`${idOf(file)}`)
      if (isMisnamed(file, channelId) && other === undefined) {
        kept.set(keyOf(file), file)
        if (bare !== undefined && kept.delete(`${idOf(file)}`)) await this.#setAsideTwin(bare)
        continue
      }
      // Two names of one file: what looks free holds events.
      if (file.header !== undefined && (other ?? bare) !== undefined) await this.remove(file.path)
      else await this.#keepSpare(file)
    }
    return [...kept.values()].sort((a, b) => idOf(a) - idOf(b))
  }

  async #keepOne(kept: Map<string, FoundFile>, file: FoundFile): Promise<void> {
    const other = kept.get(keyOf(file))
    const givesWay = other !== undefined && (await this.#isBefore(file, other))
    if (!givesWay) kept.set(keyOf(file), file)
    if (other !== undefined) await this.#setAsideTwin(givesWay ? file : other)
  }

  /**
   * Which of two files of one segment gives way. Without epochs, a folder that was not there for a while may hold another
   * segment of that number: what was made later holds what the log went on with. Of copies that which goes further stays,
   * else one with its own name.
   */
  async #isBefore(file: FoundFile, other: FoundFile): Promise<boolean> {
    const age = (file.header?.created ?? -1) - (other.header?.created ?? -1)
    if (age !== 0) return age < 0
    const [reach, otherReach] = [await reachOf(this.#options, file), await reachOf(this.#options, other)]
    return reach === otherReach ? other.nameId === idOf(other) : reach < otherReach
  }

  /** Reports a file without saying which events it held, and takes it away. */
  async setAside(file: FoundFile, reason: string): Promise<void> {
    this.#skip({ file: file.path, at: 0, firstEvent: 0, events: 0, reason })
    await this.#quarantine.move(file)
  }

  /** Takes back a file that was made ahead and never used: what has the name of a spare is one. */
  async takeBack(file: FoundFile): Promise<void> {
    if (file.role === 'seg') await this.remove(file.path)
    else await this.#keepSpare(file)
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
    if (file.used) {
      const [at, reason] = [0, 'The file belongs to another log; it was set aside.']
      const otherEvents = await countEvents(this.#options, file)
      this.#skip({ file: file.path, at, firstEvent: 0, events: 0, otherEvents, reason })
      return await this.#quarantine.move(file)
    }
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

/** A spare keeps the number of what it held; one that has another number in it may be a segment that changed names with it. */
function isMisnamed({ header, nameId }: FoundFile, channelId: Buffer): boolean {
  return header !== undefined && header.id !== nameId && header.channelId.equals(channelId)
}

/** Names a segment: numbers mean something within an epoch. */
function keyOf(file: FoundFile): string {
  const { header } = file
  return header === undefined ? `${idOf(file)}` : `${idOf(file)} ${newestOf(header.lineage).tag}`
}

function rankOf({ header }: FoundFile): number {
  return header === undefined ? 1 : 0
}
