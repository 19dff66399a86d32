import type { EventBatch } from '../../../core/batch.ts'
import type { Clock, Lease, Log } from '../../../core/contracts.ts'
import { AgentError } from '../../../core/errors.ts'
import { Arrivals, monotonicOf } from '../../../store/arrivals.ts'
import { EventQueue, type Run, type Taken } from '../../../store/event-queue.ts'
import { decodeBatch, encodeBatch } from '../../../store/batch-blob.ts'
import type { DatabaseThread } from './database-thread.ts'
import type { PartOfRow, ReadRow, Span, StoredRow } from './event-database.ts'

/** Events of this many bytes are kept in memory, too, so that they need not be read; half of it is read ahead. */
const MEMORY_BYTES = 8 * 1024 * 1024
const READ_BYTES = 1024 * 1024
/** One row holds no more bytes of bodies than this, unless it is one event. */
const ROW_BYTES = 512 * 1024
const OVERHEAD_BYTES = 256
/** A slab this many times larger than the bodies of a put is not kept for it: the bodies are copied. */
const SPARSE = 8

/** What the queue knows of a piece: its row, and what to add to the queue's number to get the event's. */
interface Piece {
  readonly row: Span
  readonly shift: number
}

/** A row, how many of its events come before a piece, and when they came. */
interface Place {
  readonly row: Span
  readonly skipped: number
  readonly arrivedAt: number
}

interface Put {
  readonly rows: readonly StoredRow[]
  readonly pieces: readonly EventBatch[]
}

/**
 * One opened database with the part of its events that is in memory: the oldest ones that are not on loan, up to
 * number `loaded`. While puts come slower than takes that is everything, and nothing is ever read.
 */
export class JdbcSession {
  readonly #thread: DatabaseThread
  readonly #log: Log
  readonly #clock: Clock
  /** Of events that are in the database alone. */
  readonly #arrivals = new Arrivals()
  /** When the oldest event came that was there at the start. */
  readonly #oldestFound: number | undefined
  readonly #queue = new EventQueue<Piece>()
  #queueBytes = 0
  #loaded: number
  /** Number behind the last event that is on the disk; of the next event to come. */
  #durable: number
  #next: number
  #held: number
  #lost = 0
  #reading: Promise<void> | undefined

  constructor(thread: DatabaseThread, { log, clock }: { readonly log: Log; readonly clock: Clock }) {
    const { held, from, next, arrivedMs } = thread.contents
    this.#clock = clock
    this.#oldestFound = this.#monotonicOf(arrivedMs)
    this.#thread = thread
    this.#log = log
    this.#held = held
    this.#loaded = from
    this.#durable = next
    this.#next = next
  }

  /** Events on the disk, those on loan included. */
  get held(): number {
    return this.#held
  }

  /** Events in damaged rows, since the start. */
  get lost(): number {
    return this.#lost
  }

  /** As Channel.oldestArrival. */
  get oldestArrival(): number | undefined {
    const isRead = this.#loaded >= this.#durable
    return (
      this.#queue.oldestArrival ??
      (isRead ? undefined : (this.#arrivals.of(this.#loaded) ?? this.#oldestFound))
    )
  }

  /** Whether a take may find events. */
  get hasSome(): boolean {
    return this.#queue.length > 0 || this.#loaded < this.#durable
  }

  /** Resolves once the batch is on the disk. */
  async put(batch: EventBatch): Promise<void> {
    const { rows, pieces } = this.#cut(batch)
    const spans = rows.map(({ first, events }) => ({ first, events }))
    await this.#thread.put(rows)
    const now = this.#clock.monotonic()
    this.#held += batch.length
    const isLoaded = this.#loaded === this.#durable && this.#reading === undefined
    this.#durable = this.#endOf(spans)
    if (isLoaded && this.#queueBytes < MEMORY_BYTES) {
      spans.forEach((row, i) => this.#push(pieces[i], { row, skipped: 0, arrivedAt: now }))
      this.#loaded = this.#durable
    } else if (spans[0] !== undefined) {
      this.#arrivals.forgetBelow(this.#loaded)
      this.#arrivals.add(spans[0].first, now)
    }
  }

  /** As Channel.take. */
  async take(max: number): Promise<Lease | undefined> {
    while (this.#queue.length === 0 && this.#loaded < this.#durable) await this.#read()
    const taken = this.#queue.take(max)
    if (taken === undefined) return undefined
    this.#queueBytes -= bytesOf(taken.runs)
    // Ahead of the next take; should it fail, that one reads again and is told.
    if (this.#queueBytes < MEMORY_BYTES / 2 && this.#loaded < this.#durable) this.#read().catch(() => {})
    return this.#lend(taken)
  }

  close(): Promise<void> {
    return this.#thread.close()
  }

  #cut(batch: EventBatch): Put {
    const rows: StoredRow[] = []
    const pieces: EventBatch[] = []
    const arrivedMs = this.#clock.now()
    for (let at = 0; at < batch.length;) {
      const end = endOfRow(batch, at)
      const piece = batch.slice(at, end)
      const blob = new Uint8Array(encodeBatch(piece).buffer)
      rows.push({ first: this.#next, events: piece.length, blob, arrivedMs })
      pieces.push(isSparse(piece) ? piece.compact() : piece)
      this.#next += piece.length
      at = end
    }
    return { rows, pieces }
  }

  #endOf(spans: readonly Span[]): number {
    const last = spans.at(-1)
    return last === undefined ? this.#durable : last.first + last.events
  }

  #push(piece: EventBatch | undefined, { row, skipped, arrivedAt }: Place): void {
    if (piece === undefined || piece.length === 0) return
    this.#queue.push(piece, { row, shift: row.first + skipped - this.#queue.pushed }, arrivedAt)
    this.#queueBytes += sizeOf(piece)
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readRows().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readRows(): Promise<void> {
    const end = this.#durable
    const rows = await this.#thread.read(this.#loaded, READ_BYTES)
    for (const row of rows) {
      const batch = decoded(row)
      if (batch === undefined) await this.#setAside(row)
      else this.#load(batch, row)
      this.#loaded = row.first + row.events
    }
    if (rows.length === 0) this.#loaded = end // numbers of puts that failed, or of rows set aside
  }

  /** What is left of a row: the events between those taken before. */
  #load(batch: EventBatch, { first, events, taken, arrivedMs }: ReadRow): void {
    const known = this.#arrivals.of(first) ?? this.#monotonicOf(arrivedMs)
    const arrivedAt = known ?? this.#clock.monotonic()
    let at = 0
    for (const gone of [...taken, { first: first + events, events: 0 }]) {
      const until = gone.first - first
      if (until > at) this.#push(batch.slice(at, until), { row: { first, events }, skipped: at, arrivedAt })
      at = until + gone.events
    }
  }

  #monotonicOf(arrivedMs: number | undefined): number | undefined {
    return arrivedMs === undefined ? undefined : monotonicOf(arrivedMs, this.#clock)
  }

  async #setAside({ first, events, taken }: ReadRow): Promise<void> {
    await this.#thread.setAside({ first, events })
    const lostEvents = events - taken.reduce((sum, span) => sum + span.events, 0)
    this.#held -= lostEvents
    this.#lost += lostEvents
    this.#log.error('Stored events are damaged and were set aside in the table "damaged".', {
      first,
      events,
      lostEvents
    })
  }

  #lend({ runs, batch, arrivedAt }: Taken<Piece>): Lease {
    let isOpen = true
    return {
      batch,
      arrivedAt,
      commit: async () => {
        if (!isOpen) return
        await this.#thread.take(...taken(runs))
        isOpen = false
        this.#queue.forget(runs)
        this.#held -= batch.length
      },
      [Symbol.asyncDispose]: async () => {
        if (!isOpen) return
        isOpen = false
        this.#queue.giveBack(runs)
        this.#queueBytes += bytesOf(runs)
      }
    }
  }
}

/** What runs mean to the database: rows that are taken whole, neighbours as one, and parts of others. */
function taken(runs: readonly Run<Piece>[]): [Span[], PartOfRow[]] {
  const whole: { first: number; events: number }[] = []
  const parts: PartOfRow[] = []
  for (const { first: number, batch, account } of runs) {
    const { row, shift } = account
    const last = whole.at(-1)
    if (batch.length < row.events) parts.push({ first: number + shift, events: batch.length, row })
    else if (last !== undefined && last.first + last.events === row.first) last.events += row.events
    else whole.push({ ...row })
  }
  return [whole, parts]
}

function decoded({ blob, events, intact }: ReadRow): EventBatch | undefined {
  if (!intact) return undefined
  try {
    const batch = decodeBatch(Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength))
    return batch.length === events ? batch : undefined
  } catch (error) {
    if (error instanceof AgentError) return undefined
    throw error
  }
}

function endOfRow(batch: EventBatch, start: number): number {
  let bytes = batch.size(start)
  let end = start + 1
  while (end < batch.length && bytes + batch.size(end) <= ROW_BYTES) bytes += batch.size(end++)
  return end
}

function sizeOf(batch: EventBatch): number {
  return OVERHEAD_BYTES + 8 * batch.length + batch.bodyBytes + batch.headers.bytes
}

function bytesOf(runs: readonly Run<Piece>[]): number {
  return runs.reduce((sum, { batch }) => sum + sizeOf(batch), 0)
}

function isSparse(batch: EventBatch): boolean {
  return batch.slab.buffer.byteLength > SPARSE * (batch.bodyBytes + batch.length)
}
