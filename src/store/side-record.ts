import { join } from 'node:path'
import type { Log } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import { decodeChecked, encodeChecked } from './checked-json.ts'
import type { Disk } from './disk.ts'
import { readWhole, replaceFile } from './replace-file.ts'

const MOST_BYTES = 64 * 1024 * 1024

/**
 * Writes a small file of checked JSON beside the segments, in place of the one before. Nothing depends on it alone. One
 * of more than 64 MiB is left out.
 */
export async function writeSideRecord(
  disk: Disk,
  folder: string,
  name: string,
  value: object
): Promise<void> {
  const bytes = encodeChecked(value)
  if (bytes.length <= MOST_BYTES) await replaceFile(disk, join(folder, name), bytes)
}

/** What such a file holds; undefined when it is not there, or not intact, which is logged. */
export async function readSideRecord(disk: Disk, folder: string, name: string, log: Log): Promise<unknown> {
  const path = join(folder, name)
  try {
    const bytes = await readWhole(disk, path, MOST_BYTES)
    return bytes === undefined ? undefined : decodeChecked(bytes)
  } catch (error) {
    log.warn('A record beside the log cannot be read; the log is read without it.', {
      file: path,
      reason: messageOf(error)
    })
    return undefined
  }
}
