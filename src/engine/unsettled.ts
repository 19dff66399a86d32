import type { EventBatch } from '../core/batch.ts'

/** What was delivered and its channel has not let go of yet: batches whose commits are under way. */
export class Unsettled {
  readonly #most: { readonly events: number; readonly bytes: number }
  #commits = 0
  #events = 0
  #bytes = 0
  #wake: (() => void) | undefined

  /** Of events there are never more than `most`, one batch that is larger aside; of bytes one batch more at most. */
  constructor(most: { readonly events: number; readonly bytes: number }) {
    this.#most = most
  }

  /** A batch was delivered, and `commit`, which does not reject, lets its channel go of it. */
  add({ length, bodyBytes }: EventBatch, commit: Promise<void>): void {
    this.#change(1, length, bodyBytes)
    void commit.then(() => {
      this.#change(-1, -length, -bodyBytes)
      this.#wake?.()
    })
  }

  /** How many events, of the `wanted`, the next batch may have. */
  room(wanted: number): number {
    return this.#commits === 0 ? wanted : Math.min(wanted, this.#most.events - this.#events)
  }

  /** Resolves once there is room for half of the `wanted` events at least: many more are not worth a wait. */
  async roomy(wanted: number): Promise<void> {
    while (this.#commits > 0 && !this.#isRoomy(wanted)) await this.#changed()
  }

  /** Resolves once all commits have ended. */
  async none(): Promise<void> {
    while (this.#commits > 0) await this.#changed()
  }

  #isRoomy(wanted: number): boolean {
    return this.#events + wanted / 2 <= this.#most.events && this.#bytes <= this.#most.bytes
  }

  #changed(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  #change(commits: number, events: number, bytes: number): void {
    this.#commits += commits
    this.#events += events
    this.#bytes += bytes
  }
}
