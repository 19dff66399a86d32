import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { AgentError, systemCode } from '../../core/errors.ts'

/** Bytes to a stream at the speed of its reader. */
export class ByteOutput {
  readonly #stream: Writable
  #closed = false
  readonly #onError = (error: Error): void => {
    this.#closed = true
    this.#failure = error
  }

  #failure: Error | undefined

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', this.#onError)
  }

  /** Whether the reader left. */
  get closed(): boolean {
    return this.#closed
  }

  /** Resolves once more may be written; rejects when the reader left. */
  async write(bytes: Buffer | string): Promise<void> {
    if (!this.#closed && bytes.length > 0 && !this.#stream.write(bytes)) {
      await once(this.#stream, 'drain').catch(this.#onError)
    }
    if (this.#closed)
      throw new AgentError('ERR_STOPPED', 'Nobody reads the output any more.', {}, this.#failure)
  }

  async lines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.write(lines.join('\n') + '\n')
  }

  /** Resolves once everything is with the reader; rejects when writing failed for another reason than the reader's leaving. */
  async end(): Promise<void> {
    if (!this.#closed) await new Promise<void>(resolve => this.#stream.write('', () => resolve()))
    // A late EPIPE must find a listener: it stays.
    if (this.#failure !== undefined && systemCode(this.#failure) !== 'EPIPE') throw this.#failure
  }
}
