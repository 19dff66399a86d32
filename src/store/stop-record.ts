import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Log } from '../core/contracts.ts'
import { messageOf, systemCode } from '../core/errors.ts'
import type { Disk } from './disk.ts'
import type { EventRange } from './done-set.ts'
import type { Seal } from './frame-codec.ts'
import { CHANNEL_ID_BYTES } from './segment-header.ts'
import { readFully, type Segment, withFile, writeAll } from './segment.ts'

/** The file's name, in the first folder of a log. */
export const STOP_RECORD = 'last-stop'
const CHECKSUM_DIGITS = 8
const MOST_BYTES = 64 * 1024 * 1024

/**
 * How a log stood when it was closed. It names the newest segment: with it, one that is cut short or gone is told from
 * one that was never finished. As soon as a newer segment holds anything, the record counts no more.
 */
export interface StopRecord {
  readonly channelId: Buffer
  readonly segmentId: number
  /** Name of the segment's file. */
  readonly file: string
  readonly seal: Seal
  readonly done: readonly EventRange[]
}

/** What the file holds: `crc32 of the JSON in hexadecimal, space, JSON`. */
interface StoredRecord {
  readonly version: 1
  readonly channel: string
  readonly segment: number
  readonly file: string
  readonly seal: Seal
  readonly done: readonly (readonly [number, number])[]
}

/** The record of a log whose newest segment is sealed. */
export function stopRecordOf(channelId: Buffer, segment: Segment, done: readonly EventRange[]): StopRecord {
  const { firstEvent, nextEvent, end, headEvents, tailEvents } = segment
  const seal = { firstEvent, nextEvent, end, headEvents, tailEvents }
  return { channelId, segmentId: segment.id, file: basename(segment.path), seal, done }
}

/** Writes the record into a folder, in place of the one before. */
export async function writeStopRecord(disk: Disk, folder: string, record: StopRecord): Promise<void> {
  const stored: StoredRecord = {
    version: 1,
    channel: record.channelId.toString('hex'),
    segment: record.segmentId,
    file: record.file,
    seal: record.seal,
    done: record.done.map(({ first, end }) => [first, end])
  }
  const json = JSON.stringify(stored)
  const bytes = Buffer.from(`${checksumOf(json)} ${json}`)
  if (bytes.length > MOST_BYTES) return
  const draft = join(folder, `${STOP_RECORD}.new`)
  await withFile(disk, draft, { create: true, synced: true }, async file => {
    await writeAll(file, bytes, 0)
    await file.truncate(bytes.length)
    await file.sync()
  })
  await disk.rename(draft, join(folder, STOP_RECORD))
  await disk.syncFolder(folder)
}

/** The records in these folders, the latest first: the folders may be named in another order than at the stop. */
export async function readStopRecords(
  disk: Disk,
  folders: readonly string[],
  log: Log
): Promise<StopRecord[]> {
  const found: StopRecord[] = []
  for (const folder of folders) {
    const record = await readStopRecord(disk, folder, log)
    if (record !== undefined) found.push(record)
  }
  return found.sort((one, other) => other.segmentId - one.segmentId)
}

/** The record in a folder; undefined when there is none that is intact. */
async function readStopRecord(disk: Disk, folder: string, log: Log): Promise<StopRecord | undefined> {
  const path = join(folder, STOP_RECORD)
  try {
    const text = await withFile(disk, path, { create: false, synced: false }, async file => {
      const bytes = Buffer.alloc(Math.min(await file.size(), MOST_BYTES))
      return bytes.toString('utf8', 0, await readFully(file, bytes, 0))
    })
    const record = parse(text)
    if (record === undefined)
      log.warn('The record of the last stop is damaged; the log is read without it.', { file: path })
    return record
  } catch (error) {
    if (systemCode(error) !== 'ENOENT')
      log.warn('The record of the last stop cannot be read; the log is read without it.', {
        file: path,
        reason: messageOf(error)
      })
    return undefined
  }
}

function parse(text: string): StopRecord | undefined {
  const json = text.slice(CHECKSUM_DIGITS + 1)
  if (text.slice(0, CHECKSUM_DIGITS) !== checksumOf(json)) return undefined
  const stored = JSON.parse(json) as StoredRecord
  const channelId = Buffer.from(stored.channel, 'hex')
  if (stored.version !== 1 || channelId.length !== CHANNEL_ID_BYTES) return undefined
  return {
    channelId,
    segmentId: stored.segment,
    file: stored.file,
    seal: stored.seal,
    done: stored.done.map(([first, end]) => ({ first, end }))
  }
}

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(CHECKSUM_DIGITS, '0')
}
