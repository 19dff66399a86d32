import type { Clock, Log } from '../core/contracts.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import { type FrameCipher, SALT_BYTES } from './frame-cipher.ts'
import { BLOCK_BYTES, frameSeed } from './frame.ts'
import { DATA_START, encodeSegmentHeader, type SegmentHeader } from './segment-header.ts'
import { pathOf, type Segment, withFile, writeAll } from './segment.ts'

const MEBIBYTE = 1024 * 1024
const RETRY_MS = 1000
const RESERVES = 2

/** A file that holds nothing: for reuse, or for a full disk. */
export interface SpareFile {
  readonly folder: string
  readonly path: string
  readonly size: number
}

/** What the pool needs to know. */
export interface PoolOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  readonly folders: readonly string[]
  readonly segmentBytes: number
  readonly minimumFreeBytes: number
  readonly keepFreeSegments: number
  readonly cipher: FrameCipher | undefined
  readonly channelId: Buffer
  /** Ids from here on are new. */
  readonly nextId: number
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
  readonly #work = new Set<Promise<unknown>>()
  #nextId: number
  #begunId = -1
  #turn = 0
  #preparing = false
  #preparingReserve = false
  #closed = false
  #wantedBytes = 0
  #cancelRetry: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#free = [...options.free]
    this.#reserves = [...options.reserves]
    this.#nextId = options.nextId
  }

  /** Files ready for reuse. */
  get freeFiles(): number {
    return this.#free.length
  }

  /** Bytes of files that hold nothing. */
  get spareBytes(): number {
    return [...this.#free, ...this.#reserves].reduce((sum, { size }) => sum + size, 0)
  }

  /** Size of the files kept for a full disk. */
  get reserveBytes(): number {
    return Math.min(this.#options.segmentBytes, MEBIBYTE)
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
        const segment = await this.#prepareNext(wanted)
        this.problem = undefined
        if (segment.size >= this.#wantedBytes) this.#wantedBytes = 0
        this.spare = segment
      } catch (error) {
        this.problem = asProblem(error)
        this.#retryLater()
      }
      this.#preparing = false
      if (!this.#closed) this.#options.changed()
    })
  }

  /** Makes a segment out of a reserve in the background. */
  wantReserve(): void {
    if (this.reserveSpare !== undefined || this.#preparingReserve || this.#closed) return
    const file = this.#reserves.shift()
    if (file === undefined) return
    this.#preparingReserve = true
    this.#run(async () => {
      try {
        const segment = await this.#reuse(file, true)
        if (segment.id > this.#begunId) this.reserveSpare = segment
        else await this.#discard(segment)
      } catch (error) {
        this.#reserves.push(file)
        this.#options.log.debug('A reserve segment cannot be used.', {
          file: file.path,
          reason: messageOf(error)
        })
        this.#options.clock.after(RETRY_MS, () => this.#reserveDone())
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

  /** Creates missing reserves in the background. */
  fillReserves(): void {
    this.#run(async () => {
      while (this.#reserves.length < RESERVES && !this.#closed) {
        try {
          this.#reserves.push(await this.#newReserve())
        } catch (error) {
          this.#options.log.warn('The channel has no reserve for a full disk.', { reason: messageOf(error) })
          return
        }
      }
    })
  }

  /** Takes back a segment that holds nothing any more and is not open. */
  release(segment: Segment): void {
    const { folder, path, size, id } = segment
    const role = segment.reserve ? 'reserve' : 'free'
    const keep = segment.reserve
      ? this.#reserves.length < RESERVES
      : size === this.#options.segmentBytes &&
        segment.end > size / 2 &&
        this.#free.length < this.#options.keepFreeSegments
    this.#run(async () => {
      const { disk, log } = this.#options
      try {
        if (!keep) return await disk.unlink(path)
        const freed = pathOf(folder, role, id)
        await disk.rename(path, freed)
        const list = segment.reserve ? this.#reserves : this.#free
        list.push({ folder, path: freed, size })
      } catch (error) {
        log.warn('A consumed segment cannot be removed; the next start does it.', {
          file: path,
          reason: messageOf(error)
        })
      } finally {
        if (this.problem !== undefined) this.#retryNow()
      }
    })
  }

  /** Gives up what was made and not used. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry?.()
    while (this.#work.size > 0) await Promise.all(this.#work)
    for (const segment of [this.spare, this.reserveSpare]) {
      await segment?.file?.close().catch(() => undefined)
    }
  }

  #reserveDone(): void {
    this.#preparingReserve = false
    if (!this.#closed) this.#options.changed()
  }

  #run(task: () => Promise<void>): void {
    const work: Promise<void> = task().finally(() => this.#work.delete(work))
    this.#work.add(work)
  }

  #discardLater(segment: Segment): void {
    this.#run(() => this.#discard(segment))
  }

  async #discard(segment: Segment): Promise<void> {
    await segment.file?.close().catch(() => undefined)
    segment.file = undefined
    this.release(segment)
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#options.clock.after(RETRY_MS, () => this.#retryNow())
  }

  #retryNow(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    if (!this.#closed) this.want()
  }

  async #prepareNext(bytes: number): Promise<Segment> {
    for (;;) {
      const segment = await this.#prepare(bytes)
      if (segment.id > this.#begunId) return segment
      await this.#discard(segment)
    }
  }

  async #prepare(bytes: number): Promise<Segment> {
    const at = this.#free.findIndex(({ size }) => size >= bytes)
    const [file] = at < 0 ? [] : this.#free.splice(at, 1)
    if (file === undefined) return this.#create(bytes)
    try {
      return await this.#reuse(file, false)
    } catch (error) {
      this.#options.log.warn('A segment cannot be reused.', { file: file.path, reason: messageOf(error) })
      await this.#options.disk.unlink(file.path).catch(() => undefined)
      return this.#create(bytes)
    }
  }

  async #reuse(file: SpareFile, reserve: boolean): Promise<Segment> {
    const { disk } = this.#options
    const segment = this.#newSegment(file.folder, file.size, reserve)
    const open = await disk.open(file.path, { create: false, synced: true })
    try {
      await this.#writeHeader(segment, open)
      await disk.rename(file.path, segment.path)
      await disk.syncFolder(file.folder)
    } catch (error) {
      await open.close().catch(() => undefined)
      throw error
    }
    segment.file = open
    return segment
  }

  async #create(bytes: number): Promise<Segment> {
    let problem: unknown
    for (let i = 0; i < this.#options.folders.length; i++) {
      const folder = this.#options.folders[this.#turn++ % this.#options.folders.length] ?? ''
      try {
        return await this.#createIn(folder, await this.#sizeFor(folder, bytes))
      } catch (error) {
        problem ??= error
      }
    }
    throw problem
  }

  async #createIn(folder: string, size: number): Promise<Segment> {
    const { disk } = this.#options
    const segment = this.#newSegment(folder, size, false)
    let open: DiskFile | undefined
    try {
      open = await disk.open(segment.path, { create: true, synced: true })
      await this.#writeHeader(segment, open)
      await disk.syncFolder(folder)
    } catch (error) {
      await open?.close().catch(() => undefined)
      await disk.unlink(segment.path).catch(() => undefined)
      throw error
    }
    segment.file = open
    return segment
  }

  /** Smaller than usual where the disk is nearly full. */
  async #sizeFor(folder: string, bytes: number): Promise<number> {
    const { disk, segmentBytes, minimumFreeBytes } = this.#options
    const free = await disk.freeBytes(folder)
    const wanted = Math.ceil(Math.max(segmentBytes, bytes) / BLOCK_BYTES) * BLOCK_BYTES
    const smallest = Math.max(bytes, this.reserveBytes)
    const room = Math.floor((free - minimumFreeBytes) / BLOCK_BYTES) * BLOCK_BYTES
    if (room >= 2 * wanted) return wanted
    const size = Math.max(
      Math.ceil(smallest / BLOCK_BYTES) * BLOCK_BYTES,
      Math.floor(room / 2 / BLOCK_BYTES) * BLOCK_BYTES
    )
    if (room >= size) return Math.min(size, wanted)
    throw new AgentError(
      'ERR_CHANNEL_FULL',
      `Usable space exhausted, only ${free} bytes remaining, required ` + `${minimumFreeBytes + size} bytes`,
      { folder }
    )
  }

  async #newReserve(): Promise<SpareFile> {
    const { disk, folders } = this.#options
    const folder = folders[0] ?? ''
    const path = pathOf(folder, 'reserve', this.#nextId++)
    const size = this.reserveBytes
    try {
      await withFile(disk, path, { create: true, synced: true }, file =>
        writeAll(file, Buffer.alloc(size), 0)
      )
      await disk.syncFolder(folder)
    } catch (error) {
      await disk.unlink(path).catch(() => undefined)
      throw error
    }
    return { folder, path, size }
  }

  #newSegment(folder: string, size: number, reserve: boolean): Segment {
    const { cipher, channelId, clock } = this.#options
    const id = this.#nextId++
    const keyId = cipher?.keyId
    const salt = cipher?.newSalt() ?? Buffer.alloc(SALT_BYTES)
    return {
      id,
      folder,
      path: pathOf(folder, 'seg', id),
      size,
      reserve,
      created: clock.now(),
      seed: frameSeed(channelId, id),
      cipher: keyId === undefined ? undefined : cipher?.forSegment({ keyId, salt, channelId, segmentId: id }),
      firstEvent: 0,
      nextEvent: 0,
      headEvents: 0,
      tailEvents: 0,
      end: DATA_START,
      lastFrame: 0,
      stated: false,
      sealed: false,
      failed: false,
      file: undefined,
      readers: 0,
      salt
    }
  }

  async #writeHeader(segment: Segment, file: DiskFile): Promise<void> {
    const { cipher, channelId } = this.#options
    const header: SegmentHeader = {
      id: segment.id,
      size: segment.size,
      channelId,
      keyId: cipher?.keyId,
      salt: segment.salt,
      created: segment.created
    }
    await writeAll(file, encodeSegmentHeader(header), 0)
  }
}

function asProblem(error: unknown): AgentError {
  if (error instanceof AgentError) return error
  return new AgentError('ERR_CHANNEL', `No segment can be made: ${messageOf(error)}`, {}, error)
}
