import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { AgentError } from '../core/errors.ts'
import { compressLz4, decompressLz4 } from '../wire/codecs/lz4.ts'

/** How payloads may be compressed: zstd as one frame (RFC 8878), lz4 as one block without frame. */
export type Codec = 'zstd' | 'lz4'

/** Shorter payloads stay as they are: there is nothing to gain. */
const SHORTEST = 64
/** Longer ones too: compressing them would hold up everything else for more than 10 ms. */
const LONGEST = 4 * 1024 * 1024
/** Output of zstd is collected in pieces of this, so that memory grows with what there really is. */
const PIECE = 1024 * 1024
const SMALLEST_PIECE = 64
const ZSTD_LEVEL = 1
/** No payload needs a larger window; a forged one would ask for 128 MiB. */
const ZSTD_WINDOW_LOG = 22

/**
 * `plain` compressed, or `plain` itself where that cannot pay. Synchronous: 120 kB of log lines take 0.15 ms with zstd
 * and 0.35 ms with lz4, 1 MB ten times as much.
 */
export function compress(codec: Codec, plain: Buffer): Buffer {
  if (plain.length < SHORTEST || plain.length > LONGEST) return plain
  if (codec === 'lz4') return compressLz4(plain)
  return zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } })
}

/**
 * What compress() was given, which had `rawLength` bytes, in memory of its own. Never takes much more memory than
 * that, nor than the bytes can hold. Throws ERR_FORMAT when they are not what they should be.
 */
export function decompress(codec: Codec, bytes: Buffer, rawLength: number): Buffer {
  try {
    const plain = codec === 'lz4' ? decompressLz4(bytes, rawLength) : decompressZstd(bytes, rawLength)
    if (plain.length === rawLength) return plain
  } catch (error) {
    throw damaged(codec, rawLength, error)
  }
  throw damaged(codec, rawLength, undefined)
}

function decompressZstd(bytes: Buffer, rawLength: number): Buffer {
  const chunkSize = Math.min(Math.max(rawLength, SMALLEST_PIECE), PIECE)
  const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG }
  return zstdDecompressSync(bytes, { maxOutputLength: Math.max(rawLength, 1), chunkSize, params })
}

function damaged(codec: Codec, rawLength: number, cause: unknown): AgentError {
  return new AgentError(
    'ERR_FORMAT',
    'A compressed payload of the log is damaged.',
    { codec, rawLength },
    cause
  )
}
