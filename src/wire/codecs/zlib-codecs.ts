import { promisify } from 'node:util'
import {
  createGunzip,
  createInflate,
  createZstdDecompress,
  deflate as deflateBytes,
  gzip as gzipBytes,
  zstdCompress
} from 'node:zlib'
import { joinChunks, type Compression } from './codec.ts'
import { decodeMembers, type MemberDecoder } from './zlib-members.ts'

type Compress = (input: Buffer) => Promise<Buffer>

/** Gzip members (RFC 1952), level 6 as Hadoop's default. */
export const gzip = onPool('gzip', promisify<Buffer, Buffer>(gzipBytes), createGunzip)

/** Zlib streams (RFC 1950), level 6: what Hadoop calls default and deflate. */
export const deflate = onPool('zlib', promisify<Buffer, Buffer>(deflateBytes), createInflate)

/** Zstandard frames (RFC 8878), level 3 as Hadoop's default. */
export const zstandard = onPool('zstandard', promisify<Buffer, Buffer>(zstdCompress), createZstdDecompress)

/** Compression by node:zlib, which works on libuv's thread pool. */
function onPool(format: string, compress: Compress, createDecoder: () => MemberDecoder): Compression {
  return {
    compress: async chunks => {
      const input = joinChunks(chunks)
      return input.length === 0 ? [] : [await compress(input)]
    },
    decompress: source => decodeMembers(source, format, createDecoder)
  }
}
