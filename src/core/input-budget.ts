import { FairLine, type Sharer } from './fair-line.ts'

const MIB = 1024 * 1024

/** What all sources of an agent together may hold of what they read. */
export interface InputLimits {
  /** Bodies on their way to the channels. */
  readonly bytes: number
  /** Events on their way to the channels: each costs memory and time, however short it is. */
  readonly events: number
  /** Pieces of events whose end has not come yet. */
  readonly unfinishedBytes: number
}

/** Some 10 ms of work, and enough for a disk to be written while more is read. */
export const INPUT_LIMITS: InputLimits = { bytes: 8 * MIB, events: 32 * 1024, unfinishedBytes: 64 * MIB }

/** The limits where channels may hold so many bytes: unfinished events take an eighth of that more. */
export function inputLimits(memoryBytes: number): InputLimits {
  return { ...INPUT_LIMITS, unfinishedBytes: Math.max(INPUT_LIMITS.unfinishedBytes, memoryBytes / 8) }
}

/** What a reader reads at once, and with that what it keeps at most when there is no room for it. */
export const CHUNK_BYTES = 4 * 1024
/** The same for the few that send much, and for nobody whose chunks hold too many events. */
export const LARGE_CHUNK_BYTES = 64 * 1024
export const MOST_LARGE = 16
const MOST_EVENTS_OF_LARGE = 2048

/** An event costs as much time as so many bytes. */
const EVENT_WEIGHT = 32

/** What a reader took in of one chunk. */
export interface Taken {
  /** Read from outside. */
  readonly read: number
  /** Bodies of the events that are now on their way. */
  readonly bytes: number
  readonly events: number
  /** All that it holds of an event whose end has not come yet. */
  readonly unfinishedBytes: number
}

/** What a reader does when it is told to. */
export interface Reading {
  /** It is its turn: ask admit() again, take in what was kept, read on. */
  goOn(): void
  /** There is too much of unfinished events, and most is its: let go of it. */
  giveUp(): void
}

/**
 * What the sources of one agent read and the channels do not hold yet: one budget for all connections and files, so
 * that it does not grow with their number. When it is used up readers get in line, and who had least is next; so one
 * that sends little does not wait behind those that send without end. Bounds: the limits and one chunk of one reader,
 * and for each waiting reader the chunk that it had read when it found no room.
 */
export class InputBudget {
  readonly limits: InputLimits
  readonly #line = new FairLine<InputReader>()
  readonly #readers = new Set<InputReader>()
  #bytes = 0
  #events = 0
  #keptBytes = 0
  #unfinishedBytes = 0
  #large = 0
  #isServing = false

  constructor(limits: InputLimits = INPUT_LIMITS) {
    this.limits = limits
  }

  /** Bytes of bodies on their way. */
  get bytes(): number {
    return this.#bytes
  }

  /** Events on their way. */
  get events(): number {
    return this.#events
  }

  /** Bytes that were read and wait for room. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Bytes of events whose end has not come yet. */
  get unfinishedBytes(): number {
    return this.#unfinishedBytes
  }

  /** Readers that wait for room. */
  get waiting(): number {
    return this.#line.length
  }

  /** A new connection, file or socket. It must leave() in the end. */
  reader(reading: Reading): InputReader {
    const reader: InputReader = new InputReader(reading, {
      admit: kept => this.#admit(reader, kept),
      took: taken => this.#took(reader, taken),
      nextChunkBytes: () => this.#resize(reader, reader.wantsLarge),
      leave: () => this.#leave(reader)
    })
    this.#readers.add(reader)
    return reader
  }

  /** What was taken in is stored or refused, whoever's it was. Those in line go on, once other work had its turn. */
  release(bytes: number, events: number): void {
    this.#bytes -= bytes
    this.#events -= events
    if (this.#isServing || this.#line.length === 0) return
    this.#isServing = true
    setImmediate(() => {
      this.#isServing = false
      this.#serve()
    })
  }

  #serve(): void {
    while (this.#hasRoom()) {
      const reader = this.#line.next()
      if (reader === undefined) break
      reader.reading.goOn()
    }
  }

  #hasRoom(): boolean {
    return this.#bytes < this.limits.bytes && this.#events < this.limits.events
  }

  #admit(reader: InputReader, keptBytes: number): boolean {
    const isAdmitted = this.#hasRoom()
    if (!isAdmitted) this.#line.join(reader)
    this.#keptBytes += (isAdmitted ? 0 : keptBytes) - reader.keptBytes
    reader.keptBytes = isAdmitted ? 0 : keptBytes
    return isAdmitted
  }

  #took(reader: InputReader, { read, bytes, events, unfinishedBytes }: Taken): void {
    this.#bytes += bytes
    this.#events += events
    this.#line.used(reader, read + EVENT_WEIGHT * events)
    reader.wantsLarge = read >= reader.chunkBytes && events < MOST_EVENTS_OF_LARGE
    this.#unfinishedBytes += unfinishedBytes - reader.unfinishedBytes
    reader.unfinishedBytes = unfinishedBytes
    if (this.#unfinishedBytes > this.limits.unfinishedBytes) this.#longest()?.reading.giveUp()
  }

  #resize(reader: InputReader, isLarge: boolean): number {
    const wasLarge = reader.chunkBytes === LARGE_CHUNK_BYTES
    if (isLarge !== wasLarge && (wasLarge || this.#large < MOST_LARGE)) {
      this.#large += isLarge ? 1 : -1
      reader.chunkBytes = isLarge ? LARGE_CHUNK_BYTES : CHUNK_BYTES
    }
    return reader.chunkBytes
  }

  /** One alone may have as much as its own limit lets it. */
  #longest(): InputReader | undefined {
    let longest: InputReader | undefined
    let others = 0
    for (const reader of this.#readers) {
      if (reader.unfinishedBytes > CHUNK_BYTES) others++
      if (reader.unfinishedBytes > (longest?.unfinishedBytes ?? 0)) longest = reader
    }
    return others > 1 ? longest : undefined
  }

  #leave(reader: InputReader): void {
    if (!this.#readers.delete(reader)) return
    this.#line.leave(reader)
    this.#resize(reader, false)
    this.#keptBytes -= reader.keptBytes
    this.#unfinishedBytes -= reader.unfinishedBytes
  }
}

/** The side of the budget that one connection, file or socket sees. */
export class InputReader implements Sharer {
  readonly reading: Reading
  chunkBytes = CHUNK_BYTES
  wantsLarge = false
  usedUpTo = 0
  keptBytes = 0
  unfinishedBytes = 0
  /**
   * Whether there is room for what it read or is about to read. If not it is in line, and reads nothing more until it
   * is told to go on; meanwhile it keeps `keptBytes` that it has read.
   */
  readonly admit: (keptBytes: number) => boolean
  /** Counts what it took in, until that is released. */
  readonly took: (taken: Taken) => void
  /** Asked before each read: how much it may read at once this time. */
  readonly nextChunkBytes: () => number
  /** It reads nothing more, and lets go of what it kept. */
  readonly leave: () => void

  constructor(reading: Reading, budget: Pick<InputReader, 'admit' | 'took' | 'nextChunkBytes' | 'leave'>) {
    this.reading = reading
    this.admit = budget.admit
    this.took = budget.took
    this.nextChunkBytes = budget.nextChunkBytes
    this.leave = budget.leave
  }
}
