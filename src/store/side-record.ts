import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Log } from '../core/contracts.ts'
import { messageOf, systemCode } from '../core/errors.ts'
import type { Disk } from './disk.ts'
import { readFully, withFile, writeAll } from './segment.ts'

const CHECKSUM_DIGITS = 8
const MOST_BYTES = 64 * 1024 * 1024

/**
 * Writes a small file beside the segments, in place of the one before: `crc32 of the JSON in hexadecimal, space, JSON`.
 * Nothing depends on it alone. One of more than 64 MiB is left out.
 */
export async function writeSideRecord(
  disk: Disk,
  folder: string,
  name: string,
  value: object
): Promise<void> {
  const json = JSON.stringify(value)
  const bytes = Buffer.from(`${checksumOf(json)} ${json}`)
  if (bytes.length > MOST_BYTES) return
  const draft = join(folder, `${name}.new`)
  await withFile(disk, draft, { create: true, synced: true }, async file => {
    await writeAll(file, bytes, 0)
    await file.truncate(bytes.length)
    await file.sync()
  })
  await disk.rename(draft, join(folder, name))
  await disk.syncFolder(folder)
}

/** What such a file holds; undefined when it is not there, or not intact, which is logged. */
export async function readSideRecord(disk: Disk, folder: string, name: string, log: Log): Promise<unknown> {
  const path = join(folder, name)
  try {
    const text = await withFile(disk, path, { create: false, synced: false }, async file => {
      const bytes = Buffer.alloc(Math.min(await file.size(), MOST_BYTES))
      return bytes.toString('utf8', 0, await readFully(file, bytes, 0))
    })
    const json = text.slice(CHECKSUM_DIGITS + 1)
    if (text.slice(0, CHECKSUM_DIGITS) === checksumOf(json)) return JSON.parse(json) as unknown
    log.warn('A record beside the log is damaged; the log is read without it.', { file: path })
  } catch (error) {
    if (systemCode(error) !== 'ENOENT')
      log.warn('A record beside the log cannot be read; the log is read without it.', {
        file: path,
        reason: messageOf(error)
      })
  }
  return undefined
}

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(CHECKSUM_DIGITS, '0')
}
