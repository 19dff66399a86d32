import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { EventBatch } from '../../../core/batch.ts'
import type { Log } from '../../../core/contracts.ts'
import { AgentError, messageOf, systemCode } from '../../../core/errors.ts'
import { decodeBatch, encodeBatch } from '../../../store/batch-blob.ts'
import type { Disk, DiskFile } from '../../../store/disk.ts'
import type { Tier } from './drain-order.ts'

const NAME = 'memory-events'
const MAGIC = 0x4d53524d
const VERSION = 1
const HEAD_BYTES = 12
const PART_BYTES = 8
/** No part of a file that we wrote is longer. */
const LARGEST_PART = 2 ** 30

/** Events that were in memory at a clean stop, and which events of the overflow were between them. */
export interface SavedMemory {
  readonly runs: readonly (readonly [Tier, number])[]
  readonly batches: readonly EventBatch[]
}

/** What a start finds. */
export interface LoadedMemory {
  readonly saved: SavedMemory | undefined
  /** Events in a damaged file, as far as that says it. */
  readonly lost: number
}

/**
 * Keeps the events in memory over a clean stop. Little-endian; what is not whole is not believed:
 *   "MRSM"   u32 version   u32 parts behind the first
 *   per part   u32 bytes   u32 crc32 of them   the bytes: first JSON [[tier, events], …], then batch blobs
 */
export class MemoryFile {
  readonly #disk: Disk
  readonly #folder: string
  readonly #log: Log

  constructor(disk: Disk, folder: string, log: Log) {
    this.#disk = disk
    this.#folder = folder
    this.#log = log
  }

  /** Resolves once everything is on the disk. */
  async save(saved: SavedMemory): Promise<void> {
    const path = join(this.#folder, NAME)
    await this.#disk.makeFolder(this.#folder)
    const file = await this.#disk.open(`${path}.tmp`, { create: true, synced: false })
    try {
      await file.truncate(0)
      await writeParts(file, saved)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#disk.rename(`${path}.tmp`, path)
    await this.#disk.syncFolder(this.#folder)
  }

  /** What was saved, if anything. A file that is not whole is set aside, and said. */
  async load(): Promise<LoadedMemory> {
    const path = join(this.#folder, NAME)
    const bytes = await this.#read(path)
    if (bytes === undefined) return { saved: undefined, lost: 0 }
    try {
      return { saved: readParts(bytes), lost: 0 }
    } catch (error) {
      if (!(error instanceof AgentError)) throw error
      const lost = eventsIn(bytes)
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

  async #read(path: string): Promise<Buffer | undefined> {
    let file: DiskFile
    try {
      file = await this.#disk.open(path, { create: false, synced: false })
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    }
    try {
      const bytes = Buffer.allocUnsafeSlow(await file.size())
      let at = 0
      for (let read = -1; read !== 0 && at < bytes.length; at += read)
        read = await file.read(bytes.subarray(at), at)
      return bytes.subarray(0, at)
    } finally {
      await file.close()
    }
  }
}

async function writeParts(file: DiskFile, { runs, batches }: SavedMemory): Promise<void> {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32LE(MAGIC, 0)
  head.writeUInt32LE(VERSION, 4)
  head.writeUInt32LE(batches.length, 8)
  let at = await writeAll(file, head, 0)
  at = await writePart(file, Buffer.from(JSON.stringify(runs)), at)
  for (const batch of batches) at = await writePart(file, encodeBatch(batch), at)
}

async function writePart(file: DiskFile, part: Buffer, at: number): Promise<number> {
  const head = Buffer.alloc(PART_BYTES)
  head.writeUInt32LE(part.length, 0)
  head.writeUInt32LE(crc32(part), 4)
  return writeAll(file, part, await writeAll(file, head, at))
}

async function writeAll(file: DiskFile, bytes: Buffer, position: number): Promise<number> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at), position + at)
  return position + bytes.length
}

function readParts(bytes: Buffer): SavedMemory {
  const count = readHead(bytes)
  const parts: Buffer[] = []
  let at = HEAD_BYTES
  while (parts.length <= count) {
    const part = readPart(bytes, at)
    parts.push(part)
    at += PART_BYTES + part.length
  }
  const [first, ...blobs] = parts
  return { runs: runsOf(first), batches: blobs.map(decodeBatch) }
}

/** How many events a damaged file was to keep; 0 when it does not say. */
function eventsIn(bytes: Buffer): number {
  try {
    readHead(bytes)
    return runsOf(readPart(bytes, HEAD_BYTES)).reduce(
      (sum, [tier, events]) => (tier === 'memory' ? sum + events : sum),
      0
    )
  } catch {
    return 0
  }
}

/** The number of parts behind the first. */
function readHead(bytes: Buffer): number {
  if (bytes.length < HEAD_BYTES || bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(4) !== VERSION)
    throw damaged()
  return bytes.readUInt32LE(8)
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

function runsOf(part: Buffer | undefined): [Tier, number][] {
  const runs = parsed(part?.toString() ?? '')
  if (!Array.isArray(runs)) throw damaged()
  return runs.map((run: unknown): [Tier, number] => {
    const [tier, events]: unknown[] = Array.isArray(run) ? run : []
    if ((tier !== 'memory' && tier !== 'overflow') || typeof events !== 'number') throw damaged()
    return [tier, events]
  })
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
