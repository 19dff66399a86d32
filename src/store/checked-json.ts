import { crc32 } from 'node:zlib'
import { AgentError } from '../core/errors.ts'

const CHECKSUM_DIGITS = 8

/** The bytes of a small file of ours: `crc32 of the JSON in hexadecimal, space, JSON`. */
export function encodeChecked(value: object): Buffer {
  const json = JSON.stringify(value)
  return Buffer.from(`${checksumOf(json)} ${json}`)
}

/** The value again. Throws ERR_FORMAT where the bytes are not as they were written. */
export function decodeChecked(bytes: Buffer): unknown {
  const json = bytes.toString('utf8', CHECKSUM_DIGITS + 1)
  if (bytes.toString('latin1', 0, CHECKSUM_DIGITS) === checksumOf(json)) return JSON.parse(json) as unknown
  throw new AgentError('ERR_FORMAT', 'It is damaged.')
}

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(CHECKSUM_DIGITS, '0')
}
