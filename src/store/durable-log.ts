import type { EventBatch } from '../core/batch.ts'
import type { Lease } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'
import type { DurableLogOptions, DurableLogStats, RecoveryReport } from './log-options.ts'

/**
 * An append-only log of events on disk, first in, first out. A put resolves once its events are on the disk; only
 * such events are given out; a take is undone unless it was committed.
 */
export class DurableLog {
  /** What was found at start. */
  readonly recovery: RecoveryReport
  readonly #options: DurableLogOptions

  private constructor(options: DurableLogOptions, recovery: RecoveryReport) {
    this.#options = options
    this.recovery = recovery
  }

  /** Recovers what is in the folders and goes on behind it. Damage is skipped and reported, never fatal. */
  static async open(options: DurableLogOptions): Promise<DurableLog> {
    return new DurableLog(options, { events: 0, recovered: 0, skipped: [], elapsedMs: 0 })
  }

  /** Most events held. */
  get capacity(): number {
    return this.#options.capacity
  }

  /** Events acknowledged and not committed by a taker, those on loan included. */
  get size(): number {
    return 0
  }

  /** How many leading events of `batch` one put would take now without waiting; at most transactionCapacity. */
  fits(_batch: EventBatch): number {
    return 0
  }

  /**
   * Resolves once the whole batch is on the disk. Rejects with ERR_CHANNEL_FULL when no room came free within
   * keepAliveMs or the disk is full, ERR_BATCH_TOO_LARGE when it can never fit, ERR_STOPPED when `signal` aborts the
   * wait for room or the log closes, ERR_CHANNEL while the disk fails. A rejected batch is not given out in this life;
   * after a crash it may reappear, whole.
   */
  put(_batch: EventBatch, _signal: AbortSignal): Promise<void> {
    return Promise.reject(new AgentError('ERR_CHANNEL', 'The log is not open.'))
  }

  /**
   * Up to `max` events on loan, at least one, or undefined when there are none. commit() resolves once the take is on
   * the disk; while the disk fails it waits for it to heal, and rejects with ERR_CHANNEL only when the log is closed
   * before that. Rejects with ERR_CHANNEL when the disk cannot be read; damaged events are skipped and reported.
   */
  take(_max: number): Promise<Lease | undefined> {
    return Promise.resolve(undefined)
  }

  /** Resolves once a take may find events, when `signal` aborts, or when the log closes. */
  filled(_signal: AbortSignal): Promise<void> {
    return Promise.resolve()
  }

  /** How the log is doing. */
  stats(): DurableLogStats | undefined {
    return undefined
  }

  /** Writes what is under way, seals the log and gives up its files. Events on loan stay in the log. */
  close(): Promise<void> {
    return Promise.resolve()
  }
}
