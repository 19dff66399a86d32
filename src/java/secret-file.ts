import { readPlainFile } from '../core/plain-file.ts'

/** Files with a key or a password are never larger; nor are key stores. */
export const LARGEST_SECRET = 64 * 1024
const LARGEST_STORE = 16 * 1024 * 1024

/** The bytes of a key store. Throws ERR_CONFIG when it is no plain file, cannot be read or is absurdly large. */
export function readStoreFile(path: string): Buffer {
  return readPlainFile(path, LARGEST_STORE)
}

/** The password that a file holds, without blanks and line ends around it. Throws ERR_CONFIG. */
export function readPasswordFile(path: string): string {
  return readPlainFile(path, LARGEST_SECRET).toString().trim()
}
