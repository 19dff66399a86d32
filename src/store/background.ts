/** Work that nobody waits for before the end. */
export class Background {
  readonly #work = new Set<Promise<void>>()

  /** Keeps track of work; what it rejects with goes to `failed`. */
  add(work: Promise<unknown>, failed: (error: unknown) => void = rethrow): void {
    const tracked: Promise<void> = work
      .then(() => undefined, failed)
      .finally(() => this.#work.delete(tracked))
    this.#work.add(tracked)
  }

  /** Resolves once all work is done, that which was added meanwhile too. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work)
  }
}

function rethrow(error: unknown): never {
  throw error
}
