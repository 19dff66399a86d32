import { alignBlock } from './frame.ts'
import { newStaging, type Staging } from './put-codec.ts'

/** A bounded number of staging buffers, made when first needed and used again. */
export class StagingPool {
  readonly #bytes: number
  readonly #most: number
  readonly #free: Staging[] = []
  #made = 0

  constructor(bytes: number, most: number) {
    this.#bytes = bytes
    this.#most = most
  }

  /** One for `bytes`, larger than usual if need be; undefined while all are in use. */
  take(bytes: number): Staging | undefined {
    const free = bytes > this.#bytes ? undefined : this.#free.pop()
    if (free !== undefined) return free
    // A larger one takes the place of a usual one.
    if (this.#made === this.#most && this.#free.pop() === undefined) return undefined
    this.#made = Math.min(this.#made, this.#most - 1)
    const staging = newStaging(bytes > this.#bytes ? alignBlock(bytes) : this.#bytes)
    this.#made++
    return staging
  }

  /** Takes one back. */
  give(staging: Staging): void {
    if (staging.bytes.length === this.#bytes) this.#free.push(staging)
    else this.#made--
  }
}
