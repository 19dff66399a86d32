import type { Log } from '../core/contracts.ts'
import { AgentError, messageOf, systemCode } from '../core/errors.ts'
import { Background } from './background.ts'
import { BLOCK_BYTES } from './frame.ts'
import { Quarantine } from './segment-files.ts'
import { DATA_START } from './segment-header.ts'
import { type MakerOptions, RESERVES, SegmentMaker, type SpareFile } from './segment-maker.ts'
import { bytesOnDisk, pathOf, type Segment } from './segment.ts'

const RETRY_MS = 1000
const FULL =
  'There is no room for more events; what comes in is refused until there is. Free some, or lower minimumRequiredSpace.'
const NO_FILE = 'No file can be made for more events; what comes in is refused until one can.'

/** What the pool needs to know. */
export interface PoolOptions extends MakerOptions {
  readonly log: Log
  readonly keepFreeSegments: number
  readonly free: readonly SpareFile[]
  readonly reserves: readonly SpareFile[]
  /** A segment became ready, or none can be had for now. */
  readonly changed: () => void
}

/**
 * The files of the log that hold nothing, and the segments made of them. One segment is always made ahead. Two small
 * files, written once so that the disk has room for them, are kept for takes on a full disk.
 */
export class SegmentPool {
  /** Ready to be written to. */
  spare: Segment | undefined
  /** Made of a reserve, for takes and state only. */
  reserveSpare: Segment | undefined
  /** Why there is no spare; undefined while one is there or under way. */
  problem: AgentError | undefined
  readonly #options: PoolOptions
  readonly #free: SpareFile[]
  readonly #reserves: SpareFile[]
  /** Files that are about to be among those. */
  readonly #coming = { free: 0, reserve: 0 }
  readonly #quarantine: Quarantine
  readonly #work = new Background()
  readonly #maker: SegmentMaker
  #begunId = -1
  #preparing = false
  #preparingReserve = false
  #fillingReserves = false
  /** One could not be made. */
  #reserveFailed = false
  #closed = false
  #wantedBytes = 0
  #cancelRetry: (() => void) | undefined
  readonly #timers = new Set<() => void>()

  constructor(options: PoolOptions) {
    this.#options = options
    this.#quarantine = new Quarantine(options.disk, options.log)
    this.#free = [...options.free]
    this.#reserves = [...options.reserves]
    this.#maker = new SegmentMaker(options)
  }

  /** Files ready for reuse. */
  get freeFiles(): number {
    return this.#free.length
  }

  /** Bytes on disk of files that hold nothing. */
  get spareBytes(): number {
    const kept = [...this.#free, ...this.#reserves].reduce((sum, { size }) => sum + size, 0)
    const ready = [this.spare, this.reserveSpare].reduce(
      (sum, segment) => sum + (segment === undefined ? 0 : bytesOnDisk(segment)),
      0
    )
    return kept + ready
  }

  /** Makes a spare in the background that holds `bytes` of frames; calls changed() when it is there or fails. */
  want(bytes = 0): void {
    const needed = DATA_START + 2 * BLOCK_BYTES + bytes
    if (this.spare !== undefined && this.spare.size < needed) {
      this.#discardLater(this.spare)
      this.spare = undefined
    }
    this.#wantedBytes = Math.max(this.#wantedBytes, needed)
    if (this.spare !== undefined || this.#preparing || this.#closed) return
    if (this.problem !== undefined && this.#cancelRetry !== undefined) return
    this.#preparing = true
    const wanted = this.#wantedBytes
    this.#run(async () => {
      try {
        // Looked at right before it is kept: another one may have been begun in the meantime.
        let segment = await this.#prepare(wanted)
        while (segment.id <= this.#begunId) {
          await this.#discard(segment)
          segment = await this.#prepare(wanted)
        }
        this.#noteProblem(undefined)
        if (segment.size >= this.#wantedBytes) this.#wantedBytes = 0
        this.spare = segment
        if (this.#reserveFailed) this.fillReserves()
      } catch (error) {
        // Who wants that much asks again as long as it waits; what is smaller must not wait for it for ever.
        this.#wantedBytes = 0
        this.#noteProblem(asProblem(error))
        this.#retryLater()
      }
      this.#preparing = false
      if (!this.#closed) this.#options.changed()
    })
  }

  /** Makes a segment out of a reserve in the background; where there is none, a new reserve first. */
  wantReserve(): void {
    if (this.reserveSpare !== undefined || this.#preparingReserve || this.#closed) return
    const at = this.#reserves.findIndex(({ folder }) => this.#options.folders.isThere(folder))
    const [file] = at < 0 ? [] : this.#reserves.splice(at, 1)
    if (file === undefined) return this.fillReserves()
    this.#preparingReserve = true
    this.#run(async () => {
      try {
        const segment = await this.#maker.reuse(file, true)
        if (segment.id > this.#begunId) this.reserveSpare = segment
        else await this.#discard(segment)
      } catch (error) {
        this.#reserves.push(file)
        this.#options.log.debug('A reserve segment cannot be used.', {
          file: file.path,
          reason: messageOf(error)
        })
        this.#later(() => this.#reserveDone())
        return
      }
      this.#reserveDone()
    })
  }

  /** The log goes on in this segment. Those made before it and not used yet would come before it at the next start. */
  begun({ id }: Segment): void {
    this.#begunId = id
    const { spare, reserveSpare } = this
    if (spare !== undefined && spare.id <= id) {
      this.spare = undefined
      if (spare.id < id) this.#discardLater(spare)
    }
    if (reserveSpare !== undefined && reserveSpare.id <= id) {
      this.reserveSpare = undefined
      if (reserveSpare.id < id) this.#discardLater(reserveSpare)
    }
  }

  /** A number that no segment has. */
  newId(): number {
    return this.#maker.newId()
  }

  /** Files that hold nothing, in a folder. */
  filesIn(folder: string): readonly SpareFile[] {
    return [...this.#free, ...this.#reserves].filter(file => file.folder === folder)
  }

  /** Of these files no name is left. */
  forget(files: readonly SpareFile[]): void {
    if (files.length === 0) return
    for (const list of [this.#free, this.#reserves])
      for (const file of files) if (list.includes(file)) list.splice(list.indexOf(file), 1)
    this.fillReserves()
  }

  /** To a segment that was made ahead no name leads any more: another one takes its place. */
  drop(segment: Segment): void {
    if (this.spare === segment) this.spare = undefined
    else if (this.reserveSpare === segment) this.reserveSpare = undefined
    else return
    this.#run(async () => {
      await segment.file?.close().catch(() => undefined)
      segment.file = undefined
      this.want()
    })
  }

  /** Creates missing reserves in the background; calls changed() when there is one for those who had none. */
  fillReserves(): void {
    if (this.#fillingReserves) return
    this.#fillingReserves = true
    this.#run(async () => {
      const hadNone = this.#reserves.length === 0
      while (this.#lacksReserves && !this.#closed && (await this.#addReserve()));
      this.#fillingReserves = false
      if (hadNone && this.#reserves.length > 0 && !this.#closed) this.#options.changed()
    })
  }

  /**
   * Takes back a segment that holds nothing any more and is not open; tries again later what fails. `isTaken` says that
   * the name which it would be kept under is that of another segment.
   */
  release(segment: Segment, isTaken = false): void {
    this.#run(() => this.#release(segment, { isTaken, wasTold: false }))
  }

  async #release(
    segment: Segment,
    { isTaken, wasTold }: { readonly isTaken: boolean; readonly wasTold: boolean }
  ): Promise<void> {
    const keep = !isTaken && this.#isWorthKeeping(segment)
    const role = segment.reserve ? 'reserve' : 'free'
    if (keep) this.#coming[role]++
    try {
      await this.#takeBack(segment, keep ? role : undefined)
    } catch (error) {
      const facts = { file: segment.path, reason: messageOf(error) }
      // Somebody did it, or it was done though it failed.
      if (systemCode(error) === 'ENOENT') return
      if (!wasTold) this.#options.log.warn('A consumed segment cannot be removed yet.', facts)
      this.#later(() => this.#run(() => this.#release(segment, { isTaken, wasTold: true })))
    } finally {
      if (keep) this.#coming[role]--
      if (this.problem !== undefined) this.#retryNow()
    }
  }

  #isWorthKeeping({ reserve, allocated, end, size }: Segment): boolean {
    if (reserve) return this.#lacksReserves
    const isWritten = allocated || end > size / 2
    const hasRoom = this.#free.length + this.#coming.free < this.#options.keepFreeSegments
    return size === this.#options.segmentBytes && isWritten && hasRoom
  }

  async #takeBack(segment: Segment, role: 'free' | 'reserve' | undefined): Promise<void> {
    const { disk, folders } = this.#options
    const { folder, path, size, id } = segment
    if (segment.nameless) return
    await folders.need(folder)
    if (segment.unreadable) return this.#quarantine.move(segment)
    if (role === undefined) return disk.unlink(path)
    const freed = freedPath({ folder, reserve: role === 'reserve', id })
    await disk.rename(path, freed)
    const list = role === 'reserve' ? this.#reserves : this.#free
    list.push({ folder, path: freed, size })
  }

  /** Gives up what was made and not used. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry?.()
    for (const cancel of this.#timers) cancel()
    await this.#work.settled()
    const ready = [this.spare, this.reserveSpare]
    this.spare = this.reserveSpare = undefined
    for (const segment of ready) if (segment !== undefined) await this.#discard(segment)
    await this.#work.settled()
  }

  #noteProblem(problem: AgentError | undefined): void {
    const { log } = this.#options
    if (problem === undefined && this.problem !== undefined) {
      log.info('There is room for events again.')
      this.fillReserves()
    }
    if (problem !== undefined && problem.code !== this.problem?.code)
      log.error(problem.code === 'ERR_CHANNEL_FULL' ? FULL : NO_FILE, {
        ...problem.facts,
        reason: problem.message
      })
    this.problem = problem
  }

  get #lacksReserves(): boolean {
    return this.#reserves.length + this.#coming.reserve < RESERVES
  }

  async #addReserve(): Promise<boolean> {
    try {
      const file = await this.#maker.newReserve()
      this.#reserveFailed = false
      if (this.#lacksReserves) this.#reserves.push(file)
      else await this.#options.disk.unlink(file.path) // one came back in the meantime
      return true
    } catch (error) {
      if (!this.#reserveFailed)
        this.#options.log.warn('The channel has no reserve for a full disk.', { reason: messageOf(error) })
      this.#reserveFailed = true
      return false
    }
  }

  #reserveDone(): void {
    this.#preparingReserve = false
    if (!this.#closed) this.#options.changed()
  }

  #run(task: () => Promise<void>): void {
    this.#work.add(task())
  }

  #discardLater(segment: Segment): void {
    this.#run(() => this.#discard(segment))
  }

  async #discard(segment: Segment): Promise<void> {
    await segment.file?.close().catch(() => undefined)
    segment.file = undefined
    this.release(segment)
  }

  /** Unless the pool is closed before. */
  #later(work: () => void): void {
    if (this.#closed) return
    const cancel = this.#options.clock.after(RETRY_MS, () => {
      this.#timers.delete(cancel)
      work()
    })
    this.#timers.add(cancel)
  }

  #retryLater(): void {
    if (this.#closed) return
    this.#cancelRetry ??= this.#options.clock.after(RETRY_MS, () => this.#retryNow())
  }

  #retryNow(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    if (!this.#closed) this.want()
  }

  async #prepare(bytes: number): Promise<Segment> {
    const { folders } = this.#options
    const at = this.#free.findIndex(({ size, folder }) => size >= bytes && folders.isThere(folder))
    const [file] = at < 0 ? [] : this.#free.splice(at, 1)
    if (file === undefined) return this.#maker.create(bytes)
    try {
      return await this.#maker.reuse(file, false)
    } catch (error) {
      this.#options.log.warn('A segment cannot be reused.', { file: file.path, reason: messageOf(error) })
      await this.#options.disk.unlink(file.path).catch(() => undefined)
      return this.#maker.create(bytes)
    }
  }
}

/** Where a segment that holds nothing is kept. */
export function freedPath({ folder, reserve, id }: Pick<Segment, 'folder' | 'reserve' | 'id'>): string {
  return pathOf(folder, reserve ? 'reserve' : 'free', id)
}

function asProblem(error: unknown): AgentError {
  if (error instanceof AgentError) return error
  return new AgentError('ERR_CHANNEL', `No segment can be made: ${messageOf(error)}`, {}, error)
}
