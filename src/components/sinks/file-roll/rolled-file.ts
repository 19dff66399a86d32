import { close, fstatSync, ftruncate, open, unlink, writev } from 'node:fs'
import { promisify } from 'node:util'
import type { EventSerializer } from '../../../core/contracts.ts'
import type { EventBatch } from '../../../core/batch.ts'
import { AgentError } from '../../../core/errors.ts'

const openFile = promisify(open)
const closeFile = promisify(close)
const truncateFile = promisify(ftruncate)
const unlinkFile = promisify(unlink)

/** One file being written. Holds exactly the batches whose write() resolved. */
export class RolledFile {
  readonly path: string
  readonly #descriptor: number
  readonly #serializer: EventSerializer
  /** Bytes that belong to whole batches. */
  bytes = 0
  events = 0

  private constructor (path: string, descriptor: number, serializer: EventSerializer) {
    this.path = path
    this.#descriptor = descriptor
    this.#serializer = serializer
  }

  /** Creates the file; rejects with EEXIST when the name is taken. */
  static async create (path: string, serializer: EventSerializer): Promise<RolledFile> {
    return new RolledFile(path, await openFile(path, 'wx', 0o666), serializer)
  }

  /** Writes the batch whole, or rejects and leaves the file as it was before. */
  async write (batch: EventBatch): Promise<void> {
    try {
      const end = await this.#writeAt(this.bytes, [...this.#serializer.write(batch), ...this.#serializer.flush()])
      if (fstatSync(this.#descriptor).nlink === 0) {
        throw new AgentError('ERR_DELIVERY', 'The file was deleted while it was being written.', { file: this.path })
      }
      this.bytes = end
      this.events += batch.length
    } catch (error) {
      await truncateFile(this.#descriptor, this.bytes)
      throw error
    }
  }

  /** Writes what the format has at its end, and closes. A file without events is removed. */
  async close (): Promise<void> {
    try {
      if (this.events > 0) await this.#writeAt(this.bytes, this.#serializer.end())
    } finally {
      await closeFile(this.#descriptor)
    }
    if (this.events === 0) await unlinkFile(this.path)
  }

  /** Returns the position behind what was written. */
  async #writeAt (position: number, chunks: readonly Buffer[]): Promise<number> {
    let left = chunks
    let at = position
    while (left.length > 0) {
      const written = await writeSome(this.#descriptor, left, at)
      at += written
      left = without(left, written)
    }
    return at
  }
}

function writeSome (descriptor: number, chunks: readonly Buffer[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(descriptor, chunks, position, (error, written) => error === null ? resolve(written) : reject(error))
  })
}

/** What is left of `chunks` after their first `bytes` bytes. Empty chunks go, too. */
function without (chunks: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes
  const left: Buffer[] = []
  for (const chunk of chunks) {
    if (skip < chunk.length) left.push(skip === 0 ? chunk : chunk.subarray(skip))
    skip = Math.max(0, skip - chunk.length)
  }
  return left
}
