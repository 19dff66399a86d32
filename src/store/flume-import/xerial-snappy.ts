import { decompressSnappy, snappySize } from '../../wire/codecs/snappy.ts'

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const HEADER_BYTES = 16
const LENGTH_BYTES = 4

/**
 * The content of a file that snappy-java's SnappyOutputStream wrote, up to `most` bytes of it; undefined when it is
 * damaged or larger. Source: SnappyCodec.java and SnappyInputStream.java of snappy-java 1.1.
 *   82 53 4e 41 50 50 59 00   i32 version   i32 least compatible version
 *   then blocks: i32 length, big endian, and a raw snappy block
 */
export function unpackSnappy(packed: Buffer, most: number): Buffer | undefined {
  if (packed.length < HEADER_BYTES || !packed.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  try {
    const blocks: Buffer[] = []
    let total = 0
    for (let at = HEADER_BYTES; at < packed.length;) {
      if (at + LENGTH_BYTES > packed.length) return undefined
      const length = packed.readInt32BE(at)
      at += LENGTH_BYTES
      if (length <= 0 || at + length > packed.length) return undefined
      const block = packed.subarray(at, at + length)
      total += snappySize(block)
      if (total > most) return undefined
      blocks.push(block)
      at += length
    }
    // It may be gigabytes: never in memory twice.
    const bytes = Buffer.allocUnsafeSlow(total)
    let end = 0
    for (const block of blocks) end += decompressSnappy(block).copy(bytes, end)
    return bytes
  } catch {
    return undefined
  }
}
