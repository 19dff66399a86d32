import type { SkippedPart } from './log-options.ts'

const MOST_KEPT = 1000

/** What was lost in damaged parts. */
export class LogLosses {
  parts = 0
  /** As many as are kept. */
  readonly first: SkippedPart[] = []
  readonly #byReason: Record<string, number> = {}

  constructor(found: readonly SkippedPart[]) {
    for (const part of found) this.add(part)
  }

  /** Events lost. */
  get events(): number {
    return Object.values(this.#byReason).reduce((sum, events) => sum + events, 0)
  }

  /** The same by reason. */
  get byReason(): Readonly<Record<string, number>> {
    return this.#byReason
  }

  /** Counts one more part. */
  add(part: SkippedPart): void {
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
