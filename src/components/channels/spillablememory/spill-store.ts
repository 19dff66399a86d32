import type { EventBatch } from '../../../core/batch.ts'
import type { ChannelContext } from '../../../core/contracts.ts'
import { messageOf } from '../../../core/errors.ts'
import { monotonicOf } from '../../../store/arrivals.ts'
import { LogWatch, type WatchedLog } from '../../../store/log-watch.ts'
import type { ReturnedEvents } from '../../../store/returned-events.ts'
import type { DrainOrder, Tier } from './drain-order.ts'
import type { LoadedMemory, MemoryFile } from './memory-file.ts'
import type { MemoryTier } from './memory-tier.ts'
import { Overflow, type OverflowLog } from './overflow.ts'

/** What is on disk, opened at each start. */
export interface Store {
  readonly log: OverflowLog
  /** The same as monitoring sees it, with what came back and waits beside it. */
  readonly watched: WatchedLog
  readonly returned: Pick<ReturnedEvents, 'deliverTo'>
  readonly memoryFile: MemoryFile
  readonly folders: readonly string[]
  /** How long the log took to open. */
  readonly elapsedMs: number
  /** Closes the log and gives up its folders. */
  close(): Promise<void>
}

interface Parts {
  open(): Promise<Store>
  readonly memory: MemoryTier
  readonly order: DrainOrder
  readonly context: ChannelContext
  /** Events came into the overflow by themselves. */
  arrived(): void
}

const NOT_SAVED = 'in memory, not saved at the stop'
const DAMAGED_FILE = 'in memory, saved in a damaged file'

type Runs = readonly (readonly [Tier, number])[]

/** The disk side of the channel over starts and stops: the overflow, and at a stop what was in memory. */
export class SpillStore {
  readonly #parts: Parts
  readonly #watch = new LogWatch()
  #store: Store | undefined
  #overflow: Overflow | undefined
  /** Events of the memory that are in a file while the channel is stopped. */
  #saved = 0
  /** What a start read that then failed. */
  #read: LoadedMemory | undefined
  readonly #lost: Record<string, number> = {}

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Present while open. */
  get overflow(): Overflow | undefined {
    return this.#overflow
  }

  /** Events on disk. */
  get size(): number {
    return this.#watch.size + this.#saved
  }

  get overflowSize(): number {
    return this.#watch.size
  }

  /** Events lost in damaged parts of the log, and those that a stop could not save, by reason. */
  get skipped(): Readonly<Record<string, number>> {
    return { ...this.#watch.skipped, ...this.#lost }
  }

  /** When the oldest event on disk came; those that a stop saved aside. */
  get oldestArrival(): number | undefined {
    return this.#watch.oldestArrival
  }

  get segments(): LogWatch['segments'] {
    return this.#watch.segments
  }

  gauges(): ReturnType<LogWatch['gauges']> {
    return this.#watch.gauges()
  }

  /** Opens the log and brings back what a stop saved. */
  async open(): Promise<void> {
    if (this.#store !== undefined) return
    try {
      await this.#open()
    } catch (error) {
      this.#watch.failed(error)
      throw error
    }
  }

  /** Saves what is in memory, nothing of which may be on loan any more, and closes the log. */
  async close(): Promise<void> {
    const [store, overflow] = [this.#store, this.#overflow]
    if (store === undefined || overflow === undefined) return
    const { order, context } = this.#parts
    this.#overflow = undefined
    try {
      await this.#saveMemory(store)
    } finally {
      await overflow.idle()
      order.clear()
      await store.close().finally(() => {
        this.#store = undefined
        this.#watch.closed()
        this.#watch.sayClosed(context.log, this.size)
      })
    }
  }

  async #open(): Promise<void> {
    const { memory, order, context, arrived } = this.#parts
    const store = await this.#parts.open()
    // Read together: the log looks for damage from the begin, and what it finds is in its size for a while.
    const [held, skipped] = [store.log.size, store.log.skippedEvents]
    try {
      await this.#restore(store, held)
    } catch (error) {
      await store.close()
      throw error
    }
    this.#store = store
    const overflow = new Overflow(store.log, order, skipped)
    this.#overflow = overflow
    this.#watch.opened(store.watched, memory.size)
    this.#watch.sayOpened(context.log, {
      channel: context.name,
      events: memory.size + this.size,
      elapsedMs: store.elapsedMs,
      folders: store.folders
    })
    // Not into memory: they are safe where they are.
    store.returned.deliverTo(async (batch, signal) => {
      await overflow.put(batch, signal)
      arrived()
    })
  }

  /** All or nothing; what was read is kept for the next try, as a failed removal may have done its work. */
  async #restore({ memoryFile }: Store, overflow: number): Promise<void> {
    const { memory, order } = this.#parts
    const { saved, lost } = this.#read ?? (await memoryFile.load())
    this.#lose(DAMAGED_FILE, lost)
    const batches = saved?.batches ?? []
    const runs: Runs =
      saved === undefined ? [['overflow', overflow]] : this.#runsOf(saved.runs, overflow, batches)
    const { clock } = this.#parts.context
    const arrivedAt = saved?.arrivedMs === undefined ? clock.monotonic() : monotonicOf(saved.arrivedMs, clock)
    for (const batch of batches) memory.put(batch, arrivedAt)
    for (const [tier, events] of runs) order.add(tier, events)
    this.#saved = 0
    if (saved === undefined) return
    try {
      await memoryFile.remove()
      this.#read = undefined
    } catch (error) {
      this.#read = { saved, lost: 0 }
      this.#saved = memory.size
      memory.drain()
      order.clear()
      throw error
    }
  }

  /** The saved order, and behind it puts that were under way at the stop; where it does not fit what is there, the overflow comes first. */
  #runsOf(saved: Runs, overflow: number, batches: readonly EventBatch[]): Runs {
    const sum = (wanted: Tier): number =>
      saved.reduce((total, [tier, events]) => (tier === wanted ? total + events : total), 0)
    const memory = batches.reduce((total, batch) => total + batch.length, 0)
    const late = overflow - sum('overflow')
    if (late >= 0 && sum('memory') === memory) return [...saved, ['overflow', late]]
    this.#parts.context.log.warn(
      'The overflow is not as the last stop left it; its events come before those that were in memory.',
      { expected: sum('overflow'), found: overflow, memory }
    )
    return [
      ['overflow', overflow],
      ['memory', memory]
    ]
  }

  /** Events in memory survive a clean stop. */
  async #saveMemory({ memoryFile }: Store): Promise<void> {
    const { memory, order, context } = this.#parts
    const events = memory.size
    if (events === 0) return
    const { runs } = order
    const { clock } = context
    const arrivedMs = clock.now() - (clock.monotonic() - (memory.oldestArrival ?? clock.monotonic()))
    this.#saved = events
    const batches = memory.drain()
    try {
      await memoryFile.save({ runs, batches, arrivedMs })
      context.log.info('The events in memory were written to disk.', { events })
    } catch (error) {
      this.#saved = 0
      this.#lose(NOT_SAVED, events)
      const reason = messageOf(error)
      context.log.error('The events in memory could not be written to disk and are lost.', {
        events,
        reason,
        error
      })
    }
  }

  #lose(reason: string, events: number): void {
    if (events > 0) this.#lost[reason] = (this.#lost[reason] ?? 0) + events
  }
}
