import {
  constants,
  crc32,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync
} from 'node:zlib'
import { encodeBzip2 } from '../codecs/bzip2/bzip2-encode.ts'
import { decodeBzip2 } from '../codecs/bzip2/bzip2-decode.ts'
import { formatError } from '../codecs/codec.ts'
import { compressSnappy, decompressSnappy, snappySize } from '../codecs/snappy.ts'

/** How the blocks of an Avro container file are compressed. */
export interface AvroCodec {
  /** As in the file's `avro.codec`. */
  readonly name: string
  /** Synchronous; up to 0.3 s for a block of 2 MB with bzip2, 50 ms with deflate. */
  compress(raw: Buffer): Buffer
  /** Rejects with ERR_FORMAT for damaged bytes and for more than `most` bytes of content. */
  decompress(stored: Buffer, most: number): Promise<Buffer>
}

/**
 * The codecs of the Avro specification, xz excepted. Snappy blocks are followed by the CRC-32 of the raw bytes
 * (big-endian); deflate is raw (RFC 1951).
 */
export const AVRO_CODECS: readonly AvroCodec[] = [
  {
    name: 'null',
    compress: raw => raw,
    decompress: async stored => stored
  },
  {
    name: 'deflate',
    compress: raw => deflateRawSync(raw),
    decompress: async (stored, most) =>
      damagedIfThrown('deflate', () => inflateRawSync(stored, { maxOutputLength: most }))
  },
  {
    name: 'snappy',
    compress: raw => {
      const checksum = Buffer.allocUnsafe(4)
      checksum.writeUInt32BE(crc32(raw))
      return Buffer.concat([compressSnappy(raw), checksum])
    },
    decompress: async (stored, most) => checkedSnappy(stored, most)
  },
  { name: 'bzip2', compress: encodeBzip2, decompress: collectBzip2 },
  {
    name: 'zstandard',
    compress: raw => zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
    decompress: async (stored, most) =>
      damagedIfThrown('zstandard', () => zstdDecompressSync(stored, { maxOutputLength: most }))
  }
]

/** The codec of that exact name, or undefined. */
export function avroCodec(name: string): AvroCodec | undefined {
  return AVRO_CODECS.find(codec => codec.name === name)
}

function checkedSnappy(stored: Buffer, most: number): Buffer {
  if (stored.length < 5) throw formatError('snappy', 'it ends too early')
  const block = stored.subarray(0, -4)
  if (snappySize(block) > most) throw formatError('snappy', 'a block is too large')
  const raw = decompressSnappy(block)
  if (crc32(raw) !== stored.readUInt32BE(stored.length - 4))
    throw formatError('snappy', 'the checksum of a block is wrong')
  return raw
}

async function collectBzip2(stored: Buffer, most: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of decodeBzip2(once(stored))) {
    size += piece.length
    if (size > most) throw formatError('bzip2', 'a block is too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, undefined> {
  yield bytes
  return undefined
}

function damagedIfThrown(format: string, decompress: () => Buffer): Buffer {
  try {
    return decompress()
  } catch (error) {
    throw formatError(format, 'damaged or too large', error)
  }
}
