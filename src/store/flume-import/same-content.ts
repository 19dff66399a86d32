import { systemCode } from '../../core/errors.ts'
import type { ReadableFile } from './file-window.ts'
import type { FolderDisk } from './flume-logs.ts'

const CHUNK_BYTES = 1024 * 1024
const READ_ONLY = { create: false, synced: false }

/** Whether two files hold the same bytes; false when one is a folder. */
export async function haveSameContent(disk: FolderDisk, one: string, other: string): Promise<boolean> {
  try {
    await using first = await opened(disk, one)
    await using second = await opened(disk, other)
    return await compare(first.file, second.file)
  } catch (error) {
    if (systemCode(error) === 'EISDIR') return false
    throw error
  }
}

async function opened(
  disk: FolderDisk,
  path: string
): Promise<AsyncDisposable & { readonly file: ReadableFile }> {
  const file = await disk.open(path, READ_ONLY)
  return { file, [Symbol.asyncDispose]: () => file.close() }
}

async function compare(one: ReadableFile, other: ReadableFile): Promise<boolean> {
  const size = await one.size()
  if (size !== (await other.size())) return false
  const most = Math.min(size, CHUNK_BYTES)
  const chunks = [Buffer.alloc(most), Buffer.alloc(most)] as const
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, size - at)
    const [first, second] = [chunks[0].subarray(0, length), chunks[1].subarray(0, length)]
    if (!(await fill(one, first, at)) || !(await fill(other, second, at)) || !first.equals(second))
      return false
  }
  return true
}

async function fill(file: ReadableFile, into: Buffer, position: number): Promise<boolean> {
  for (let filled = 0; filled < into.length;) {
    const read = await file.read(into.subarray(filled), position + filled)
    if (read === 0) return false
    filled += read
  }
  return true
}
