import { open, stat, type FileHandle } from 'node:fs/promises'
import { NO_FILE } from './disk.ts'

const OWNER_ONLY = 0o640

/** Opens a file with these flags. Rejects with the code NO_FILE what is none: to read from a pipe may take for ever. */
export async function openFile(path: string, flags: number): Promise<FileHandle> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() === false) {
    const message = `${path} is no file, but a folder, a pipe or a device.`
    throw Object.assign(new Error(message), { code: NO_FILE })
  }
  return open(path, flags, OWNER_ONLY)
}
