import { DoneSet, type EventRange } from './done-set.ts'
import { newestOf } from './epoch.ts'
import { common, joined, without } from './event-ranges.ts'
import { damageBehind, type Loss, type SegmentScan } from './scan-segment.ts'
import type { FoundFile } from './segment-files.ts'
import type { Segment } from './segment.ts'

/** A segment as found at start, and what its frames say where they were read. */
export interface Examined {
  readonly file: FoundFile
  readonly segment: Segment
  scan: SegmentScan | undefined
}

/** The newest state, and every take recorded since. */
export function takenOf(live: readonly Examined[]): DoneSet {
  const since = sinceState(live)
  const done = new DoneSet(since[0]?.scan?.state ?? [])
  for (const { scan } of since) for (const { first, end } of scan?.takes ?? []) done.add(first, end)
  return done
}

/** The same, and puts that were never acknowledged. */
export function doneOf(live: readonly Examined[]): DoneSet {
  const done = takenOf(live)
  for (const { scan } of live) for (const { first, end } of scan?.voids ?? []) done.add(first, end)
  return done
}

/** Of what is done, what was given up: as of the newest state, and since. */
export function givenUpOf(live: readonly Examined[]): EventRange[] {
  return joined(sinceState(live).flatMap(({ scan }) => scan?.givenUp ?? []))
}

/** Of events that were given up, those that are there. Segments that hold any must have been read. */
export function backAgain(live: readonly Examined[], givenUp: readonly EventRange[]): EventRange[] {
  const held = live.map(({ segment: { firstEvent, nextEvent } }) => ({ first: firstEvent, end: nextEvent }))
  const lost = live.flatMap(({ scan }) => scan?.losses.map(({ events }) => events) ?? [])
  return without(common(held, givenUp), lost)
}

function sinceState(live: readonly Examined[]): readonly Examined[] {
  return live.slice(
    Math.max(
      0,
      live.findLastIndex(({ scan }) => scan?.state !== undefined)
    )
  )
}

/** A segment begins with the number of its first event: what older ones hold from there on was never acknowledged. */
export function cutVoids(live: readonly Examined[]): void {
  let bound = Infinity
  for (const { segment } of live.toReversed()) {
    if (segment.nextEvent > bound) {
      segment.nextEvent = bound
      segment.tailEvents = 0
      segment.firstEvent = Math.min(segment.firstEvent, bound)
    }
    if (segment.stated) bound = Math.min(bound, segment.firstEvent)
  }
}

/** What is known of the log as a whole. */
export interface Surroundings {
  /** Behind the last event that was there at the last stop. */
  readonly stopped: number
  /** Whether every folder that the log had is there. */
  readonly complete: boolean
}

/**
 * A put whose last part is in no segment was never acknowledged, unless that part is in a folder that is not there:
 * then what there is of it counts. Where the numbers go on further up, the segment in between was consumed: then the put
 * was whole. Where its last part is damaged, or may have been in what was cut off the newest segment, all of it is lost
 * with that part. What a later state does not know of was decided when that was written.
 */
export function endUnfinished(
  live: readonly Examined[],
  done: DoneSet,
  { stopped, complete }: Surroundings
): void {
  let begun: EventRange | undefined
  let epoch: string | undefined
  for (const { segment, scan, file } of live) {
    const { firstEvent, nextEvent, headEvents, tailEvents, stated } = segment
    if (begun !== undefined && firstEvent > begun.end) begun = undefined
    const tag = file.header === undefined ? epoch : newestOf(file.header.lineage).tag
    if (tag !== epoch && stated) begun = undefined
    epoch = tag
    if (firstEvent === nextEvent) continue
    const goesOn = headEvents > 0 && firstEvent - headEvents === begun?.first
    if (begun !== undefined && !goesOn) {
      const damage = damageBehind(begun, scan?.losses ?? [])
      if (damage !== undefined) damage.events = { first: begun.first, end: damage.events.end }
      else if (!stated) done.add(begun.first, begun.end)
    }
    begun = tailEvents > 0 ? { first: nextEvent - tailEvents, end: nextEvent } : undefined
  }
  if (begun === undefined || begun.end < stopped) return
  const tail = lostTailOf(live.at(-1))
  if (tail !== undefined) tail.events = { first: begun.first, end: Math.max(begun.end, tail.events.end) }
  else if (complete) done.add(begun.first, begun.end)
}

/** What stood behind the end of a segment that is cut short, or cannot be read there. */
function lostTailOf(one: Examined | undefined): Loss | undefined {
  if (one?.scan?.lostTail === undefined) return undefined
  return one.scan.losses.find(({ at }) => at === one.segment.end)
}
