import type { EventBatch } from '../core/batch.ts'
import type { Lease } from '../core/contracts.ts'
import type { DurableLog } from './durable-log.ts'
import type { SkippedPart } from './log-options.ts'

/** A log, and behind it the parts of it that came back: for those who read all that a channel holds. */
export class WholeLog {
  readonly #log: DurableLog
  readonly #all: readonly DurableLog[]

  private constructor(log: DurableLog, returned: readonly DurableLog[]) {
    this.#log = log
    this.#all = [log, ...returned]
  }

  /** Opens the log in these folders, then what came back to it. Rejects with what `open` rejects with. */
  static async open(
    folders: readonly string[],
    open: (folders: readonly string[], kind: 'whole' | 'returned') => Promise<DurableLog>
  ): Promise<WholeLog> {
    const log = await open(folders, 'whole')
    const returned: DurableLog[] = []
    try {
      const waiting = [...log.recovery.returned]
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
        const opened = await open(part.folders, 'returned')
        returned.push(opened)
        waiting.push(...opened.recovery.returned)
      }
    } catch (error) {
      for (const opened of [...returned, log]) await opened.close()
      throw error
    }
    return new WholeLog(log, returned)
  }

  /** Events held, those that came back included. */
  get size(): number {
    return this.#sum(log => log.size)
  }

  /** Events in what came back. */
  get returnedEvents(): number {
    return this.size - this.#log.size
  }

  /** Events given up in the life of the log that did not come back. */
  get givenUpEvents(): number {
    return this.#log.stats().givenUpEvents
  }

  /** Events lost in damaged parts, at start and since. */
  get skippedEvents(): number {
    return this.#sum(log => log.skippedEvents)
  }

  /** How many damaged parts there are. */
  get skippedParts(): number {
    return this.#sum(log => log.stats().skippedParts)
  }

  /** The first of them. */
  get skipped(): readonly SkippedPart[] {
    return this.#all.flatMap(log => log.stats().skipped)
  }

  /** Those that were found at start. */
  get skippedAtStart(): readonly SkippedPart[] {
    return this.#all.flatMap(({ recovery }) => recovery.skipped)
  }

  /** As DurableLog.put. */
  put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    return this.#log.put(batch, signal)
  }

  /** As DurableLog.take; what came back comes last. */
  async take(max: number): Promise<Lease | undefined> {
    for (const log of this.#all) {
      const lease = await log.take(max)
      if (lease !== undefined) return lease
    }
    return undefined
  }

  async close(): Promise<void> {
    for (const log of this.#all.toReversed()) await log.close()
  }

  #sum(of: (log: DurableLog) => number): number {
    return this.#all.reduce((sum, log) => sum + of(log), 0)
  }
}
