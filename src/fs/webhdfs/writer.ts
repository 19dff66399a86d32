import { AgentError } from '../../core/errors.ts'
import { fileError, fromSystemError } from '../file-errors.ts'
import type { FileWriter } from '../file-system.ts'
import { skipBytes } from '../file-output.ts'
import { isNotApplied } from './http.ts'
import { isLeaseHeld } from './remote-exception.ts'

const MAX_BUFFERED_BYTES = 8 * 1024 * 1024
const MAX_ATTEMPTS = 4

/** What a writer does with its file. */
export interface RemoteFile {
  append(chunks: readonly Buffer[]): Promise<void>
  /** Length in bytes as the NameNode knows it; undefined when the file is gone. */
  length(): Promise<number | undefined>
  /** Resolves to true once no other writer holds the file: then its length is final. */
  released(): Promise<boolean>
}

/**
 * WebHDFS keeps no file open: write() remembers chunks (by reference: they must not change before the next flush),
 * hflush() appends them in one request whose answer means that the data is in the file.
 *
 * When the outcome of a request is unknown, the file is asked: HDFS appends in order, so its length tells how much
 * arrived, and only the rest is sent again. What a failed hflush() held is given up, because its caller delivers
 * those events again; what a failed close() held is kept for the next close().
 */
export class WebHdfsWriter implements FileWriter {
  readonly #path: string
  readonly #file: RemoteFile
  /** Bytes known to be in the file. */
  #stored: number
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** Whether the last append may have left something in the file. */
  #unsettled = false
  #failure: AgentError | undefined
  #closed = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, position: number, file: RemoteFile) {
    this.#path = path
    this.#stored = position
    this.#file = file
  }

  get position(): number {
    return this.#stored + this.#pendingBytes
  }

  async write(chunks: readonly Buffer[]): Promise<void> {
    await this.#guarded(async () => {
      for (const chunk of chunks) {
        if (chunk.length === 0) continue
        this.#pending.push(chunk)
        this.#pendingBytes += chunk.length
      }
      if (this.#pendingBytes >= MAX_BUFFERED_BYTES) await this.#flush()
    })
  }

  async hflush(): Promise<void> {
    await this.#guarded(() => this.#flush())
  }

  /** As durable as closing an HDFS file: on all replicas, synced when dfs.datanode.synconclose is set. */
  async hsync(): Promise<void> {
    await this.hflush()
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#closed) return
      await this.#flush()
      this.#closed = true
    })
  }

  async #guarded(task: () => Promise<void>): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#closed) throw fileError('other', this.#path, 'The file is closed.')
      if (this.#failure !== undefined) throw this.#failure
      try {
        await task()
      } catch (error) {
        this.#failure = fromSystemError(error, this.#path)
        this.#setPending([])
        this.#unsettled = false
        throw this.#failure
      }
    })
  }

  /** A caller that gave up waiting may call again while the first call still runs. */
  async #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(task)
    this.#last = turn.catch(() => undefined)
    await turn
  }

  async #flush(): Promise<void> {
    for (let attempt = 1; this.#pendingBytes > 0; attempt++) {
      if (this.#unsettled) await this.#settle()
      if (this.#pendingBytes === 0) return
      try {
        await this.#appendPending()
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !(await this.#mayRepeat(error))) throw error
      }
    }
  }

  async #appendPending(): Promise<void> {
    this.#unsettled = true
    try {
      await this.#file.append(this.#pending)
    } catch (error) {
      if (isNotApplied(error)) this.#unsettled = false
      throw error
    }
    this.#stored += this.#pendingBytes
    this.#setPending([])
    this.#unsettled = false
  }

  /** A held lease ends by itself; an unknown outcome can be found out. The rest is the caller's to try again. */
  async #mayRepeat(error: unknown): Promise<boolean> {
    if (this.#unsettled) return true
    return error instanceof AgentError && isLeaseHeld(error) && (await this.#file.released())
  }

  /** Finds out how much of the last append arrived and forgets that part. */
  async #settle(): Promise<void> {
    const whole = this.position
    let length = await this.#file.length()
    if (length !== whole) {
      if (!(await this.#file.released()))
        throw fileError('unreachable', this.#path, 'The file is still held by an earlier call.')
      length = await this.#file.length()
    }
    if (length === undefined)
      throw fileError('missing', this.#path, 'The open file was deleted.', { notApplied: true })
    if (length < this.#stored || length > whole) {
      throw fileError('other', this.#path, 'Somebody else changed the open file.', {
        expected: this.#stored,
        length
      })
    }
    this.#setPending([...skipBytes(this.#pending, length - this.#stored)])
    this.#stored = length
    this.#unsettled = false
  }

  #setPending(chunks: Buffer[]): void {
    this.#pending = chunks
    this.#pendingBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }
}
