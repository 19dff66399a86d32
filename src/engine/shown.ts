import type { AnyDefinition } from '../core/component.ts'
import type { Metrics, Observed } from '../core/metrics.ts'
import type { Timer } from '../core/timer.ts'

/** What monitoring shows of one component, and where it comes from. */
export interface Shown {
  /** What every component of the kind has. */
  readonly ofAll: Metrics
  /** It declares what this one has beside it. */
  readonly definition: Pick<AnyDefinition, 'metrics' | 'details'>
  readonly counters: Readonly<Record<string, number>>
  readonly timers: Readonly<Record<string, Timer>>
  readonly part: Observed
}
