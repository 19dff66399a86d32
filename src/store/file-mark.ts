import { crc32 } from 'node:zlib'
import type { DiskFile } from './disk.ts'
import { readFully } from './segment.ts'

const EDGE_BYTES = 512

/**
 * What a position is bound to, as plain JSON: a file by its inode, which the system gives again once a file is removed, and
 * by what stands in it before the position. So a file that took the inode, or was cut and has grown again, is told from
 * the one that was read.
 */
export interface FileMark {
  /** `device:inode`. */
  readonly identity: string
  readonly position: number
  /** crc32 of the first 512 bytes and of the last 512 before the position; of all where these are fewer. */
  readonly content: number
}

/** The mark of a file that was read up to `position`. Costs two small reads. */
export async function markFile(
  file: Pick<DiskFile, 'read'>,
  identity: string,
  position: number
): Promise<FileMark> {
  const edges = await readEdges(file, position)
  return { identity, position, content: crc32(edges) }
}

/** Whether this is the file that was marked, and all that was read of it is there: reading may go on at the position. */
export async function hasMark(
  file: Pick<DiskFile, 'read'>,
  identity: string,
  { identity: marked, position, content }: FileMark
): Promise<boolean> {
  if (identity !== marked) return false
  const edges = await readEdges(file, position)
  return edges.length === Math.min(position, 2 * EDGE_BYTES) && crc32(edges) === content
}

async function readEdges(file: Pick<DiskFile, 'read'>, position: number): Promise<Buffer> {
  const edges = Buffer.alloc(Math.min(position, 2 * EDGE_BYTES))
  const head = edges.subarray(0, Math.min(position, EDGE_BYTES))
  const tail = edges.subarray(head.length)
  const found = (await readFully(file, head, 0)) + (await readFully(file, tail, position - tail.length))
  return edges.subarray(0, found)
}
