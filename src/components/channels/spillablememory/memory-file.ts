import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { EventBatch } from '../../../core/batch.ts'
import type { Log } from '../../../core/contracts.ts'
import { AgentError, messageOf, systemCode } from '../../../core/errors.ts'
import { decodeBatch, encodeBatch } from '../../../store/batch-blob.ts'
import type { Disk, DiskFile } from '../../../store/disk.ts'
import {
  type FrameCipher,
  KEY_ID_DIGITS,
  SALT_BYTES,
  SEAL_OVERHEAD,
  type SegmentCipher
} from '../../../store/frame-cipher.ts'
import { readWhole, replaceFileBy } from '../../../store/replace-file.ts'
import { keyMissing } from '../../../store/segment-files.ts'
import { writeAll } from '../../../store/segment.ts'
import type { Tier } from './drain-order.ts'

const NAME = 'memory-events'
const MAGIC = 0x4d53524d
const PLAIN = 1
const SEALED = 2
const HEAD_BYTES = 12
const KEY_ID_BYTES = KEY_ID_DIGITS / 2
const SEALED_HEAD_BYTES = HEAD_BYTES + KEY_ID_BYTES + SALT_BYTES + 4
const PART_BYTES = 8
/** In the place of a channel's id: no frame of a log passes for a part of this file. */
const SEALED_FOR = Buffer.from('memory-events 1.')
/** No part of a file that we wrote is longer. */
const LARGEST_PART = 2 ** 30

/** Events that were in memory at a clean stop, and which events of the overflow were between them. */
export interface SavedMemory {
  readonly runs: readonly (readonly [Tier, number])[]
  readonly batches: readonly EventBatch[]
  /** When the oldest of them came, epoch milliseconds; undefined where an earlier version saved them. */
  readonly arrivedMs: number | undefined
}

/** What a start finds. */
export interface LoadedMemory {
  readonly saved: SavedMemory | undefined
  /** Events in a damaged file, as far as that says it. */
  readonly lost: number
}

/**
 * Keeps the events in memory over a clean stop. Little-endian; what is not whole is not believed:
 *   "MRSM"   u32 version   u32 parts behind the first   version 2: 16 bytes key id   32 bytes salt   u32 crc32 of all before
 *   per part   u32 bytes   u32 crc32 of them   the bytes: first JSON [[tier, events], …], then batch blobs;
 * the first run in memory is [tier, events, when its first event came, epoch milliseconds], which earlier versions pass over
 * In version 2, for a channel that encrypts, the bytes of a part are sealed as the frames of a segment are (ADR 12), bound
 * to all that stands before the first part, and to the part's place in the file.
 */
export class MemoryFile {
  readonly #disk: Disk
  readonly #folder: string
  readonly #log: Log
  readonly #cipher: FrameCipher | undefined

  constructor(disk: Disk, folder: string, log: Log, cipher?: FrameCipher) {
    this.#disk = disk
    this.#folder = folder
    this.#log = log
    this.#cipher = cipher
  }

  /** Resolves once everything is on the disk. */
  async save(saved: SavedMemory): Promise<void> {
    const path = join(this.#folder, NAME)
    await this.#disk.makeFolder(this.#folder)
    await replaceFileBy(this.#disk, path, file => writeParts(file, saved, this.#cipher))
  }

  /** What was saved, if anything. A file that is not whole is set aside, and said. Rejects with ERR_CHANNEL when its key is missing. */
  async load(): Promise<LoadedMemory> {
    const path = join(this.#folder, NAME)
    const bytes = await readWhole(this.#disk, path, Infinity)
    if (bytes === undefined) return { saved: undefined, lost: 0 }
    try {
      return { saved: readParts(bytes, path, this.#cipher), lost: 0 }
    } catch (error) {
      if (!(error instanceof AgentError) || error.code === 'ERR_CHANNEL') throw error
      const lost = eventsIn(bytes, path, this.#cipher)
      await this.#disk.rename(path, `${path}.damaged`)
      await this.#disk.syncFolder(this.#folder)
      this.#log.error(
        'The events that were in memory at the last stop cannot be read. The file was set aside.',
        { file: `${path}.damaged`, events: lost }
      )
      return { saved: undefined, lost }
    }
  }

  /** They are in memory again. Where only the sync fails, a crash of the machine may bring them twice. */
  async remove(): Promise<void> {
    const path = join(this.#folder, NAME)
    try {
      await this.#disk.unlink(path)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error // else an earlier try did it
    }
    try {
      await this.#disk.syncFolder(this.#folder)
    } catch (error) {
      const reason = messageOf(error)
      this.#log.warn('The folder cannot be synced: events may come twice after a crash.', { path, reason })
    }
  }
}

interface Head {
  readonly bytes: Buffer
  /** Parts behind the first. */
  readonly parts: number
  /** Undefined where parts are plain. */
  readonly cipher: SegmentCipher | undefined
}

async function writeParts(
  file: DiskFile,
  { runs, batches, arrivedMs }: SavedMemory,
  cipher: FrameCipher | undefined
): Promise<number> {
  const head = newHead(batches.length, cipher)
  await writeAll(file, head.bytes, 0)
  let at = head.bytes.length
  const inMemory = runs.findIndex(([tier]) => tier === 'memory')
  const dated = runs.map((run, i) => (i === inMemory ? [...run, arrivedMs] : run))
  at = await writePart(file, sealed(Buffer.from(JSON.stringify(dated)), at, head), at)
  for (const batch of batches) at = await writePart(file, sealed(encodeBatch(batch), at, head), at)
  return at
}

function newHead(parts: number, cipher: FrameCipher | undefined): Head {
  const keyId = cipher?.keyId
  const salt = keyId === undefined ? undefined : cipher?.newSalt()
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32LE(MAGIC, 0)
  head.writeUInt32LE(keyId === undefined ? PLAIN : SEALED, 4)
  head.writeUInt32LE(parts, 8)
  if (keyId === undefined || salt === undefined) return { bytes: head, parts, cipher: undefined }
  const bytes = Buffer.concat([head, Buffer.from(keyId, 'hex'), salt, Buffer.alloc(4)])
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return { bytes, parts, cipher: cipher?.forSegment({ keyId, salt, channelId: SEALED_FOR, segmentId: 0 }) }
}

function sealed(part: Buffer, at: number, { bytes: head, cipher }: Head): Buffer {
  if (cipher === undefined) return part
  const into = Buffer.allocUnsafeSlow(part.length + SEAL_OVERHEAD)
  cipher.seal(at, head, part, { into, at: 0 })
  return into
}

async function writePart(file: DiskFile, part: Buffer, at: number): Promise<number> {
  const head = Buffer.alloc(PART_BYTES)
  head.writeUInt32LE(part.length, 0)
  head.writeUInt32LE(crc32(part), 4)
  await writeAll(file, head, at)
  await writeAll(file, part, at + head.length)
  return at + head.length + part.length
}

function readParts(bytes: Buffer, path: string, cipher: FrameCipher | undefined): SavedMemory {
  const head = readHead(bytes, path, cipher)
  const parts: Buffer[] = []
  let at = head.bytes.length
  while (parts.length <= head.parts) {
    const part = readPart(bytes, at)
    parts.push(opened(part, at, head))
    at += PART_BYTES + part.length
  }
  const [first, ...blobs] = parts
  return { ...runsOf(first), batches: blobs.map(decodeBatch) }
}

/** How many events a damaged file was to keep; 0 when it does not say. */
function eventsIn(bytes: Buffer, path: string, cipher: FrameCipher | undefined): number {
  try {
    const head = readHead(bytes, path, cipher)
    const at = head.bytes.length
    return runsOf(opened(readPart(bytes, at), at, head)).runs.reduce(
      (sum, [tier, events]) => (tier === 'memory' ? sum + events : sum),
      0
    )
  } catch {
    return 0
  }
}

function readHead(bytes: Buffer, path: string, cipher: FrameCipher | undefined): Head {
  if (bytes.length < HEAD_BYTES || bytes.readUInt32LE(0) !== MAGIC) throw damaged()
  const parts = bytes.readUInt32LE(8)
  const version = bytes.readUInt32LE(4)
  if (version === PLAIN) return { bytes: bytes.subarray(0, HEAD_BYTES), parts, cipher: undefined }
  if (version !== SEALED || bytes.length < SEALED_HEAD_BYTES) throw damaged()
  const head = bytes.subarray(0, SEALED_HEAD_BYTES)
  if (crc32(head.subarray(0, -4)) !== head.readUInt32LE(head.length - 4)) throw damaged()
  const saltAt = HEAD_BYTES + KEY_ID_BYTES
  const keyId = bytes.toString('hex', HEAD_BYTES, saltAt)
  const salt = bytes.subarray(saltAt, saltAt + SALT_BYTES)
  const found = cipher?.forSegment({ keyId, salt, channelId: SEALED_FOR, segmentId: 0 })
  if (found === undefined)
    throw keyMissing('The file of the events that were in memory', { file: path, keyId })
  return { bytes: head, parts, cipher: found }
}

function opened(part: Buffer, at: number, { bytes: head, cipher }: Head): Buffer {
  if (cipher === undefined) return part
  const plain = cipher.open(at, head, part)
  if (plain === undefined) throw damaged()
  return plain
}

/** A copy, so that the events do not keep the whole file in memory. */
function readPart(bytes: Buffer, at: number): Buffer {
  const start = at + PART_BYTES
  if (start > bytes.length) throw damaged()
  const length = bytes.readUInt32LE(at)
  if (length > LARGEST_PART || start + length > bytes.length) throw damaged()
  const part = Buffer.from(new Uint8Array(bytes.subarray(start, start + length)).buffer)
  if (crc32(part) !== bytes.readUInt32LE(at + 4)) throw damaged()
  return part
}

function runsOf(part: Buffer | undefined): Pick<SavedMemory, 'runs' | 'arrivedMs'> {
  const given = parsed(part?.toString() ?? '')
  if (!Array.isArray(given)) throw damaged()
  let arrivedMs: number | undefined
  const runs = given.map((run: unknown): [Tier, number] => {
    const [tier, events, arrived]: unknown[] = Array.isArray(run) ? run : []
    if ((tier !== 'memory' && tier !== 'overflow') || typeof events !== 'number') throw damaged()
    if (typeof arrived === 'number') arrivedMs ??= arrived
    return [tier, events]
  })
  return { runs, arrivedMs }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw damaged()
  }
}

function damaged(): AgentError {
  return new AgentError('ERR_FORMAT', 'The file of events that were in memory is damaged.')
}
