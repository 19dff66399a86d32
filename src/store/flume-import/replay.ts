import type { Checkpoint } from './checkpoint.ts'
import { Growing32, Growing64 } from './growing.ts'

/** Events of committed puts that nobody took, in the order of the commits: where their records are. */
export interface HeldEvents {
  readonly length: number
  /** Index of the log file of each event. */
  readonly files: Uint32Array
  /** Offset of the put in it. */
  readonly offsets: Uint32Array
}

interface Transaction {
  /** File and offset of each put, in turn. */
  readonly puts: number[]
  /** File id and offset of each take, in turn. */
  readonly takes: number[]
  /** Its commit may have been in a damaged part. */
  doubtful: boolean
  /** Write order of its latest put; that of its commit is not far behind. */
  order: number
}

/** Committed events are gone through for takes after so many more. */
const COMPACT_AFTER = 1 << 20

/**
 * Decides what a channel holds from all records of all its logs: events of committed puts without those of committed
 * takes. Logs must come in the order of their ids. Whether a take comes before or after its put does not matter.
 * Memory: 28 bytes for each event held (8 in large transactions), whatever the logs have seen.
 */
export class Replay {
  /** Events of transactions that were neither committed nor rolled back; no source was ever told that they are safe. */
  unfinished = 0
  /** Events taken as committed, because their commit may have been in a damaged part. */
  assumed = 0
  /** Takes of which there was no put. */
  unmatched = 0
  readonly #open = new Map<number, Transaction>()
  readonly #taken = new Map<number, Growing32>()
  readonly #fileIds: readonly number[]
  /** Takes that came to nothing, where the checkpoint does not have their events. */
  readonly #returned: Set<number> | undefined
  #events = { files: new Growing32(), offsets: new Growing32() }
  #commits = { orders: new Growing64(), ties: new Growing64(), counts: new Growing32() }
  #compactAt = COMPACT_AFTER

  readonly #checkpoint: Checkpoint | undefined

  /**
   * @param fileIds Flume's id of each log file, by index.
   * @param checkpoint What was committed before it and is not in it counts as delivered: the takes may have been in logs
   * that are deleted by now.
   */
  constructor(fileIds: readonly number[], checkpoint?: Checkpoint) {
    this.#fileIds = fileIds
    this.#checkpoint = checkpoint
    if (checkpoint !== undefined && checkpoint.takes === undefined) this.#returned = new Set()
    for (const { transaction, fileId, offset } of checkpoint?.takes ?? [])
      this.take(transaction, fileId, offset)
    for (const id of fileIds) this.#taken.set(id, new Growing32())
  }

  put(id: number, order: number, { file, offset }: { readonly file: number; readonly offset: number }): void {
    const transaction = this.#transaction(id)
    transaction.puts.push(file, offset)
    transaction.order = order
  }

  take(transaction: number, fileId: number, offset: number): void {
    this.#transaction(transaction).takes.push(fileId, offset)
  }

  rollback(transaction: number): void {
    this.#giveBack(this.#open.get(transaction)?.takes)
    this.#open.delete(transaction)
  }

  /** Returns whether the transaction was known. Of equal orders, the one with the smaller tie comes first. */
  commit(id: number, order: number, tie = 0): boolean {
    const transaction = this.#open.get(id)
    if (transaction === undefined) return false
    this.#open.delete(id)
    this.#conclude(transaction, order, tie)
    return true
  }

  /** Records are missing here: commits of what is open may be among them. */
  gap(): void {
    for (const transaction of this.#open.values()) transaction.doubtful = true
  }

  /** All logs have been read. */
  finish(): HeldEvents {
    for (const transaction of this.#open.values()) {
      const { puts, takes, doubtful, order } = transaction
      this.#giveBack(takes)
      if (!doubtful) this.unfinished += puts.length / 2
      else {
        this.assumed += puts.length / 2
        this.#conclude({ ...transaction, takes: [] }, order)
      }
    }
    this.#open.clear()
    this.#dropTaken(this.#checkpoint)
    for (const takes of this.#taken.values()) this.unmatched += takes.length
    return this.#inOrder()
  }

  #transaction(id: number): Transaction {
    let transaction = this.#open.get(id)
    if (transaction === undefined)
      this.#open.set(id, (transaction = { puts: [], takes: [], doubtful: false, order: 0 }))
    return transaction
  }

  #conclude({ puts, takes }: Transaction, order: number, tie = 0): void {
    const { files, offsets } = this.#events
    for (let i = 0; i < puts.length; i += 2) {
      files.push(puts[i] ?? 0)
      offsets.push(puts[i + 1] ?? 0)
    }
    if (puts.length > 0) {
      this.#commits.orders.push(order)
      this.#commits.ties.push(tie)
      this.#commits.counts.push(puts.length / 2)
    }
    for (let i = 0; i < takes.length; i += 2) this.#markTaken(takes[i] ?? 0, takes[i + 1] ?? 0)
    if (files.length >= this.#compactAt) {
      this.#dropTaken()
      this.#compactAt = this.#events.files.length * 1.5 + COMPACT_AFTER
    }
  }

  #markTaken(fileId: number, offset: number): void {
    // What was taken out of logs that are deleted by now needs no remembering.
    this.#taken.get(fileId)?.push(offset)
  }

  #giveBack(takes: readonly number[] = []): void {
    for (let i = 0; i < takes.length; i += 2)
      this.#returned?.add((takes[i] ?? 0) * 2 ** 32 + (takes[i + 1] ?? 0))
  }

  #isDelivered(checkpoint: Checkpoint | undefined, fileId: number, offset: number): boolean {
    return (
      checkpoint?.has(fileId, offset) === false && this.#returned?.has(fileId * 2 ** 32 + offset) !== true
    )
  }

  /** Leaves the events that were taken out, and forgets their takes. */
  #dropTaken(checkpoint?: Checkpoint): void {
    const takes = this.#fileIds.map(id => new SortedTakes(this.#taken.get(id)))
    const [events, commits] = [this.#events, this.#commits]
    const [files, offsets, counts] = [new Growing32(), new Growing32(), new Growing32()]
    const [orders, ties] = [new Growing64(), new Growing64()]
    let event = 0
    for (let i = 0; i < commits.counts.length; i++) {
      const before = files.length
      const covered =
        checkpoint !== undefined && commits.orders.at(i) <= checkpoint.order ? checkpoint : undefined
      for (const end = event + commits.counts.at(i); event < end; event++) {
        const [file, offset] = [events.files.at(event), events.offsets.at(event)]
        if (takes[file]?.remove(offset) === true) continue
        if (this.#isDelivered(covered, this.#fileIds[file] ?? 0, offset)) continue
        files.push(file)
        offsets.push(offset)
      }
      if (files.length === before) continue
      orders.push(commits.orders.at(i))
      ties.push(commits.ties.at(i))
      counts.push(files.length - before)
    }
    this.#events = { files, offsets }
    this.#commits = { orders, ties, counts }
    this.#fileIds.forEach((id, file) => this.#taken.set(id, takes[file]?.rest() ?? new Growing32()))
  }

  #inOrder(): HeldEvents {
    const [files, offsets] = [this.#events.files.view(), this.#events.offsets.view()]
    const counts = this.#commits.counts.view()
    const [orders, ties] = [this.#commits.orders.view(), this.#commits.ties.view()]
    const compare = (a: number, b: number): number =>
      (orders[a] ?? 0) - (orders[b] ?? 0) || (ties[a] ?? 0) - (ties[b] ?? 0)
    if (isSorted(orders.length, compare)) return { length: files.length, files, offsets }
    const starts = new Uint32Array(counts.length)
    for (let i = 1; i < counts.length; i++) starts[i] = (starts[i - 1] ?? 0) + (counts[i - 1] ?? 0)
    const sorted = { files: new Uint32Array(files.length), offsets: new Uint32Array(files.length) }
    let at = 0
    // What is equal keeps the order of the logs: the sort is stable.
    for (const commit of Uint32Array.from(orders.keys()).sort(compare)) {
      const [start, count] = [starts[commit] ?? 0, counts[commit] ?? 0]
      sorted.files.set(files.subarray(start, start + count), at)
      sorted.offsets.set(offsets.subarray(start, start + count), at)
      at += count
    }
    return { length: files.length, ...sorted }
  }
}

/** Offsets of the takes of one log; asked in about the order of the log, so that looking one up costs little. */
class SortedTakes {
  readonly #offsets: Uint32Array
  readonly #found: Uint8Array
  #cursor = 0

  constructor(offsets: Growing32 | undefined) {
    this.#offsets = offsets?.view().sort() ?? new Uint32Array(0)
    this.#found = new Uint8Array(this.#offsets.length)
  }

  /** Whether `offset` was taken. */
  remove(offset: number): boolean {
    const at = this.#find(offset)
    // Flume may give out an event twice when it was killed: then there are two takes.
    for (let i = at; this.#offsets[i] === offset; i++) this.#found[i] = 1
    return this.#offsets[at] === offset
  }

  /** Takes without an event so far. */
  rest(): Growing32 {
    const rest = new Growing32()
    for (let i = 0; i < this.#offsets.length; i++) if (this.#found[i] === 0) rest.push(this.#offsets[i] ?? 0)
    return rest
  }

  /** The first take at or behind `offset`: tried close to the last one, then by halving. */
  #find(offset: number): number {
    const offsets = this.#offsets
    for (let i = this.#cursor; i < this.#cursor + 4; i++) {
      if (i > 0 && !((offsets[i - 1] ?? 0) < offset)) break
      if (i >= offsets.length || (offsets[i] ?? 0) >= offset)
        return (this.#cursor = Math.min(i, offsets.length))
    }
    let low = 0
    let high = offsets.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((offsets[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    this.#cursor = low
    return low
  }
}

function isSorted(length: number, compare: (a: number, b: number) => number): boolean {
  for (let i = 1; i < length; i++) if (compare(i, i - 1) < 0) return false
  return true
}
