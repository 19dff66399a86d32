import { close, fstatSync, ftruncate, open, unlink } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { EventSerializer } from '../../../core/contracts.ts'
import type { EventBatch } from '../../../core/batch.ts'
import { AgentError } from '../../../core/errors.ts'
import { FileOutput, isLocalDisk } from '../../../fs/file-output.ts'

const openFile = promisify(open)
const closeFile = promisify(close)
const truncateFile = promisify(ftruncate)
const unlinkFile = promisify(unlink)

/** One file being written. Holds exactly the batches whose write() resolved. */
export class RolledFile {
  readonly path: string
  readonly #descriptor: number
  readonly #output: FileOutput
  readonly #serializer: EventSerializer
  /** Bytes that belong to whole batches. */
  bytes = 0
  events = 0
  /** Monotonic. */
  readonly openedAt: number

  private constructor(path: string, descriptor: number, serializer: EventSerializer, openedAt: number) {
    this.path = path
    this.#descriptor = descriptor
    this.#output = new FileOutput(descriptor, isLocalDisk(dirname(path)))
    this.#serializer = serializer
    this.openedAt = openedAt
  }

  /** Creates the file; rejects with EEXIST when the name is taken. `now` is monotonic. */
  static async create(path: string, serializer: EventSerializer, now: number): Promise<RolledFile> {
    return new RolledFile(path, await openFile(path, 'wx', 0o666), serializer, now)
  }

  /** How many leading events go into this file; 0 when they need a new one. */
  async takes(batch: EventBatch): Promise<number> {
    return (await this.#serializer.prepare?.(batch)) ?? batch.length
  }

  /** Writes the batch whole, or rejects and leaves the file as it was before. */
  async write(batch: EventBatch): Promise<void> {
    try {
      const end = await this.#output.write(
        [...this.#serializer.write(batch), ...this.#serializer.flush()],
        this.bytes
      )
      if (fstatSync(this.#descriptor).nlink === 0) {
        throw new AgentError('ERR_DELIVERY', 'The file was deleted while it was being written.', {
          file: this.path
        })
      }
      this.bytes = end
      this.events += batch.length
    } catch (error) {
      await truncateFile(this.#descriptor, this.bytes)
      throw error
    }
  }

  /** Writes what the format has at its end, and closes. A file without events is removed. */
  async close(): Promise<void> {
    try {
      if (this.events > 0) await this.#output.write(this.#serializer.end(), this.bytes)
    } finally {
      await closeFile(this.#descriptor)
    }
    if (this.events === 0) await unlinkFile(this.path)
  }
}
