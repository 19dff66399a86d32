/** What a file system gives to a file at a time, and what the page cache holds or does not. */
export const BLOCK = 4096

/** Something done to a file that need not be on the platter yet. */
export type Change = WriteChange | { readonly kind: 'truncate'; readonly size: number; settled: boolean }

/** Bytes put somewhere. */
export interface WriteChange {
  readonly kind: 'write'
  readonly position: number
  readonly bytes: Buffer
  settled: boolean
}

/** Bytes of a file that grow as they are written. */
export class Content {
  #bytes = Buffer.alloc(0)
  size = 0

  apply(change: Change): void {
    if (change.kind === 'truncate') this.truncate(change.size)
    else this.write(change.bytes, change.position)
  }

  write(bytes: Buffer, position: number): void {
    this.#reserve(position + bytes.length)
    bytes.copy(this.#bytes, position)
    this.size = Math.max(this.size, position + bytes.length)
  }

  truncate(size: number): void {
    this.#reserve(size)
    if (size < this.size) this.#bytes.fill(0, size, this.size)
    this.size = size
  }

  read(into: Buffer, position: number): number {
    if (position >= this.size) return 0
    return this.#bytes.copy(into, 0, position, Math.min(this.size, position + into.length))
  }

  /** The bytes from `from` up to `to`, fewer at the end. */
  part(from: number, to: number): Buffer {
    return this.#bytes.subarray(Math.min(from, this.size), Math.min(to, this.size))
  }

  bytes(): Buffer {
    return Buffer.from(this.part(0, this.size))
  }

  copy(): Content {
    const copy = new Content()
    copy.write(this.part(0, this.size), 0)
    return copy
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.max(size, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.size)
    this.#bytes = larger
  }
}
