import { basename, dirname, join } from 'node:path'
import type { Clock, Log } from '../core/contracts.ts'
import { AgentError, messageOf, systemCode } from '../core/errors.ts'
import { type Disk, NO_FILE } from './disk.ts'
import { CarefulReader, isMediumError, isOpenError, type SegmentReads } from './careful-reader.ts'
import type { FrameCipher } from './frame-cipher.ts'
import { readSeal, type Seal } from './frame-codec.ts'
import { BLOCK_BYTES, frameSeed, payloadIsIntact, readFrameHeader, FRAME_HEADER_BYTES } from './frame.ts'
import { patientReader, withReader } from './read-patience.ts'
import {
  DATA_START,
  decodeHeaderCopy,
  decodeSegmentHeader,
  encodeSegmentHeader,
  type SegmentHeader
} from './segment-header.ts'
import { type FileRole, readFully, readName, type Segment, sealPosition, withFile } from './segment.ts'

const LARGEST_POSITION = 0xffff_ffff

/** A disk, and the time by which it is given up. */
export interface DiskPlace {
  readonly disk: Disk
  readonly clock: Clock
}

/** A file of the log as found in a folder. */
export interface FoundFile {
  readonly folder: string
  readonly path: string
  readonly role: FileRole
  /** As the name says. */
  readonly nameId: number
  readonly bytes: number
  /** Undefined when all copies are damaged. */
  readonly header: SegmentHeader | undefined
  /** Whether its first frame is there. */
  readonly used: boolean
  /** Why nothing in it can ever be read. */
  readonly fault: string | undefined
}

/** All files of the log in these folders, which are made when missing. */
export async function findFiles(place: DiskPlace, folders: readonly string[]): Promise<FoundFile[]> {
  const { disk } = place
  const found: FoundFile[] = []
  for (const folder of folders) {
    await disk.makeFolder(folder)
    await syncParents(disk, folder)
    // What the process before saw removed or renamed must not come back after power loss.
    await disk.syncFolder(folder)
    for (const name of await disk.list(folder)) {
      const named = readName(name)
      if (named === undefined) continue
      const path = join(folder, name)
      found.push({
        folder,
        path,
        role: named.role,
        nameId: named.id,
        ...(await probe(place, path))
      })
    }
  }
  return found
}

/** The folder may be new: power loss must not take it away. Parents further up may be out of reach. */
async function syncParents(disk: Disk, folder: string): Promise<void> {
  const parent = dirname(folder)
  await disk.syncFolder(parent)
  if (parent === dirname(parent)) return
  await syncParents(disk, parent).catch(() => undefined)
}

async function probe(
  place: DiskPlace,
  path: string
): Promise<Pick<FoundFile, 'bytes' | 'header' | 'used' | 'fault'>> {
  try {
    return await withReader(place, path, async (reads, file) => {
      const bytes = await file.size()
      const start = Buffer.alloc(Math.min(DATA_START + FRAME_HEADER_BYTES, bytes))
      const read = await readFully(reads, start, 0)
      const found = decodeSegmentHeader(start.subarray(0, Math.min(read, DATA_START)))
      const header = found ?? (await readHeaderCopy(reads, bytes))
      return { bytes, header, used: hasFrame(start.subarray(0, read), header), fault: undefined }
    })
  } catch (error) {
    const nothing = { bytes: 0, header: undefined, used: false }
    if (systemCode(error) === NO_FILE)
      return { ...nothing, fault: 'It is no file, but a folder, a pipe or a device' }
    if (!isOpenError(error)) throw error
    await patientReader(place.disk, place.clock, path)(0, error)
    const fault = isMediumError(error) ? 'The disk cannot open the file' : 'It is a link that leads nowhere'
    return { ...nothing, fault }
  }
}

/** The header at the other end of a file. */
async function readHeaderCopy(reads: SegmentReads, fileBytes: number): Promise<SegmentHeader | undefined> {
  const block = Buffer.alloc(BLOCK_BYTES)
  if (fileBytes < DATA_START + BLOCK_BYTES) return undefined
  const read = await readFully(reads, block, fileBytes - BLOCK_BYTES)
  return decodeHeaderCopy(block.subarray(0, read), fileBytes)
}

function hasFrame(start: Buffer, header: SegmentHeader | undefined): boolean {
  if (header === undefined || start.length < DATA_START + FRAME_HEADER_BYTES) return false
  const { id, channelId } = header
  const place = { segmentId: id, seed: frameSeed(channelId, id), position: DATA_START }
  return readFrameHeader(start, DATA_START, place) !== undefined
}

/** For `what` is encrypted with a key that nobody gave. */
export function keyMissing(
  what: string,
  facts: { readonly file: string; readonly keyId: string | undefined }
): AgentError {
  const message = `${what} is encrypted with a key that is not configured; name it in encryption.keyProvider.keys or encryption.oldKeyFiles.`
  return new AgentError('ERR_CHANNEL', message, facts)
}

/** The segment that a file holds. Throws ERR_CHANNEL when its key is not among those given. */
export function segmentOf(file: FoundFile, channelId: Buffer, cipher: FrameCipher | undefined): Segment {
  const { header, folder, path } = file
  const id = header?.id ?? file.nameId
  const size = header?.size ?? Math.max(DATA_START + BLOCK_BYTES, wholeBlocks(file.bytes))
  const salt = header?.salt ?? Buffer.alloc(0)
  const keyId = header?.keyId
  const segmentCipher =
    keyId === undefined ? undefined : cipher?.forSegment({ keyId, salt, channelId, segmentId: id })
  if (keyId !== undefined && segmentCipher === undefined) {
    throw keyMissing('A segment of the log', { file: path, keyId })
  }
  return {
    id,
    folder,
    path,
    size,
    salt,
    header: header === undefined ? Buffer.alloc(0) : encodeSegmentHeader(header),
    reserve: false,
    created: header?.created ?? 0,
    seed: frameSeed(channelId, id),
    cipher: segmentCipher,
    firstEvent: 0,
    nextEvent: 0,
    headEvents: 0,
    tailEvents: 0,
    end: DATA_START,
    lastFrame: 0,
    stated: false,
    sealed: false,
    allocated: false,
    unreadable: false,
    failed: false,
    nameless: false,
    file: undefined,
    readers: 0
  }
}

/** As far as a position reaches, which has 32 bits: no frame is behind that, however long the file is. */
function wholeBlocks(bytes: number): number {
  return Math.floor(Math.min(bytes, LARGEST_POSITION) / BLOCK_BYTES) * BLOCK_BYTES
}

/** What the seal of a segment says; undefined when it has none, or none that is intact. */
export async function findSeal(
  place: DiskPlace,
  segment: Segment,
  fileBytes: number
): Promise<Seal | undefined> {
  const position = sealPosition(segment)
  if (position + BLOCK_BYTES > fileBytes) return undefined
  const block = Buffer.alloc(BLOCK_BYTES)
  const read = await withReader(place, segment.path, reads => readFully(reads, block, position))
  if (read < BLOCK_BYTES) return undefined
  const frame = readFrameHeader(block, 0, { segmentId: segment.id, seed: segment.seed, position })
  if (frame === undefined || frame.kind !== 'seal' || FRAME_HEADER_BYTES + frame.length > BLOCK_BYTES)
    return undefined
  const payload = block.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + frame.length)
  const seal = payloadIsIntact(frame, payload, segment.seed) ? readSeal(payload) : undefined
  return seal !== undefined && seal.end <= position ? seal : undefined
}

/** Keeps copies of what cannot be used, in the folder `quarantine` beside the segments. */
export class Quarantine {
  readonly #disk: Disk
  readonly #log: Log
  /** Names in the folders that files were moved to. */
  readonly #taken = new Map<string, Set<string>>()

  constructor(disk: Disk, log: Log) {
    this.#disk = disk
    this.#log = log
  }

  /** Copies a damaged part of a segment. What cannot be copied is logged. */
  async copy(
    segment: { readonly folder: string; readonly path: string; readonly id: number },
    at: number,
    to: number
  ): Promise<void> {
    const name = `${segment.id.toString(16).padStart(12, '0')}-${at}`
    await this.#attempt(
      segment.path,
      async folder => {
        const part = Buffer.alloc(Math.min(to - at, MOST_COPIED))
        const plain = { create: false, synced: false }
        const read = await withFile(this.#disk, segment.path, plain, file =>
          readFully(new CarefulReader(file, acceptAll), part, at)
        )
        await withFile(this.#disk, join(folder, name), { create: true, synced: false }, async file => {
          for (let done = 0; done < read;) done += await file.write(part.subarray(done, read), done)
        })
      },
      segment.folder
    )
  }

  /** Moves a whole file there, beside what has its name already. */
  async move({ folder, path }: { readonly folder: string; readonly path: string }): Promise<void> {
    const whole = `${basename(path)}-whole`
    await this.#attempt(
      path,
      async aside => {
        const taken = this.#taken.get(aside) ?? new Set(await this.#disk.list(aside))
        this.#taken.set(aside, taken)
        let name = whole
        for (let i = 2; taken.has(name); i++) name = `${whole}-${i}`
        await this.#disk.rename(path, join(aside, name))
        taken.add(name)
      },
      folder
    )
  }

  async #attempt(path: string, work: (folder: string) => Promise<void>, beside: string): Promise<void> {
    const folder = join(beside, 'quarantine')
    try {
      await this.#disk.makeFolder(folder)
      await work(folder)
    } catch (error) {
      this.#log.warn('A damaged part of the log could not be set aside.', {
        file: path,
        reason: messageOf(error)
      })
    }
  }
}

const MOST_COPIED = 64 * 1024 * 1024

function acceptAll(): Promise<void> {
  return Promise.resolve()
}
