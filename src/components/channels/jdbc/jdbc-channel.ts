import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { EventBatch } from '../../../core/batch.ts'
import type { Channel, ChannelContext, Lease } from '../../../core/contracts.ts'
import { AgentError } from '../../../core/errors.ts'
import { findFileUser } from '../../../store/flume-import/folder-user.ts'
import { PutQueue } from '../../../store/put-queue.ts'
import { Wakers } from '../../../store/wakers.ts'
import { DatabaseThread } from './database-thread.ts'
import { JdbcSession } from './jdbc-session.ts'
import { makeFolder } from '../../../store/make-folder.ts'

/** SQLite takes no larger values. */
const LARGEST_EVENT = 900_000_000

export interface JdbcLimits {
  readonly file: string
  /** Where Flume itself would keep its database. */
  readonly derbyFolder: string | undefined
  readonly createSchema: boolean
  readonly capacity: number
  readonly transactionCapacity: number
  readonly keepAliveMs: number
}

/** Which channel of this process has a database. */
const openedBy = new Map<string, string>()

/** Events in an SQLite database. A put resolves once the database has it on the disk. */
export class JdbcChannel implements Channel {
  readonly capacity: number
  readonly transactionCapacity: number
  readonly durable = true
  readonly #limits: JdbcLimits
  readonly #context: ChannelContext
  readonly #waiting: PutQueue
  readonly #takers = new Wakers()
  #session: JdbcSession | undefined
  #storing = 0
  #lastHeld = 0
  #lostBefore = 0

  constructor(limits: JdbcLimits, context: ChannelContext) {
    this.#limits = limits
    this.#context = context
    this.#waiting = new PutQueue(context.clock)
    this.capacity = limits.capacity
    this.transactionCapacity = limits.transactionCapacity
  }

  get size(): number {
    return this.#session?.held ?? this.#lastHeld
  }

  /** Of a running channel. */
  oldestArrival(): number | undefined {
    return this.#session?.oldestArrival
  }

  /** Events in damaged rows, which were set aside. */
  skipped(): Readonly<Record<string, number>> {
    const lost = this.#lostBefore + (this.#session?.lost ?? 0)
    return lost === 0 ? {} : { 'damaged rows': lost }
  }

  async start(): Promise<void> {
    if (this.#session !== undefined) return
    const { file, createSchema } = this.#limits
    this.#warnOfDerby()
    await makeFolder(dirname(file))
    const { name, log } = this.#context
    const thread = await DatabaseThread.open({ file, createSchema }, error =>
      this.#context.fail(error)
    ).catch(async (error: unknown) => {
      throw await withUser(error, file)
    })
    openedBy.set(file, name)
    this.#session = new JdbcSession(thread, this.#context)
    const { held } = this.#session
    log.info(`Queue Size after replay: ${held} [channel=${name}]`, {
      events: held,
      recovered: held,
      setAside: thread.contents.damaged,
      file
    })
    this.#waiting.admit()
    this.#takers.wake()
  }

  async stop(): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    this.#lastHeld = session.held
    this.#lostBefore += session.lost
    this.#session = undefined
    await session.close().finally(() => openedBy.delete(this.#limits.file))
  }

  fits(batch: EventBatch): number {
    return Math.min(this.fitsEach(batch), this.transactionCapacity)
  }

  async put(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (this.#session !== undefined) this.#refuseLong(batch)
    await this.putEach(batch, signal)
  }

  fitsEach(batch: EventBatch): number {
    return this.#waiting.busy ? 0 : this.#fitting(batch)
  }

  async putEach(batch: EventBatch, signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return
    this.#open()
    this.#refuseImpossible(batch)
    if (!this.#waiting.busy && this.#fitting(batch) >= batch.length) return this.#store(batch)
    let stored: Promise<void> | undefined
    const waiting = {
      fits: () => this.#fitting(batch) >= batch.length,
      admit: () => {
        stored = this.#store(batch)
        stored.catch(() => {}) // awaited below
      },
      full: () => this.#full()
    }
    await this.#waiting.wait(waiting, this.#limits.keepAliveMs, signal)
    await stored
  }

  async take(max: number): Promise<Lease | undefined> {
    const lease = await this.#open().take(Math.min(max, this.transactionCapacity))
    if (lease === undefined) return undefined
    const { batch, arrivedAt } = lease
    return {
      batch,
      arrivedAt,
      commit: async () => {
        await lease.commit()
        this.#waiting.admit()
      },
      [Symbol.asyncDispose]: async () => {
        await lease[Symbol.asyncDispose]()
        this.#takers.wake()
      }
    }
  }

  filled(signal: AbortSignal): Promise<void> {
    return this.#session?.hasSome === true ? Promise.resolve() : this.#takers.wait(signal)
  }

  #warnOfDerby(): void {
    const { derbyFolder: folder } = this.#limits
    if (folder === undefined || !existsSync(join(folder, 'service.properties'))) return
    this.#context.log.warn(
      'There is a Derby database of Flume. Events in it cannot be read here: let Flume deliver them, then remove it.',
      { folder }
    )
  }

  #open(): JdbcSession {
    if (this.#session !== undefined) return this.#session
    const { name } = this.#context
    throw new AgentError('ERR_CHANNEL', `Channel closed [channel=${name}]`, {
      channel: name,
      file: this.#limits.file
    })
  }

  #fitting(batch: EventBatch): number {
    if (this.#session === undefined) return 0
    const room = this.capacity - this.#session.held - this.#storing
    return Math.max(0, Math.min(batch.length, room))
  }

  async #store(batch: EventBatch): Promise<void> {
    this.#storing += batch.length
    try {
      await this.#open().put(batch)
    } finally {
      this.#storing -= batch.length
      this.#waiting.admit() // where it failed, its room is free again
    }
    this.#takers.wake()
  }

  #refuseLong({ length: events }: EventBatch): void {
    const { transactionCapacity } = this
    if (events <= transactionCapacity) return
    throw new AgentError(
      'ERR_BATCH_TOO_LARGE',
      'The batch has more events than one transaction of the channel may have. Increase transactionCapacity.',
      { events, transactionCapacity }
    )
  }

  #refuseImpossible(batch: EventBatch): void {
    const { capacity } = this
    if (batch.length > capacity) {
      throw new AgentError(
        'ERR_BATCH_TOO_LARGE',
        'The batch has more events than the channel can ever hold. Increase maximum.capacity.',
        { events: batch.length, capacity }
      )
    }
    for (let i = 0; i < batch.length; i++) {
      if (batch.size(i) <= LARGEST_EVENT) continue
      throw new AgentError('ERR_BATCH_TOO_LARGE', 'An event is larger than a database can hold.', {
        bytes: batch.size(i)
      })
    }
  }

  #full(): AgentError {
    const { name } = this.#context
    return new AgentError(
      'ERR_CHANNEL_FULL',
      `Failed to persist event. Channel capacity reached: maxCapacity: ${this.capacity}, currentSize: ${this.size}`,
      { channel: name, held: this.size }
    )
  }
}

/** Who has the database that could not be opened for that reason, and what to do. */
async function withUser(error: unknown, file: string): Promise<unknown> {
  if (!(error instanceof AgentError) || error.facts['inUse'] !== true) return error
  const channel = openedBy.get(file)
  const pid = channel === undefined ? (await findFileUser([file, `${file}-wal`]))?.pid : undefined
  const user = pid === undefined ? 'another process' : `process ${pid}`
  const message =
    channel === undefined
      ? `The database ${file} is in use by ${user}. Stop that process, or name another file in driver.url; once the file is free this starts by itself.`
      : `The database ${file} is in use by channel ${channel} of this agent. Give each channel a file of its own in driver.url.`
  return new AgentError('ERR_START', message, { file }, error)
}
