import { readFileSync, statSync, type Stats } from 'node:fs'
import { AgentError, systemCode } from './errors.ts'

/** The bytes of a plain file. Throws ERR_CONFIG when it is none, cannot be read, or has more than `largest` bytes. */
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
