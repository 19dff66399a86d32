import { messageOf, systemCode } from '../core/errors.ts'
import { isMediumError } from './careful-reader.ts'
import type { EventRange } from './done-set.ts'
import { boundsOf, type Lineage } from './epoch.ts'
import type { Seal } from './frame-codec.ts'
import type { DurableLogOptions } from './log-options.ts'
import { withReader } from './read-patience.ts'
import type { LineFile } from './recover-lines.ts'
import type { Examined } from './recover-puts.ts'
import { renewSegment } from './renew-segment.ts'
import { type ScanBounds, scanSegment, type SegmentScan } from './scan-segment.ts'
import { findSeal, type FoundFile, segmentOf } from './segment-files.ts'
import { type Segment, sealPosition, withFile } from './segment.ts'
import type { StopRecord } from './stop-record.ts'

/** Segments that are there, and the record of the last stop where it still counts. */
export interface Found {
  readonly examined: readonly Examined[]
  readonly stop: StopRecord | undefined
  /** Files that hold what the epochs after their own did not know of. */
  readonly strays: readonly FoundFile[]
  /** Behind the last event that any frame of the others names, whether it counts or not. */
  readonly nextEvent: number
}

/** Reads the segments of a log at start. */
export class SegmentReader {
  bytesRead = 0
  /** Segments whose end may only be in the system's memory: the next start looks again. */
  readonly doubtful = new Set<Segment>()
  readonly #options: DurableLogOptions
  readonly #channelId: Buffer
  readonly #newId: () => number

  /** `newId` gives numbers that no file has. */
  constructor(options: DurableLogOptions, channelId: Buffer, newId: () => number) {
    this.#options = options
    this.#channelId = channelId
    this.#newId = newId
  }

  /**
   * Reads what must be read: back to the newest state, whatever has no seal, everything when told to. The record of the
   * last stop counts when nothing newer than the segment that it names holds anything.
   */
  async examine(
    files: readonly LineFile[],
    lineage: Lineage,
    lastStop: StopRecord | undefined
  ): Promise<Found> {
    const examined: Examined[] = []
    const strays: FoundFile[] = []
    const bound = new EpochBound(lineage)
    let stop = lastStop
    let stated = false
    let nextEvent = 0
    for (const { file, place } of files.toReversed()) {
      const segment = segmentOf(file, this.#channelId, this.#options.cipher)
      const { sealed, seal } = await this.findSeal(file, segment, stop)
      const needed = !sealed || !stated || this.#options.verify === true
      const scan = needed ? await this.scan(file, segment, seal) : undefined
      if (bound.isBeyond(segment, place)) {
        strays.unshift(file)
        continue
      }
      nextEvent = Math.max(nextEvent, segment.nextEvent)
      if (scan?.state !== undefined) stated = true
      if (segment.id > (stop?.segmentId ?? 0) && (sealed || scan?.used === true)) stop = undefined
      examined.unshift({ file, segment, scan })
    }
    return { examined, stop, strays, nextEvent }
  }

  /** What seal or stop record say of a segment, which then has it. */
  async findSeal(
    file: FoundFile,
    segment: Segment,
    stop: StopRecord | undefined
  ): Promise<{ readonly sealed: boolean; readonly seal: Seal | undefined }> {
    const found = await findSeal(this.#options, segment, file.bytes)
    const seal = found ?? (stop?.segmentId === segment.id ? stop.seal : undefined)
    segment.sealed = found !== undefined
    if (seal !== undefined) {
      const { firstEvent, nextEvent, end, headEvents, tailEvents } = seal
      Object.assign(segment, { firstEvent, nextEvent, end, headEvents, tailEvents, stated: true })
    }
    return { sealed: segment.sealed, seal }
  }

  /** Reads a whole segment. One without a seal is brought to the disk first, and gets the numbers that its frames say. */
  async scan(file: FoundFile, segment: Segment, seal: Seal | undefined): Promise<SegmentScan> {
    if (seal !== undefined) return this.#read(segment, sealedBounds(seal))
    const bounds = openBounds(file, segment)
    const synced = await this.#sync(segment)
    let scan = await this.#read(segment, bounds)
    // A copy would have nothing of the parts that cannot be read, and the next start nothing to report.
    const whole = !segment.unreadable && scan.losses.length === 0 && file.header !== undefined
    if (whole && scan.durable < scan.end) {
      if (await this.#renew(file, scan, synced)) scan = await this.#read(segment, bounds)
      else this.doubtful.add(segment)
    }
    adopt(segment, scan)
    return scan
  }

  /** Reads a whole segment of another line, as it is. */
  async look(file: FoundFile, segment: Segment, seal: Seal | undefined): Promise<SegmentScan> {
    if (seal !== undefined) return this.#read(segment, sealedBounds(seal))
    const scan = await this.#read(segment, openBounds(file, segment))
    adopt(segment, scan)
    return scan
  }

  async #read(segment: Segment, bounds: ScanBounds): Promise<SegmentScan> {
    return withReader(this.#options, segment.path, async reads => {
      const scan = await scanSegment(segment, reads, bounds)
      segment.unreadable = reads.unreadable.length > 0
      this.bytesRead += scan.bytesRead
      return scan
    })
  }

  /** After a kill the system may show what is not on the disk. Resolves to whether all of it is there now, as far as it says. */
  async #sync(segment: Segment): Promise<boolean> {
    const options = { create: false, synced: false }
    return withFile(this.#options.disk, segment.path, options, async file => {
      try {
        await file.sync()
        return true
      } catch (error) {
        if (!isMediumError(error)) throw error
        return false
      }
    })
  }

  /**
   * Brings to the disk what may only be in the system's memory; false where there is no room for that. Rejects when the
   * disk fails: what cannot be written anew cannot be believed.
   */
  async #renew(file: FoundFile, { end }: SegmentScan, synced: boolean): Promise<boolean> {
    try {
      await renewSegment(this.#options.disk, file, end, this.#newId())
      return true
    } catch (error) {
      if (!synced || !isDiskFull(error)) throw error
      this.#options.log.debug('There is no room to write a segment anew.', {
        file: file.path,
        reason: messageOf(error)
      })
      return false
    }
  }
}

/** Tells segments, the newest first, that hold events which the epoch after theirs did not know of. */
class EpochBound {
  readonly #lineage: Lineage
  #place: number | undefined
  /** Frames of older segments of the epoch from here on are void. */
  #begun = Infinity

  constructor(lineage: Lineage) {
    this.#lineage = lineage
  }

  isBeyond({ stated, firstEvent, nextEvent }: Segment, place: number | undefined): boolean {
    if (place === undefined) return false
    if (place !== this.#place) this.#begun = Infinity
    this.#place = place
    if (Math.min(nextEvent, this.#begun) > boundsOf(this.#lineage, place).firstEvent) return true
    if (stated) this.#begun = Math.min(this.#begun, firstEvent)
    return false
  }
}

function sealedBounds({ end, firstEvent, nextEvent }: Seal): ScanBounds {
  return { limit: end, durable: end, firstEvent, nextEvent, cutAt: undefined }
}

function openBounds(file: FoundFile, segment: Segment): ScanBounds {
  const cutAt = file.header !== undefined && file.bytes < segment.size ? file.bytes : undefined
  return { limit: sealPosition(segment), durable: 0, firstEvent: undefined, nextEvent: undefined, cutAt }
}

function adopt(segment: Segment, scan: SegmentScan): void {
  const { firstEvent, nextEvent, end, lastFrame, headEvents, tailEvents } = scan
  Object.assign(segment, {
    firstEvent: firstEvent ?? nextEvent,
    nextEvent,
    end,
    lastFrame,
    headEvents,
    tailEvents
  })
  segment.stated = scan.state !== undefined
}

function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')
}

/** Events that a segment holds or held. */
export function eventsOf({ firstEvent, nextEvent }: Segment): EventRange {
  return { first: firstEvent, end: Math.max(firstEvent, nextEvent) }
}
