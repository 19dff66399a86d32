import { basename, join } from 'node:path'
import { messageOf, systemCode } from '../core/errors.ts'
import { DoneSet, type EventRange } from './done-set.ts'
import { isSameEpoch, type Lineage, newestOf, NO_LINEAGE, sharedEvents } from './epoch.ts'
import { below, countOf, joined, without } from './event-ranges.ts'
import type { DurableLogOptions } from './log-options.ts'
import { backAgain, cutVoids, doneOf, type Examined, givenUpOf, takenOf } from './recover-puts.ts'
import { eventsOf, type SegmentReader } from './recover-segments.ts'
import { findReturnedLogs, type ReturnedLog, returnedName } from './returned-folders.ts'
import { type FoundFile, segmentOf } from './segment-files.ts'
import { readStopRecords, type StopRecord, writeStopRecord } from './stop-record.ts'

/** What the log as it goes on says of its events. */
export interface MainLine {
  readonly lineage: Lineage
  readonly done: DoneSet
  /** Of what is done. */
  readonly givenUp: readonly EventRange[]
  /** Events in segments that are there. */
  readonly there: readonly EventRange[]
}

/** Segments of one epoch that the log went on without. */
interface Stray {
  readonly lineage: Lineage
  readonly examined: readonly Examined[]
  /** Made ahead and never used. */
  readonly unused: readonly FoundFile[]
  /** Events with numbers below are the same ones in the log. */
  readonly shared: number
  readonly done: DoneSet
  /** Of the shared ones, those that were delivered here. */
  readonly delivered: readonly EventRange[]
}

/** Events of a stray. */
interface Wanted {
  /** To be delivered. */
  readonly wanted: readonly EventRange[]
  /** Known to be delivered, or to be delivered from elsewhere. */
  readonly delivered: readonly EventRange[]
}

/**
 * Files that come back after the log went on without them. What they hold and nobody delivered goes into a log of its
 * own, below their folders, to be delivered later; nothing in them counts for the log itself but that events which it
 * knows were delivered.
 */
export class Strays {
  readonly #options: DurableLogOptions
  readonly #channelId: Buffer
  readonly #groups: readonly Stray[]

  private constructor(options: DurableLogOptions, channelId: Buffer, groups: readonly Stray[]) {
    this.#options = options
    this.#channelId = channelId
    this.#groups = groups
  }

  /** Reads the files, all of this channel and with a header. */
  static async read(
    options: DurableLogOptions,
    reader: SegmentReader,
    found: {
      readonly files: readonly FoundFile[]
      readonly channelId: Buffer
      readonly lineage: Lineage
      readonly stops: readonly StopRecord[]
    }
  ): Promise<Strays> {
    const groups: Stray[] = []
    for (const files of byEpoch(found.files)) groups.push(await readGroup(options, reader, files, found))
    return new Strays(options, found.channelId, groups)
  }

  /** Whether there are no such files. */
  get none(): boolean {
    return this.#groups.length === 0
  }

  /** Events of the log that were delivered while it did not know of it. */
  get delivered(): EventRange[] {
    return joined(this.#groups.flatMap(({ delivered }) => delivered))
  }

  /**
   * Moves what is to be delivered out of the way, removes the rest. Where there is no room for that, the files stay, and
   * the next start tries again.
   */
  async settle(main: MainLine): Promise<void> {
    const { disk, folders, log } = this.#options
    for (const group of this.#groups) {
      const events = wantedIn(group, main)
      const { wanted } = events
      try {
        for (const { path } of group.unused) await disk.unlink(path)
        if (countOf(wanted) === 0) await this.#remove(group)
        else await this.#setApart(group, events, await findReturnedLogs(disk, folders))
      } catch (error) {
        if (!['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')) throw error
        log.warn('There is no room to deliver what came back; the next start tries again.', {
          files: group.examined.map(({ file }) => file.path),
          events: countOf(wanted),
          reason: messageOf(error)
        })
      }
    }
  }

  async #remove({ examined }: Stray): Promise<void> {
    const { disk, log } = this.#options
    if (examined.length === 0) return
    for (const { file } of examined) await disk.unlink(file.path)
    log.info('Files of an earlier time came back; all that they hold was delivered. They were removed.', {
      files: examined.map(({ file }) => file.path)
    })
  }

  async #setApart(
    { lineage, examined }: Stray,
    { wanted, delivered }: Wanted,
    known: readonly ReturnedLog[]
  ): Promise<void> {
    const { disk, log } = this.#options
    const { tag } = newestOf(lineage)
    const name = returnedName(tag)
    const last = examined.at(-1)?.segment
    if (last === undefined) return
    const { id, path, firstEvent, nextEvent, end, headEvents, tailEvents } = last
    const seal = { firstEvent, nextEvent, end, headEvents, tailEvents }
    const earlier = await this.#doneEarlier(tag, known)
    const done = joined([...without([{ first: 0, end: nextEvent }], wanted), ...earlier])
    const givenUp = without(done, [...delivered, ...earlier])
    const record: StopRecord = {
      channelId: this.#channelId,
      lineage,
      segmentId: id,
      file: basename(path),
      seal,
      done,
      // What is in none of these files may come back later.
      givenUp
    }
    const folders = [...new Set(examined.map(({ file }) => file.folder))]
    for (const folder of folders) {
      await disk.makeFolder(join(folder, name))
      await disk.syncFolder(folder)
      // What was delivered must not come again: this comes before the files.
      await writeStopRecord(disk, join(folder, name), record)
    }
    for (const { file } of examined)
      await disk.rename(file.path, join(file.folder, name, basename(file.path)))
    for (const folder of folders) {
      await disk.syncFolder(join(folder, name))
      await disk.syncFolder(folder)
    }
    log.warn(
      'A part of the log that was not there before came back; its events are delivered behind the others.',
      {
        folders: folders.map(folder => join(folder, name)),
        files: examined.map(({ file }) => basename(file.path)),
        events: countOf(without(wanted, earlier))
      }
    )
  }

  /** What is known to be delivered of files of that epoch that came back before. */
  async #doneEarlier(tag: string, known: readonly ReturnedLog[]): Promise<EventRange[]> {
    const { disk, log } = this.#options
    const same = known.filter(({ name }) => name.includes(tag))
    const records = await readStopRecords(
      disk,
      same.flatMap(({ folders }) => folders),
      log
    )
    return records
      .filter(record => record.lineage.some(epoch => epoch.tag === tag))
      .flatMap(({ done, givenUp }) => without(done, givenUp))
  }
}

function byEpoch(files: readonly FoundFile[]): FoundFile[][] {
  const groups = new Map<string, FoundFile[]>()
  for (const file of files) {
    const { number, tag } = newestOf(file.header?.lineage ?? NO_LINEAGE)
    groups.set(`${number} ${tag}`, [...(groups.get(`${number} ${tag}`) ?? []), file])
  }
  return [...groups.values()]
}

async function readGroup(
  options: DurableLogOptions,
  reader: SegmentReader,
  files: readonly FoundFile[],
  { channelId, lineage: main, stops }: Parameters<typeof Strays.read>[2]
): Promise<Stray> {
  const lineage = files[0]?.header?.lineage ?? main
  const stop = stops.find(one => isSameEpoch(one.lineage, lineage))
  const examined: Examined[] = []
  const unused: FoundFile[] = []
  for (const file of files) {
    const segment = segmentOf(file, channelId, options.cipher)
    const { seal } = await reader.findSeal(file, segment, stop)
    const scan = await reader.look(file, segment, seal)
    if (segment.sealed || scan.used || scan.losses.length > 0) examined.push({ file, segment, scan })
    else unused.push(file)
  }
  const shared = sharedEvents(main, lineage)
  const taken = [...takenOf(examined).ranges(), ...(stop?.done ?? [])]
  const givenUp = joined([...givenUpOf(examined), ...(stop?.givenUp ?? [])])
  cutVoids(examined)
  const known = [...taken, ...doneOf(examined).ranges()]
  const done = new DoneSet(without(known, backAgain(examined, givenUp)))
  return { lineage, examined, unused, shared, done, delivered: below(without(taken, givenUp), shared) }
}

/** What is in these files, was not delivered, and is nowhere else. */
function wantedIn({ examined, done, shared }: Stray, main: MainLine): Wanted {
  const held = joined(examined.map(({ segment }) => eventsOf(segment))).flatMap(({ first, end }) =>
    done.undone(first, end)
  )
  const elsewhere = below(without([...main.done.ranges(), ...main.there], main.givenUp), shared)
  return { wanted: without(held, elsewhere), delivered: [...done.ranges(), ...elsewhere] }
}
