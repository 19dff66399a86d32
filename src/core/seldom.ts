import type { Clock } from './contracts.ts'

/**
 * For what may happen a thousand times a second and needs one line: `say` is called at once, then at most every `everyMs`
 * with the sums of what happened since it was called last, and why it happened now. What happens in between is told the
 * next time. Returns what counts.
 */
export function atMostEvery<Name extends string, Reason = string>(
  everyMs: number,
  clock: Pick<Clock, 'monotonic'>,
  say: (sums: Readonly<Record<Name, number>>, reason: Reason) => void
): (amounts: Readonly<Record<Name, number>>, reason: Reason) => void {
  let saidAt = -Infinity
  let untold: Partial<Record<Name, number>> = {}
  return (amounts, reason) => {
    const sums: Record<Name, number> = { ...amounts }
    for (const name of Object.keys(amounts) as Name[]) sums[name] += untold[name] ?? 0
    const now = clock.monotonic()
    if (now - saidAt < everyMs) {
      untold = sums
      return
    }
    saidAt = now
    untold = {}
    say(sums, reason)
  }
}
