import type { Clock } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import type { Lineage } from './epoch.ts'
import type { FolderPresence } from './folder-presence.ts'
import { type FrameCipher, SALT_BYTES } from './frame-cipher.ts'
import { BLOCK_BYTES, frameSeed } from './frame.ts'
import { DATA_START, encodeSegmentHeader, firstBlocks, lastBlock } from './segment-header.ts'
import { pathOf, type Segment, sealPosition, withFile, writeAll } from './segment.ts'

const MEBIBYTE = 1024 * 1024
/** Files that are kept for a full disk. */
export const RESERVES = 2

/** A file that holds nothing: for reuse, or for a full disk. */
export interface SpareFile {
  readonly folder: string
  readonly path: string
  readonly size: number
}

/** What is needed to make segments. */
export interface MakerOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly folders: FolderPresence
  readonly segmentBytes: number
  readonly minimumFreeBytes: number
  readonly cipher: FrameCipher | undefined
  readonly channelId: Buffer
  /** Ids from here on are new. */
  readonly nextId: number
  /** The epoch that they are made in. */
  readonly lineage: Lineage
}

/** Makes segments, each with a number of its own, and the files kept for a full disk. */
export class SegmentMaker {
  readonly #options: MakerOptions
  #nextId: number
  #turn = 0

  constructor(options: MakerOptions) {
    this.#options = options
    this.#nextId = options.nextId
  }

  /** A number that no other segment has or will have. */
  newId(): number {
    return this.#nextId++
  }

  get #reserveBytes(): number {
    return Math.min(this.#options.segmentBytes, MEBIBYTE)
  }

  /** A segment in a file that held nothing. */
  async reuse(file: SpareFile, reserve: boolean): Promise<Segment> {
    await this.#options.folders.need(file.folder)
    const segment = this.#newSegment(file, { reserve, allocated: true })
    const open = await this.#options.disk.open(file.path, { create: false, synced: true })
    try {
      // Where a sync of its length failed before a kill, no later one makes up for it: a write does.
      await writeAll(open, lastBlock(segment.header), sealPosition(segment))
    } catch (error) {
      await open.close().catch(() => undefined)
      throw error
    }
    return this.#begin(segment, open, file.path)
  }

  /** A segment in a new file, with room for `bytes`, in one folder after the other. Rejects with ERR_CHANNEL_FULL when there is no room. */
  async create(bytes: number): Promise<Segment> {
    let problem: unknown
    const { folders } = this.#options.folders
    for (let i = 0; i < folders.length; i++) {
      const folder = folders[this.#turn++ % folders.length] ?? ''
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
    const segment = this.#newSegment({ folder, size }, { reserve: false, allocated: false })
    const draft = pathOf(folder, 'free', segment.id)
    try {
      return await this.#begin(segment, await this.#newFile(draft, segment), draft)
    } catch (error) {
      await disk.unlink(draft).catch(() => undefined)
      throw error
    }
  }

  /** As long as it will ever be, so that one that is shorter was cut short. */
  async #newFile(path: string, segment: Segment): Promise<DiskFile> {
    const open = await this.#options.disk.open(path, { create: true, synced: true })
    try {
      await open.truncate(segment.size)
      await writeAll(open, lastBlock(segment.header), sealPosition(segment))
    } catch (error) {
      await open.close().catch(() => undefined)
      throw error
    }
    return open
  }

  /** A file gets the name of a segment once its length and header are on the disk. */
  async #begin(segment: Segment, open: DiskFile, path: string): Promise<Segment> {
    const { disk } = this.#options
    try {
      await open.sync()
      await writeAll(open, firstBlocks(segment.header), 0)
      await disk.rename(path, segment.path)
      await disk.syncFolder(segment.folder)
    } catch (error) {
      await open.close().catch(() => undefined)
      // It may have its new name already; under the old one it is used again, or removed.
      await disk.rename(segment.path, path).catch(() => undefined)
      throw error
    }
    segment.file = open
    return segment
  }

  /** Smaller than usual where the disk is nearly full. */
  async #sizeFor(folder: string, bytes: number): Promise<number> {
    await this.#options.folders.need(folder)
    const { disk, segmentBytes, minimumFreeBytes } = this.#options
    const free = await disk.freeBytes(folder)
    const wanted = Math.ceil(Math.max(segmentBytes, bytes) / BLOCK_BYTES) * BLOCK_BYTES
    const smallest = Math.max(bytes, this.#reserveBytes)
    const room = Math.floor((free - minimumFreeBytes) / BLOCK_BYTES) * BLOCK_BYTES
    if (room >= 2 * wanted) return wanted
    const size = Math.max(
      Math.ceil(smallest / BLOCK_BYTES) * BLOCK_BYTES,
      Math.floor(room / 2 / BLOCK_BYTES) * BLOCK_BYTES
    )
    if (room >= size) return Math.min(size, wanted)
    throw new AgentError(
      'ERR_CHANNEL_FULL',
      `Usable space exhausted, only ${free} bytes remaining, required ${minimumFreeBytes + size} bytes, in ${folder}`,
      { folder }
    )
  }

  /** A file for a full disk, written once. */
  async newReserve(): Promise<SpareFile> {
    const { disk, folders } = this.#options
    const folder = folders.there[0] ?? folders.folders[0] ?? ''
    await folders.need(folder)
    const path = pathOf(folder, 'reserve', this.#nextId++)
    const size = this.#reserveBytes
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

  #newSegment(
    { folder, size }: Pick<Segment, 'folder' | 'size'>,
    kind: Pick<Segment, 'reserve' | 'allocated'>
  ): Segment {
    const { cipher, channelId, clock, lineage } = this.#options
    const id = this.#nextId++
    const keyId = cipher?.keyId
    const salt = cipher?.newSalt() ?? Buffer.alloc(SALT_BYTES)
    const created = clock.now()
    return {
      id,
      folder,
      path: pathOf(folder, 'seg', id),
      size,
      ...kind,
      created,
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
      unreadable: false,
      failed: false,
      nameless: false,
      file: undefined,
      readers: 0,
      salt,
      header: encodeSegmentHeader({ id, size, channelId, keyId, salt, created, lineage })
    }
  }
}
