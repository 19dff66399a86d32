/** Bytes that several holders share. Who wants more than is left waits for its own events to go, or is refused. */
export class MemoryBudget {
  readonly limit: number
  #used = 0
  readonly #waiting = new Set<() => void>()

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes taken now. */
  get used(): number {
    return this.#used
  }

  /** Bytes left. */
  get left(): number {
    return this.limit - this.#used
  }

  /** Takes `bytes`, whether they are left or not: ask `left` first. */
  reserve(bytes: number): void {
    this.#used += bytes
  }

  /** Gives `bytes` back and tells those that wait. */
  release(bytes: number): void {
    this.#used -= bytes
    if (this.#waiting.size > 0 && bytes > 0) for (const wake of [...this.#waiting]) wake()
  }

  /** Calls `wake` at each release until the returned function is called. */
  onRelease(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }
}
