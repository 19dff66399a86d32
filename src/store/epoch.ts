import { randomBytes } from 'node:crypto'

const TAG_BYTES = 8

/**
 * A stretch of a log's life in which every start found what the one before had left. A start that cannot tell, after a
 * kill, or that finds other folders or files, begins a new one. So numbers of segments and events mean something within
 * one epoch and those that it knew of: what was not there when an epoch began is no part of its past.
 */
export interface Epoch {
  /** Counts from 0, which is a log without epochs. */
  readonly number: number
  /** At random, in hexadecimal: two starts that did not know of each other begin different epochs of one number. */
  readonly tag: string
  /** Its segments have ids from here on. */
  readonly firstId: number
  /** Its events have numbers from here on. */
  readonly firstEvent: number
}

/** An epoch and those that it knew of, the oldest first. Very old ones may have been left out. */
export type Lineage = readonly [...Epoch[], Epoch]

/** What all is in that was written before there were epochs. */
export const NO_EPOCH: Epoch = { number: 0, tag: '0'.repeat(2 * TAG_BYTES), firstId: 0, firstEvent: 0 }

/** Of a log without epochs. */
export const NO_LINEAGE: Lineage = [NO_EPOCH]

/** The epoch in which a lineage is now. */
export function newestOf(lineage: Lineage): Epoch {
  return lineage.at(-1) ?? NO_EPOCH
}

/** Whether two are of one epoch. */
export function isSameEpoch(one: Lineage, other: Lineage): boolean {
  const [{ number, tag }, newest] = [newestOf(one), newestOf(other)]
  return number === newest.number && tag === newest.tag
}

/** The lineage of an epoch that begins now. */
export function newEpoch(known: Lineage, begin: Pick<Epoch, 'firstId' | 'firstEvent'>): Lineage {
  const tag = randomBytes(TAG_BYTES).toString('hex')
  return [...known, { number: newestOf(known).number + 1, tag, ...begin }]
}

/** Of several lineages the one that goes on: the longest; of two that are equally long, the one that came first. */
export function mainLineage(lineages: readonly Lineage[]): Lineage {
  let main = NO_LINEAGE
  for (const lineage of lineages) if (newestOf(lineage).number > newestOf(main).number) main = lineage
  return main
}

/** Where an epoch stands in a lineage that it is part of; undefined when it is none of that lineage's. */
export function placeIn(
  lineage: Lineage,
  { number, tag }: Pick<Epoch, 'number' | 'tag'>
): number | undefined {
  const [oldest] = lineage
  // Of those left out only that they were there is known.
  if (oldest !== undefined && number < oldest.number) return -1
  const at = lineage.findIndex(epoch => epoch.number === number)
  return lineage[at]?.tag === tag ? at : undefined
}

/** What segments of an epoch can hold, as the one after it knew: ids and events below these. Infinite for the newest one. */
export function boundsOf(lineage: Lineage, place: number): Pick<Epoch, 'firstId' | 'firstEvent'> {
  return lineage[place + 1] ?? { firstId: Infinity, firstEvent: Infinity }
}

/** Events with numbers below are the same ones in both lineages; 0 when they have nothing in common. */
export function sharedEvents(one: Lineage, other: Lineage): number {
  let limit = 0
  for (const epoch of one) {
    const place = placeIn(other, epoch)
    if (place === undefined) break
    limit = Math.min(boundsOf(one, one.indexOf(epoch)).firstEvent, boundsOf(other, place).firstEvent)
  }
  return limit
}
