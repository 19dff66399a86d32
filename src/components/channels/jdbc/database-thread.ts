import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { AgentError, messageOf } from '../../../core/errors.ts'
import type { Answer, Asked, Failure, Opened, Opening, Request } from './database-messages.ts'
import type { Contents, PartOfRow, ReadRow, Span, StoredRow } from './event-database.ts'

const WORKER = new URL(`./database-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

interface Pending {
  readonly resolve: (rows: readonly ReadRow[]) => void
  readonly reject: (error: AgentError) => void
}

/** A database in a thread of its own. What was asked is done in that order. */
export class DatabaseThread {
  readonly contents: Contents
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #ended: Promise<unknown>
  #asked = 0
  #gone: AgentError | undefined

  private constructor(worker: Worker, contents: Contents) {
    this.#worker = worker
    this.contents = contents
    worker.on('message', (answers: readonly Answer[]) => answers.forEach(answer => this.#answered(answer)))
    this.#ended = new Promise(resolve => worker.once('exit', resolve))
  }

  /**
   * Opens the database; rejects with what is wrong with it. `failed` is called when the thread dies later. `script` is
   * what runs in the thread.
   */
  static async open(
    opening: Opening,
    failed: (error: AgentError) => void,
    script: URL = WORKER
  ): Promise<DatabaseThread> {
    const worker = new Worker(script, { workerData: opening })
    const opened = await firstMessage(worker, opening.file)
    if ('failure' in opened) throw errorOf(opened.failure)
    const thread = new DatabaseThread(worker, opened.contents)
    const gone = (error: unknown): void => thread.#over(error, failed)
    worker.on('error', gone)
    worker.once('exit', code => gone(`exit code ${code}`))
    return thread
  }

  /** Resolves once the rows are on the disk. */
  async put(rows: readonly StoredRow[]): Promise<void> {
    await this.#ask(
      { kind: 'put', rows },
      rows.map(({ blob }) => blob.buffer)
    )
  }

  /** Resolves once what was taken will never come again. */
  async take(whole: readonly Span[], parts: readonly PartOfRow[]): Promise<void> {
    await this.#ask({ kind: 'take', whole, parts })
  }

  /** Moves a damaged row out of the way. */
  async setAside(row: Span): Promise<void> {
    await this.#ask({ kind: 'setAside', row })
  }

  /** Rows from event `from` on, about `bytes` of them. */
  read(from: number, bytes: number): Promise<readonly ReadRow[]> {
    return this.#ask({ kind: 'read', from, bytes })
  }

  /** Does what was asked before, closes the database and ends the thread. */
  async close(): Promise<void> {
    if (this.#gone !== undefined) return
    const closed = this.#ask({ kind: 'close' })
    this.#gone = new AgentError('ERR_CHANNEL', 'The database is closed.')
    await closed
    await this.#ended
  }

  #ask(request: Request, moved: ArrayBuffer[] = []): Promise<readonly ReadRow[]> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone)
    return new Promise((resolve, reject) => {
      const asked: Asked = { id: this.#asked++, request }
      this.#pending.set(asked.id, { resolve, reject })
      this.#worker.postMessage(asked, moved)
    })
  }

  #answered(answer: Answer): void {
    const pending = this.#pending.get(answer.id)
    this.#pending.delete(answer.id)
    if ('failure' in answer) pending?.reject(errorOf(answer.failure))
    else pending?.resolve(answer.rows)
  }

  #over(error: unknown, failed: (error: AgentError) => void): void {
    if (this.#gone !== undefined && this.#pending.size === 0) return
    const isClosing = this.#gone !== undefined
    this.#gone = new AgentError(
      'ERR_CHANNEL',
      `The thread of the database ended: ${messageOf(error)}.`,
      {},
      error
    )
    for (const { reject } of this.#pending.values()) reject(this.#gone)
    this.#pending.clear()
    if (!isClosing) failed(this.#gone)
  }
}

/** A thread that ends before it said anything is an error, too. */
async function firstMessage(worker: Worker, file: string): Promise<Opened> {
  const ended = new AbortController()
  worker.once('exit', () => ended.abort())
  try {
    const [opened]: [Opened] = (await once(worker, 'message', { signal: ended.signal })) as [Opened]
    return opened
  } catch (error) {
    // One that threw has ended, too, by the time that this is known.
    const isEnd = error instanceof Error && error.name === 'AbortError'
    const reason = isEnd ? 'it ended before it began' : messageOf(error)
    throw new AgentError(
      'ERR_CHANNEL',
      `The thread of the database ${file} failed: ${reason}.`,
      { file },
      error
    )
  }
}

function errorOf({ code, message, facts }: Failure): AgentError {
  return new AgentError(code, message, facts)
}
