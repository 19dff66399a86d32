import { statSync } from 'node:fs'
import { AgentError } from '../core/errors.ts'
import { readPlainFile } from '../core/plain-file.ts'
import { LARGEST_SECRET } from '../java/secret-file.ts'

const KEY_BYTES = [16, 24, 32]
const OTHERS_MAY_ANYTHING = 0o007
const GROUP_MAY_WRITE = 0o020

/**
 * The key that a file holds: 16, 24 or 32 bytes in hexadecimal digits, in base64 or as they are, all of which
 * `openssl rand` writes. Throws ERR_CONFIG.
 */
export function readKeyFile(path: string): Buffer {
  const bytes = readPlainFile(path, LARGEST_SECRET)
  const key = decodedKey(bytes)
  if (key !== undefined) return key
  throw new AgentError(
    'ERR_CONFIG',
    'It holds no key of 16, 24 or 32 bytes in hexadecimal digits, in base64 or as they are',
    { path }
  )
}

function decodedKey(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString('latin1').trim()
  if (/^[0-9a-f]+$/i.test(text) && KEY_BYTES.includes(text.length / 2)) return Buffer.from(text, 'hex')
  const fromBase64 = Buffer.from(text, 'base64')
  if (KEY_BYTES.includes(fromBase64.length) && fromBase64.toString('base64') === text) return fromBase64
  return KEY_BYTES.includes(bytes.length) ? bytes : undefined
}

/** Whether others than owner and group may read or change the file. False where that is not known. */
export function isTooOpen(path: string): boolean {
  if (process.platform === 'win32') return false
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  return (mode & (OTHERS_MAY_ANYTHING | GROUP_MAY_WRITE)) !== 0
}

/** Whether there is a plain file, which is all that Flume asks of some. */
export function isPlainFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
