import type { Log } from '../core/contracts.ts'
import type { DoneSet } from './done-set.ts'
import type { GivenUp } from './given-up.ts'
import type { SkippedPart } from './log-options.ts'
import type { Loss } from './scan-segment.ts'

const MOST_KEPT = 1000

/** Where what is lost is noted. */
export interface LossBooks {
  readonly done: DoneSet
  readonly givenUp: GivenUp
  readonly log: Log
}

/** What was lost in damaged parts. */
export class LogLosses {
  parts = 0
  /** As many as are kept. */
  readonly first: SkippedPart[] = []
  readonly #byReason: Record<string, number> = {}
  readonly #books: LossBooks

  /** `found` at start. */
  constructor(found: readonly SkippedPart[], books: LossBooks) {
    this.#books = books
    for (const part of found) this.#add(part)
  }

  /** Events lost. */
  get events(): number {
    return Object.values(this.#byReason).reduce((sum, events) => sum + events, 0)
  }

  /** The same by reason. */
  get byReason(): Readonly<Record<string, number>> {
    return this.#byReason
  }

  /** Tells of a part of a file, and takes what was lost for done; returns how many events, undefined if that is told. */
  note(file: string, { at, events: { first, end }, reason }: Loss): number | undefined {
    const { done, givenUp, log } = this.#books
    const events = done.countUndone(first, end)
    if (events === 0 && this.first.some(part => part.file === file && part.at === at)) return undefined
    const part: SkippedPart = { file, at, firstEvent: first, events, reason }
    this.#add(part)
    log.error('A part of the log is damaged and is skipped.', { ...part })
    givenUp.add(done.undone(first, end))
    done.add(first, end)
    return events
  }

  #add(part: SkippedPart): void {
    const { reason, events } = part
    this.parts++
    if (this.first.length < MOST_KEPT) this.first.push(part)
    if (events > 0) this.#byReason[reason] = (this.#byReason[reason] ?? 0) + events
  }
}

/** Two counts by reason as one. */
export function sumOf(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>
): Readonly<Record<string, number>> {
  const total: Record<string, number> = { ...one }
  for (const [reason, events] of Object.entries(other)) total[reason] = (total[reason] ?? 0) + events
  return total
}
