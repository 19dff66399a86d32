import type { Clock, Log } from '../core/contracts.ts'
import { parseJavaLong } from '../core/numbers.ts'

const PROPERTY = 'flume.stop.timeout'
const DEFAULT_SECONDS = 25
/** Two seconds for sinks and channels to close, when the time is over, and one for the last words. */
const CLOSING_AND_WORDS_MS = 3000
const FIRST_WORD_MS = 2000
const NEXT_WORD_MS = 10_000

/** How long a stop may take, in milliseconds. */
export interface StopLimits {
  /** Until the channels that keep nothing must be empty. */
  readonly emptyMs: number
  /** Until the process has ended: 28 s unless told otherwise, since Kubernetes kills after 30. */
  readonly wholeMs: number
}

/** Reads `flume.stop.timeout`; a value that is no number of seconds is warned about. */
export function readStopLimits(properties: Readonly<Record<string, string>>, log: Log): StopLimits {
  const text = properties[PROPERTY]
  const seconds = text === undefined ? undefined : parseJavaLong(text)
  const valid = seconds !== undefined && seconds >= 0n
  if (text !== undefined && !valid) {
    const facts = { value: text, used: DEFAULT_SECONDS }
    log.warn(`${PROPERTY} is not a whole number of seconds, 0 or more; the default is used.`, facts)
  }
  const emptyMs = (valid ? Number(seconds) : DEFAULT_SECONDS) * 1000
  return { emptyMs, wholeMs: emptyMs + CLOSING_AND_WORDS_MS }
}

/** A stop that is under way. */
export interface Stopping {
  readonly clock: Clock
  readonly log: Log
  readonly limits: StopLimits
  /** What it waits for, in words. */
  waits(): readonly string[]
  /** Ends the process, whatever hangs. */
  leave(): void
}

/** From 2 s on says what a stop waits for and how to end it; calls leave() when all its time is over. */
export function watchStop({ clock, log, limits, waits, leave }: Stopping): void {
  const startedAt = clock.monotonic()
  const tell = (): void => {
    const elapsedMs = Math.round(clock.monotonic() - startedAt)
    const facts = { waitsFor: waits(), elapsedMs, atMostMs: limits.wholeMs - elapsedMs }
    log.warn('Still stopping. A second signal ends the agent at once.', facts)
    clock.after(NEXT_WORD_MS, tell)
  }
  clock.after(FIRST_WORD_MS, tell)
  clock.after(limits.wholeMs, leave)
}
