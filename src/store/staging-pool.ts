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
    if (this.#free.length === 0 && this.#made === this.#most) return undefined
    if (bytes > this.#bytes) return newStaging(alignBlock(bytes))
    const staging = this.#free.pop()
    if (staging !== undefined) return staging
    this.#made++
    return newStaging(this.#bytes)
  }

  /** Takes one back. */
  give(staging: Staging): void {
    if (staging.bytes.length === this.#bytes) this.#free.push(staging)
  }
}
