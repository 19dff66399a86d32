import { nearest } from '../core/nearest.ts'

/** More candidates than this are not compared: the hint is not worth the time. */
const MOST_CANDIDATES = 1000

/** The other name most like `word`, when it is like enough to be what was meant. */
export function nearestName(word: string, candidates: Iterable<string>): string | undefined {
  const others: string[] = []
  for (const candidate of candidates) {
    if (candidate !== word) others.push(candidate)
    if (others.length > MOST_CANDIDATES) return undefined
  }
  return nearest(word, others)
}
