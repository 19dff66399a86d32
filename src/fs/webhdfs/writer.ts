import { AgentError } from '../../core/errors.ts'
import { fileError, fileErrorKind, fromSystemError } from '../file-errors.ts'
import type { FileWriter } from '../file-system.ts'
import { skipBytes } from '../file-output.ts'
import { isNotApplied } from './http.ts'
import type { Patience } from './patience.ts'
import { isLeaseHeld } from './remote-exception.ts'

const MAX_BUFFERED_BYTES = 8 * 1024 * 1024
const MAX_ATTEMPTS = 4

/** What a writer does with its file. */
export interface RemoteFile {
  append(chunks: readonly Buffer[]): Promise<void>
  /** Length in bytes as the NameNode knows it; undefined when the file is gone. */
  length(): Promise<number | undefined>
  /** What readers see behind `offset`, an append that was not completed included; cut off after `most` bytes. */
  visible(offset: number, most: number): Promise<Buffer>
  /** Resolves to true once no other writer holds the file: then its length is final. Waits some time for it. */
  released(): Promise<boolean>
  /** The same without waiting. */
  free(): Promise<boolean>
  /** Pauses while the store cannot be asked. */
  patience(): Pick<Patience, 'pause'>
}

/**
 * WebHDFS keeps no file open: write() remembers chunks (by reference: they must not change before the next flush),
 * hflush() appends them in one request whose answer means that the data is in the file.
 *
 * When the outcome of a request is unknown, the file is asked: HDFS appends in order, so its length tells how much
 * arrived, and only the rest is sent again. Bytes that readers see count as arrived even while the DataNode that took
 * them has not given the file back: no recovery of a lease takes them away. What a failed hflush() held is given up,
 * because its caller delivers those events again; what a failed close() held is kept for the next close(). close()
 * resolves only once nobody holds the file, so that it may be renamed.
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
  /** Whether a DataNode may still hold the file for an append that failed. */
  #lingering = false
  #failure: AgentError | undefined
  #closed = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, position: number, file: RemoteFile) {
    this.#path = path
    this.#stored = position
    this.#file = file
  }

  /** The writer of an empty file that a DataNode holds still. */
  static held(path: string, file: RemoteFile): WebHdfsWriter {
    const writer = new WebHdfsWriter(path, 0, file)
    writer.#lingering = true
    return writer
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

  /** Rejects with the fact `held` while the NameNode has not taken the file back from an append that failed. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#closed) return
      await this.#flush()
      if (this.#lingering) await this.#release()
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
    if (this.#lingering && this.#pendingBytes > 0) {
      if (!(await this.#file.free())) throw held(this.#path)
      this.#lingering = false
    }
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
      if (!isNotApplied(error) || isHeld(error)) this.#lingering = true
      throw error
    }
    this.#stored += this.#pendingBytes
    this.#setPending([])
    this.#unsettled = false
    this.#lingering = false
  }

  /** A held lease ends by itself; an unknown outcome can be found out. The rest is the caller's to try again. */
  async #mayRepeat(error: unknown): Promise<boolean> {
    if (this.#unsettled) return true
    return isHeld(error) && (await this.#file.released())
  }

  /** A store that is away for a moment is waited for: what it says saves sending bytes twice. */
  async #settle(): Promise<void> {
    const patience = this.#file.patience()
    for (;;) {
      try {
        return await this.#settleNow()
      } catch (error) {
        const away = ['unreachable', 'unavailable'].includes(fileErrorKind(error)) && !isOurHold(error)
        if (!away || !(await patience.pause())) throw unknownOutcome(error)
      }
    }
  }

  /** Finds out how much of the last append arrived and forgets that part. */
  async #settleNow(): Promise<void> {
    let length = await this.#file.length()
    if (length !== this.position) {
      if (await this.#isVisible()) length = this.position
      else length = await this.#finalLength()
    }
    if (length === undefined)
      throw fileError('missing', this.#path, 'The open file was deleted.', { notApplied: true })
    if (length < this.#stored || length > this.position) {
      throw fileError('other', this.#path, 'Somebody else changed the open file.', {
        expected: this.#stored,
        length
      })
    }
    this.#setPending([...skipBytes(this.#pending, length - this.#stored)])
    this.#stored = length
    this.#unsettled = false
  }

  /** Whether readers see the whole append, byte by byte. Where that cannot be found out, the lease has to be waited for. */
  async #isVisible(): Promise<boolean> {
    try {
      const visible = await this.#file.visible(this.#stored, this.#pendingBytes + 1)
      return visible.equals(Buffer.concat(this.#pending))
    } catch {
      return false
    }
  }

  async #finalLength(): Promise<number | undefined> {
    if (!(await this.#file.released())) throw held(this.#path)
    this.#lingering = false
    return await this.#file.length()
  }

  async #release(): Promise<void> {
    try {
      if (!(await this.#file.free())) throw held(this.#path)
    } catch (error) {
      // Both are found out after the lease was looked at.
      if (!['missing', 'full'].includes(fileErrorKind(error))) throw error
    }
    this.#stored = (await this.#file.length()) ?? this.#stored
    this.#lingering = false
    this.#unsettled = false
  }

  #setPending(chunks: Buffer[]): void {
    this.#pending = chunks
    this.#pendingBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }
}

function held(path: string): AgentError {
  const reason = 'The file is still held for an append that failed; HDFS takes it back after a minute.'
  return fileError('unavailable', path, reason, { held: true, notApplied: true })
}

function isOurHold(error: unknown): boolean {
  return error instanceof AgentError && error.facts['held'] === true
}

/** Whatever the last question came to, it says nothing about the bytes before it. */
function unknownOutcome(error: unknown): unknown {
  if (!(error instanceof AgentError) || fileErrorKind(error) === 'missing') return error
  const { notApplied: _, ...facts } = error.facts
  return new AgentError(error.code, error.message, facts, error.cause)
}

function isHeld(error: unknown): boolean {
  return error instanceof AgentError && isLeaseHeld(error)
}
