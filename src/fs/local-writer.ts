import { fstatSync } from 'node:fs'
import { stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AgentError } from '../core/errors.ts'
import { aboutPath, fileError, fromSystemError } from './file-errors.ts'
import { FileOutput, isLocalDisk } from './file-output.ts'
import type { FileWriter } from './file-system.ts'

/**
 * Writes one local file. Each write is one gathered system call, so written data is with the kernel, where it
 * survives the death of this process, as soon as write() resolves. After a failed call only close() works.
 */
export class LocalWriter implements FileWriter {
  readonly #handle: FileHandle
  readonly #output: FileOutput
  readonly #path: string
  readonly #file: string
  #position: number
  #failure: AgentError | undefined
  #state: 'open' | 'doubtful' | 'closed' = 'open'

  /** `path` names the file in errors, `file` on the machine; `position` is its present length. */
  constructor(
    handle: FileHandle,
    names: { readonly path: string; readonly file: string },
    position: number,
    output = new FileOutput(handle.fd, isLocalDisk(dirname(names.file)))
  ) {
    this.#handle = handle
    this.#output = output
    this.#path = names.path
    this.#file = names.file
    this.#position = position
  }

  get position(): number {
    return this.#position
  }

  async write(chunks: readonly Buffer[]): Promise<void> {
    await this.#guarded(async () => {
      try {
        this.#position = await this.#output.write(chunks, this.#position)
      } catch (error) {
        // Best effort: without the torn end, readers find whole records only.
        await this.#handle.truncate(this.#position).catch(() => undefined)
        throw error
      }
    })
  }

  /** Fails with kind `missing` when somebody deleted the file: its data would be lost at close. */
  async hflush(): Promise<void> {
    await this.#guarded(async () => {
      if (fstatSync(this.#handle.fd).nlink === 0)
        throw fileError('missing', this.#path, 'The open file was deleted.')
    })
  }

  async hsync(): Promise<void> {
    await this.hflush()
    await this.#guarded(() => this.#handle.datasync())
  }

  async close(): Promise<void> {
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
  async #checkLength(): Promise<void> {
    await aboutPath(this.#path, async () => {
      const { size } = await stat(this.#file)
      if (size < this.#position)
        throw fileError('other', this.#path, 'The file is shorter than what was written.')
    })
  }

  async #guarded(task: () => Promise<void>): Promise<void> {
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
