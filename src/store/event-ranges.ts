import { DoneSet, type EventRange } from './done-set.ts'

/** The ranges in order, none empty, none touching another. */
export function joined(ranges: readonly EventRange[]): EventRange[] {
  return new DoneSet(ranges).ranges().filter(({ first, end }) => end > first)
}

/** What is in `ranges` and not in `others`; both in any order. */
export function without(ranges: readonly EventRange[], others: readonly EventRange[]): EventRange[] {
  const gone = new DoneSet(others)
  return joined(ranges).flatMap(({ first, end }) => gone.undone(first, end))
}

/** What is in both; both in any order. */
export function common(ranges: readonly EventRange[], others: readonly EventRange[]): EventRange[] {
  return without(ranges, without(ranges, others))
}

/** The part of `ranges` below `limit`. */
export function below(ranges: readonly EventRange[], limit: number): EventRange[] {
  return ranges
    .map(({ first, end }) => ({ first, end: Math.min(end, limit) }))
    .filter(({ first, end }) => end > first)
}

/** How many events there are in ranges that do not overlap. */
export function countOf(ranges: readonly EventRange[]): number {
  return ranges.reduce((sum, { first, end }) => sum + end - first, 0)
}
