import { joinBatches, type EventBatch } from '../core/batch.ts'

/** What joined batches are put with. */
export interface SharedParts {
  /** All or nothing. */
  ingest(batch: EventBatch): Promise<void>
  /** How many leading events would be taken now without waiting. */
  fits(batch: EventBatch): number
}

interface Waiting {
  readonly batch: EventBatch
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Joins what many callers bring within one turn of the loop into one put, and answers each of them. */
export class SharedPuts {
  readonly #parts: SharedParts
  #waiting: Waiting[] = []

  constructor(parts: SharedParts) {
    this.#parts = parts
  }

  /** Resolves once the batch is stored, and rejects when it is not. */
  add(batch: EventBatch): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      if (this.#waiting.length === 1) setImmediate(() => void this.#putAll())
    })
  }

  async #putAll(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    while (waiting.length > 0) await this.#putSome(waiting)
  }

  /** As many of the leading batches as there is room for together; one waits for room alone. */
  async #putSome(waiting: Waiting[]): Promise<void> {
    const all = joinBatches(waiting.map(({ batch }) => batch))
    const room = waiting.length === 1 ? 0 : this.#parts.fits(all)
    let [count, events] = [1, waiting[0]?.batch.length ?? 0]
    for (
      let next = waiting[count];
      next !== undefined && events + next.batch.length <= room;
      next = waiting[count]
    ) {
      events += next.batch.length
      count++
    }
    const some = waiting.splice(0, count)
    try {
      await this.#parts.ingest(all.slice(0, events))
      for (const { resolve } of some) resolve()
    } catch (error) {
      for (const { reject } of some) reject(error)
    }
  }
}
