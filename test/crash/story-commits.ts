import type { Loan, StoryPut } from './story-put.ts'

/** Commits of which nobody knows whether they got to the disk: they did whole, or not at all. */
export class StoryCommits {
  /** The life that each was in. */
  readonly #doubtful = new Map<Loan, number>()
  readonly #pieces = new Set<Loan>()
  /** Events of each that came again. */
  readonly #again = new Map<Loan, Set<string>>()
  /** The doubtful commits that an event was in. */
  readonly #of = new Map<string, Loan[]>()

  /** The end came before the commit was on the disk for sure, or it was refused. */
  doubted(loan: Loan, life: number): void {
    if (this.#doubtful.has(loan)) return
    this.#doubtful.set(loan, life)
    for (const [put, index] of loan.members) {
      const key = keyOf(put, index)
      const earlier = this.#of.get(key) ?? []
      if (earlier.some(other => this.#doubtful.get(other) === life)) this.#pieces.add(loan)
      this.#of.set(key, [...earlier, loan])
    }
  }

  /** An event was given out. */
  given(put: StoryPut, index: number, life: number): void {
    const key = keyOf(put, index)
    for (const loan of this.#of.get(key) ?? []) {
      // What was refused may be given out in other pieces in the same life, and committed in those.
      if (this.#doubtful.get(loan) === life) this.#pieces.add(loan)
      const again = this.#again.get(loan) ?? new Set()
      this.#again.set(loan, again.add(key))
    }
  }

  /** Once everything that was stored has been given out: commits of which only a part came again. */
  torn(): string[] {
    const found: string[] = []
    for (const [loan, { size }] of this.#again) {
      if (size < loan.members.length && !this.#pieces.has(loan))
        found.push(`of the ${loan.members.length} events of one commit ${size} came again`)
    }
    return found
  }
}

function keyOf({ id }: StoryPut, index: number): string {
  return `${id}:${index}`
}
