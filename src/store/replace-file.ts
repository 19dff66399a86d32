import { dirname } from 'node:path'
import { AgentError, systemCode } from '../core/errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import { readFully, withFile, writeAll } from './segment.ts'

/**
 * Puts what `write` writes in place of a small file, which is the old or the new one whenever the power goes, never a part
 * of one: draft `<path>.new`, sync, rename, sync of the folder. `write` resolves to how many bytes the file has. Where
 * that rejects, as on a full disk, the old one stays, and no draft takes room; after a failed sync of the folder it is
 * either. Calls for the same path must not overlap.
 */
export async function replaceFileBy(
  disk: Disk,
  path: string,
  write: (file: DiskFile) => Promise<number>
): Promise<void> {
  const draft = `${path}.new`
  try {
    await withFile(disk, draft, { create: true, synced: false }, async file => {
      // A draft that was cut off may be longer.
      await file.truncate(await write(file))
      await file.sync()
    })
    await disk.rename(draft, path)
  } catch (error) {
    await disk.unlink(draft).catch(() => undefined)
    throw error
  }
  await disk.syncFolder(dirname(path))
}

/** The same for bytes that are in memory. */
export async function replaceFile(disk: Disk, path: string, bytes: Buffer): Promise<void> {
  await replaceFileBy(disk, path, async file => {
    await writeAll(file, bytes, 0)
    return bytes.length
  })
}

/** All of a small file; undefined when it is not there. Rejects with ERR_FORMAT when it is larger than `mostBytes`. */
export async function readWhole(disk: Disk, path: string, mostBytes: number): Promise<Buffer | undefined> {
  try {
    return await withFile(disk, path, { create: false, synced: false }, async file => {
      const size = await file.size()
      if (size > mostBytes)
        throw new AgentError('ERR_FORMAT', `${path} is far too large.`, {
          path,
          bytes: size,
          most: mostBytes
        })
      const bytes = Buffer.allocUnsafeSlow(size)
      return bytes.subarray(0, await readFully(file, bytes, 0))
    })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
