import { readFileSync, statSync, type Stats } from 'node:fs'
import { AgentError, systemCode } from '../core/errors.ts'

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

/** The bytes of a file. Throws ERR_CONFIG when it is no plain file, cannot be read or is larger than that. */
export function readPlainFile(path: string, largest: number): Buffer {
  const found = aboutFile(path, () => statSync(path))
  if (!isReadable(found, largest)) {
    throw new AgentError('ERR_CONFIG', 'It is not a file, or it is far too large', {
      path,
      bytes: found.size,
      most: largest
    })
  }
  return aboutFile(path, () => readFileSync(path))
}

// What is not a plain file might never end, or never begin.
function isReadable(found: Stats, largest: number): boolean {
  return found.isFile() && found.size <= largest
}

function aboutFile<T>(path: string, task: () => T): T {
  try {
    return task()
  } catch (error) {
    const reason = systemCode(error) === 'ENOENT' ? 'There is no such file' : 'It cannot be read'
    throw new AgentError('ERR_CONFIG', reason, { path, code: systemCode(error) }, error)
  }
}
