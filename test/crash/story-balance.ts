/** What a log must say that it holds, from what it was told in one life. */
export class StoryBalance {
  readonly #start: number
  #acked = 0
  #putting = 0
  #committed = 0
  #lazy = 0
  #committing = 0

  /** `start` events were there. */
  constructor(start: number) {
    this.#start = start
  }

  called(events: number): void {
    this.#putting += events
  }

  acked(events: number): void {
    this.#putting -= events
    this.#acked += events
  }

  rejected(events: number): void {
    this.#putting -= events
  }

  committing(events: number): void {
    this.#committing += events
  }

  /** `safe`: the commit is on the disk. */
  committed(events: number, safe: boolean): void {
    this.#committing -= events
    if (safe) this.#committed += events
    else this.#lazy += events
  }

  /** Everything was written that was to be. */
  settled(): void {
    this.#committed += this.#lazy
    this.#lazy = 0
  }

  /** How many events the log may hold, whatever of that under way is done. */
  bounds(): { readonly least: number; readonly most: number } {
    const sure = this.#start + this.#acked - this.#committed
    return { least: sure - this.#lazy - this.#committing, most: sure + this.#putting }
  }
}
