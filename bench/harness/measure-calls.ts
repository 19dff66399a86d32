import { median } from '../statistics.ts'

const WARM_UP_MS = 100
const SAMPLES = 15
const SAMPLE_MS = 15

/** What one operation costs. */
export interface Cost {
  readonly what: string
  readonly nanoseconds: number
}

/** Keeps results alive, so that no call is optimized away. */
let kept = 0

/** Median time of each call divided by `operations`, warmed up. */
export async function measureAll(
  calls: Readonly<Record<string, () => number | Promise<number>>>,
  operations: number
): Promise<Cost[]> {
  const costs: Cost[] = []
  for (const [what, call] of Object.entries(calls)) {
    await spend(call, WARM_UP_MS)
    const samples: number[] = []
    for (let i = 0; i < SAMPLES; i++) samples.push(await spend(call, SAMPLE_MS))
    costs.push({ what, nanoseconds: (median(samples) * 1e6) / operations })
  }
  if (Number.isNaN(kept)) throw new Error('A measured call gave no number.')
  return costs
}

/** Calls for about `ms`; resolves to the milliseconds of one call. */
async function spend(call: () => number | Promise<number>, ms: number): Promise<number> {
  const began = performance.now()
  let calls = 0
  for (;;) {
    const result = call()
    kept += typeof result === 'number' ? result : await result
    calls++
    const spent = performance.now() - began
    if (spent >= ms) return spent / calls
  }
}
