import { fstatSync } from 'node:fs'
import { stat, type FileHandle } from 'node:fs/promises'
import type { AgentError } from '../core/errors.ts'
import { aboutPath, fileError, fromSystemError } from './file-errors.ts'
import type { FileWriter } from './file-system.ts'

/**
 * Writes one local file. Each write is one gathered system call, so written data is with the kernel, where it
 * survives the death of this process, as soon as write() resolves. After a failed call only close() works.
 */
export class LocalWriter implements FileWriter {
  readonly #handle: FileHandle
  readonly #path: string
  readonly #file: string
  #position: number
  #failure: AgentError | undefined
  #state: 'open' | 'doubtful' | 'closed' = 'open'

  /** `path` names the file in errors, `file` on the machine; `position` is its present length. */
  constructor (handle: FileHandle, names: { readonly path: string, readonly file: string }, position: number) {
    this.#handle = handle
    this.#path = names.path
    this.#file = names.file
    this.#position = position
  }

  get position (): number {
    return this.#position
  }

  async write (chunks: readonly Buffer[]): Promise<void> {
    await this.#guarded(async () => {
      let left = chunks.filter(chunk => chunk.length > 0)
      let written = 0
      try {
        while (left.length > 0) {
          const { bytesWritten } = await this.#handle.writev(left)
          written += bytesWritten
          left = skipBytes(left, bytesWritten)
        }
      } catch (error) {
        // Best effort: without the torn end, readers find whole records only.
        await this.#handle.truncate(this.#position).catch(() => undefined)
        throw error
      }
      this.#position += written
    })
  }

  /** Fails with kind `missing` when somebody deleted the file: its data would be lost at close. */
  async hflush (): Promise<void> {
    await this.#guarded(async () => {
      if (fstatSync(this.#handle.fd).nlink === 0) throw fileError('missing', this.#path, 'The open file was deleted.')
    })
  }

  async hsync (): Promise<void> {
    await this.hflush()
    await this.#guarded(() => this.#handle.datasync())
  }

  async close (): Promise<void> {
    if (this.#state === 'closed') return
    if (this.#state === 'open') {
      this.#state = 'doubtful'
      await aboutPath(this.#path, () => this.#handle.close())
    } else {
      await this.#checkLength()
    }
    this.#state = 'closed'
  }

  /** The descriptor is gone after a failed close; whether it lost data shows in the length. */
  async #checkLength (): Promise<void> {
    await aboutPath(this.#path, async () => {
      const { size } = await stat(this.#file)
      if (size < this.#position) throw fileError('other', this.#path, 'The file is shorter than what was written.')
    })
  }

  async #guarded (task: () => Promise<void>): Promise<void> {
    if (this.#state !== 'open') throw fileError('other', this.#path, 'The file is closed.')
    if (this.#failure !== undefined) throw this.#failure
    try {
      await task()
    } catch (error) {
      this.#failure = fromSystemError(error, this.#path)
      throw this.#failure
    }
  }
}

/** The chunks without their first `count` bytes. */
export function skipBytes (chunks: readonly Buffer[], count: number): Buffer[] {
  let left = count
  let index = 0
  for (let chunk = chunks[0]; chunk !== undefined && chunk.length <= left; chunk = chunks[++index]) left -= chunk.length
  const first = chunks[index]
  return first === undefined ? [] : [first.subarray(left), ...chunks.slice(index + 1)]
}
