import type { Disk, DiskFile } from './disk.ts'
import { BLOCK_BYTES } from './frame.ts'
import { writeSeal } from './group-line.ts'
import type { FoundFile } from './segment-files.ts'
import { DATA_START, encodeSegmentHeader, firstBlocks, lastBlock } from './segment-header.ts'
import { pathOf, readFully, type Segment, sealPosition, withFile, writeAll } from './segment.ts'

const PIECE_BYTES = 4 * 1024 * 1024

/** Writes the seal that a segment misses. */
export async function sealAtLast(disk: Disk, segment: Segment): Promise<void> {
  await withFile(disk, segment.path, { create: false, synced: true }, async file => {
    await file.sync()
    await writeSeal({ ...segment, file })
  })
}

/** A segment to write anew. */
export interface Original {
  readonly file: DiskFile
  /** Encoded. */
  readonly header: Buffer
  readonly size: number
  /** Behind its last frame. */
  readonly end: number
}

/**
 * Writes a copy of a segment without a seal, up to `end`, in its place. After a write failed, the system may show bytes
 * for a while that are not on the disk and that no sync brings there: only what is written anew is there for sure. `id`
 * is free, and names the copy until it is whole.
 */
export async function renewSegment(
  disk: Disk,
  { folder, path, header }: FoundFile,
  end: number,
  id: number
): Promise<void> {
  if (header === undefined) return
  const draft = pathOf(folder, 'free', id)
  const original = { header: encodeSegmentHeader(header), size: header.size, end }
  try {
    await withFile(disk, path, { create: false, synced: false }, file =>
      withFile(disk, draft, { create: true, synced: true }, to => writeCopy(to, { ...original, file }))
    )
    await disk.rename(draft, path)
  } catch (error) {
    await disk.unlink(draft).catch(() => undefined)
    throw error
  }
  await disk.syncFolder(folder)
}

/** Makes a new file a copy of a segment, which may then get its name. */
export async function writeCopy(to: DiskFile, { file, header, size, end }: Original): Promise<void> {
  await to.truncate(size)
  await copy(file, to, end)
  await to.sync()
  // Last: a draft that is not whole must never pass for the segment. One of its copies may be unreadable.
  await writeAll(to, lastBlock(header), sealPosition({ size }))
  await writeAll(to, firstBlocks(header), 0)
}

/** All frames up to `end`, in whole blocks. */
async function copy(from: DiskFile, to: DiskFile, end: number): Promise<void> {
  const bytes = Math.ceil((end - DATA_START) / BLOCK_BYTES) * BLOCK_BYTES
  const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes))
  for (let at = DATA_START; at < end; at += piece.length) {
    const read = await readFully(from, piece.subarray(0, Math.min(piece.length, end - at)), at)
    const length = Math.ceil(read / BLOCK_BYTES) * BLOCK_BYTES
    piece.fill(0, read, length)
    await writeAll(to, piece.subarray(0, length), at)
  }
}
