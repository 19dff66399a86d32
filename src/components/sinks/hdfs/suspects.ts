import type { Bucket } from '../../../java/bucket-path.ts'

/**
 * The buckets that failed, for the order of the next attempt: a batch comes again as a whole, and what one attempt
 * wrote to healthy buckets the next one writes again. So those that failed are tried first, the latest of them alone,
 * and as long as it fails the others are left alone. Whether it is the same batch that comes does not matter.
 */
export class Suspects {
  readonly #paths = new Set<string>()

  /** The buckets in groups, each to be begun when the ones before it are done. */
  order(buckets: readonly Bucket[]): readonly (readonly Bucket[])[] {
    const byPath = new Map(buckets.map(bucket => [bucket.path, bucket] as const))
    const suspects = [...this.#paths].reverse().flatMap(path => byPath.get(path) ?? [])
    const others = buckets.filter(({ path }) => !this.#paths.has(path))
    return [suspects.slice(0, 1), suspects.slice(1), others].filter(group => group.length > 0)
  }

  failed({ path }: Bucket): void {
    this.#paths.delete(path)
    this.#paths.add(path)
  }

  /** A whole batch was written. */
  clear(): void {
    this.#paths.clear()
  }
}
