import { join } from 'node:path'
import type { EventBatch } from '../core/batch.ts'
import type { Clock, Log } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import type { Disk } from './disk.ts'
import type { DurableLog } from './durable-log.ts'
import { FOLDERS_RECORD } from './log-folders.ts'
import { sumOf } from './log-losses.ts'
import { BLOCK_BYTES } from './frame.ts'
import type { DurableLogOptions } from './log-options.ts'
import type { ReturnedLog } from './returned-folders.ts'
import { readName } from './segment.ts'
import { RETIRED_RECORD, STOP_RECORD } from './stop-record.ts'

const BATCH_EVENTS = 1000
const RETRY_MS = 1000
const MEBIBYTE = 1024 * 1024

/** Where the logs are, and how they are opened. */
export interface ReturnedParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  /** Most events of one put. */
  readonly transactionCapacity: number
  open(folders: readonly string[]): Promise<DurableLog>
}

/** How such a log is kept: nothing is put into it any more. */
export const SMALL_LOG = {
  capacity: Infinity,
  transactionCapacity: BATCH_EVENTS,
  keepAliveMs: 0,
  minimumFreeBytes: 0,
  memoryBytes: MEBIBYTE,
  segmentBytes: MEBIBYTE,
  stagingBytes: 16 * BLOCK_BYTES,
  depth: 1,
  keepFreeSegments: 0,
  partial: true
} as const satisfies Partial<DurableLogOptions>

interface Opened {
  readonly returned: ReturnedLog
  readonly log: DurableLog
}

/**
 * The events of parts of a log that came back after it had gone on without them. Each part is a log of its own, from
 * which they are moved, batch by batch, to where the others are. A kill in between may bring one batch twice.
 */
export class ReturnedEvents {
  readonly #parts: ReturnedParts
  #logs: readonly Opened[]
  /** Put where they belong, and not committed here yet. */
  #moved = 0
  /** Lost in logs that are closed. */
  #lost: Readonly<Record<string, number>> = {}
  readonly #stop = new AbortController()
  #work: Promise<void> = Promise.resolve()

  private constructor(parts: ReturnedParts, logs: readonly Opened[]) {
    this.#parts = parts
    this.#logs = logs
  }

  /** Opens the logs. One that cannot be opened is left to the next start, which is logged. */
  static async open(logs: readonly ReturnedLog[], parts: ReturnedParts): Promise<ReturnedEvents> {
    const opened: Opened[] = []
    const waiting = [...logs]
    for (let returned = waiting.shift(); returned !== undefined; returned = waiting.shift()) {
      const { folders } = returned
      try {
        const log = await parts.open(folders)
        opened.push({ returned, log })
        // What came back may be in two lines itself.
        waiting.push(...log.recovery.returned)
      } catch (error) {
        parts.log.error('Events that came back cannot be read; the next start tries again.', {
          folders,
          reason: messageOf(error)
        })
      }
    }
    return new ReturnedEvents(parts, opened)
  }

  /** Events that wait here. */
  get size(): number {
    return this.#logs.reduce((sum, { log }) => sum + log.size, 0) - this.#moved
  }

  /** Events lost in damaged parts, by reason. */
  get skippedByReason(): Readonly<Record<string, number>> {
    return this.#logs.reduce((sum, { log }) => sumOf(sum, log.skippedByReason), this.#lost)
  }

  /** Begins to move the events; `put` resolves once a batch is safe in its new place. */
  deliverTo(put: (batch: EventBatch, signal: AbortSignal) => Promise<void>): void {
    this.#work = this.#deliver(put)
  }

  /** Stops, and gives up the files; what is left waits for the next start. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#work
    for (const { log } of this.#logs) await log.close()
  }

  async #deliver(put: (batch: EventBatch, signal: AbortSignal) => Promise<void>): Promise<void> {
    for (const one of this.#logs) {
      const before = one.log.size
      while (!this.#stop.signal.aborted && !(await this.#isEmpty(one.log, put)));
      if (this.#stop.signal.aborted) return
      await this.#finish(one, before)
    }
  }

  /** Moves one batch; resolves to whether there was none. */
  async #isEmpty(
    log: DurableLog,
    put: (batch: EventBatch, signal: AbortSignal) => Promise<void>
  ): Promise<boolean> {
    const { signal } = this.#stop
    try {
      await using lease = await log.take(Math.min(BATCH_EVENTS, this.#parts.transactionCapacity))
      if (lease === undefined) return true
      await put(lease.batch, signal)
      this.#moved += lease.batch.length
      await lease.commit().finally(() => {
        this.#moved -= lease.batch.length
      })
    } catch (error) {
      if (signal.aborted) return false
      this.#parts.log.debug('Events that came back wait.', { reason: messageOf(error) })
      await this.#parts.clock.sleep(RETRY_MS, signal)
    }
    return false
  }

  /** Everything was moved: the log goes. What was set aside in it stays. */
  async #finish({ returned, log }: Opened, events: number): Promise<void> {
    const { disk, log: say } = this.#parts
    this.#lost = sumOf(this.#lost, log.skippedByReason)
    this.#logs = this.#logs.filter(one => one.log !== log)
    const { folders } = returned
    try {
      await log.close()
      for (const folder of folders) await removeLog(disk, folder)
    } catch (error) {
      say.warn('Files of events that came back, and were moved, cannot be removed yet.', {
        folders,
        reason: messageOf(error)
      })
    }
    say.info('The events that came back are among the others now.', { events, folders })
  }
}

async function removeLog(disk: Disk, folder: string): Promise<void> {
  // The record of the stop goes last: with it, what is left of the rest is known to be delivered.
  const names = (await disk.list(folder)).filter(name => readName(name) !== undefined)
  for (const name of [...names, FOLDERS_RECORD, RETIRED_RECORD, STOP_RECORD])
    if ((await disk.list(folder)).includes(name)) await disk.unlink(join(folder, name))
  if ((await disk.list(folder)).length === 0) await disk.removeFolder(folder)
}
