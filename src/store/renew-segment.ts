import type { Disk, DiskFile } from './disk.ts'
import { writeSeal } from './group-line.ts'
import { BLOCK_BYTES } from './frame.ts'
import { pathOf, readFully, type Segment, withFile, writeAll } from './segment.ts'

const PIECE_BYTES = 4 * 1024 * 1024
const SYNCED = { create: false, synced: true }

/** Seals a segment whose bytes are all on the disk. */
export async function sealInPlace(disk: Disk, segment: Segment): Promise<void> {
  await withFile(disk, segment.path, SYNCED, async file => {
    await file.sync()
    await writeSeal({ ...segment, file })
  })
}

/**
 * Writes a sealed copy of a segment in its place. After a write failed, the system may show bytes that are not on the
 * disk and that no sync brings there: only what is written anew is there for sure. `id` is free, and names the copy
 * until it is whole.
 */
export async function renewSegment(disk: Disk, segment: Segment, id: number): Promise<void> {
  const draft = pathOf(segment.folder, 'free', id)
  try {
    await withFile(disk, segment.path, { create: false, synced: false }, from =>
      withFile(disk, draft, { create: true, synced: true }, async to => {
        await copy(from, to, segment.end)
        await writeSeal({ ...segment, file: to })
      })
    )
    await disk.rename(draft, segment.path)
  } catch (error) {
    await disk.unlink(draft).catch(() => undefined)
    throw error
  }
  await disk.syncFolder(segment.folder)
}

/** Whole blocks, up to `end`. */
async function copy(from: DiskFile, to: DiskFile, end: number): Promise<void> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  for (let at = 0; at < end; at += PIECE_BYTES) {
    const read = await readFully(from, piece.subarray(0, Math.min(PIECE_BYTES, end - at)), at)
    const length = Math.ceil(read / BLOCK_BYTES) * BLOCK_BYTES
    piece.fill(0, read, length)
    await writeAll(to, piece.subarray(0, length), at)
  }
}
