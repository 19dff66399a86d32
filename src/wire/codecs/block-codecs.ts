import { ChunkReader } from './chunk-reader.ts'
import { formatError, joinChunks, type Compression } from './codec.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy, snappySize } from './snappy.ts'

/** Hadoop's `io.compression.codec.{snappy,lz4}.buffersize`. */
const BUFFER_BYTES = 256 * 1024

/** Largest raw size of one block that is accepted when reading; Hadoop writes 256 KiB unless told otherwise. */
const MAX_RAW_BYTES = 64 * 1024 * 1024

/**
 * Hadoop's block framing, big-endian. Source: org.apache.hadoop.io.compress.BlockCompressorStream.
 *   u32 raw size of the block, then chunks until that many bytes came out:
 *     u32 chunk size   chunk: one raw snappy or LZ4 block
 */
interface RawBlocks {
  readonly format: string
  /** Most raw bytes in a block, so that the result surely fits into Hadoop's buffer. */
  readonly blockBytes: number
  compress(raw: Buffer): Buffer
  /** `most` bounds the result. */
  decompress(chunk: Buffer, most: number): Buffer
}

/** Snappy in Hadoop's block framing. */
export const snappy = framed({
  format: 'snappy',
  blockBytes: BUFFER_BYTES - Math.floor(BUFFER_BYTES / 6) - 32,
  compress: compressSnappy,
  decompress: (chunk, most) => {
    if (snappySize(chunk) > most) throw formatError('snappy', 'a chunk is larger than its block')
    return decompressSnappy(chunk)
  }
})

/** LZ4 in Hadoop's block framing. */
export const lz4 = framed({
  format: 'lz4',
  blockBytes: BUFFER_BYTES - Math.floor(BUFFER_BYTES / 255) - 16,
  compress: compressLz4,
  decompress: decompressLz4
})

function framed(blocks: RawBlocks): Compression {
  return {
    compress: async chunks => compressFramed(joinChunks(chunks), blocks),
    decompress: source => decompressFramed(new ChunkReader(source, blocks.format), blocks)
  }
}

function compressFramed(raw: Buffer, { blockBytes, compress }: RawBlocks): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at < raw.length; at += blockBytes) {
    const block = raw.subarray(at, at + blockBytes)
    const chunk = compress(block)
    const head = Buffer.allocUnsafe(8)
    head.writeUInt32BE(block.length, 0)
    head.writeUInt32BE(chunk.length, 4)
    parts.push(head, chunk)
  }
  return parts
}

async function* decompressFramed(input: ChunkReader, blocks: RawBlocks): AsyncGenerator<Buffer, undefined> {
  try {
    while (!(await input.ended())) {
      let left = (await input.take(4)).readUInt32BE()
      if (left > MAX_RAW_BYTES) throw formatError(blocks.format, 'a block is larger than 64 MiB')
      while (left > 0) {
        const raw = await decompressChunk(input, blocks, left)
        left -= raw.length
        yield raw
      }
    }
  } finally {
    await input.close()
  }
  return undefined
}

async function decompressChunk(input: ChunkReader, blocks: RawBlocks, most: number): Promise<Buffer> {
  const size = (await input.take(4)).readUInt32BE()
  if (size > most + most / 6 + 64) throw formatError(blocks.format, 'a chunk is larger than its block')
  const raw = blocks.decompress(await input.take(size), most)
  if (raw.length === 0) throw formatError(blocks.format, 'a chunk without content')
  return raw
}
