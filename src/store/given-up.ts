import type { EventRange } from './done-set.ts'
import { countOf, joined } from './event-ranges.ts'

/** As many ranges are kept; they stand at the begin of every segment. */
const MOST_RANGES = 1000

/** Events that could not be delivered, as their bytes were damaged or not there. Should they come back, they are. */
export class GivenUp {
  #ranges: readonly EventRange[] = []

  constructor(ranges: readonly EventRange[]) {
    this.add(ranges)
  }

  /** In order, the newest ones where there are very many. */
  get ranges(): readonly EventRange[] {
    return this.#ranges
  }

  /** How many they are. */
  get events(): number {
    return countOf(this.#ranges)
  }

  add(ranges: readonly EventRange[]): void {
    this.#ranges = joined([...this.#ranges, ...ranges]).slice(-MOST_RANGES)
  }
}
