import { ChunkReader } from '../chunk-reader.ts'
import { formatError } from '../codec.ts'
import { BitReader } from './bit-reader.ts'
import { combineChecksum, updateChecksum } from './bzip2-checksum.ts'
import { readSymbols } from './read-symbols.ts'

/** More than the longest block that follows the format: 900,000 symbols of 20 bits, and the codes in front. */
const MOST_BLOCK_BYTES = 2_400_000

const BLOCK_MAGIC = 0x314159265359
const END_MAGIC = 0x177245385090

/**
 * The content of all bzip2 streams of `source`, block by block; format as in bzip2-encode.ts. Holds one compressed and
 * one raw block, 9 MB at most. Rejects with ERR_FORMAT.
 */
export async function* decodeBzip2(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const input = new ChunkReader(source, 'bzip2')
  try {
    while (!(await input.ended())) yield* decodeStream(input)
  } finally {
    await input.close()
  }
  return undefined
}

async function* decodeStream(input: ChunkReader): AsyncGenerator<Buffer, undefined> {
  const head = (await input.take(4)).toString('latin1')
  if (!/^BZh[1-9]$/.test(head)) throw formatError('bzip2', 'it does not start with BZh')
  const decoder = new BlockDecoder(Number(head[3]) * 100_000)
  let skipBits = 0
  for (;;) {
    const bits = new BitReader(await input.peek(MOST_BLOCK_BYTES), skipBits)
    const raw = decoder.next(bits)
    if (raw === undefined) {
      input.skip(Math.ceil(bits.position / 8))
      return undefined
    }
    input.skip(Math.floor(bits.position / 8))
    skipBits = bits.position % 8
    yield* raw
  }
}

class BlockDecoder {
  readonly #column: Uint8Array
  readonly #links: Uint32Array
  #checksum = 0

  constructor(most: number) {
    this.#column = new Uint8Array(most)
    this.#links = new Uint32Array(most)
  }

  /** The content of the next block in pieces; undefined behind the last. */
  next(bits: BitReader): Buffer[] | undefined {
    const magic = bits.read(24) * 2 ** 24 + bits.read(24)
    const checksum = bits.readWord() | 0
    if (magic === END_MAGIC) {
      if (checksum !== this.#checksum) throw formatError('bzip2', 'the checksum of a stream is wrong')
      return undefined
    }
    if (magic !== BLOCK_MAGIC) throw formatError('bzip2', 'no block where one must start')
    if (bits.bit() === 1) throw formatError('bzip2', 'a randomised block')
    const original = bits.read(24)
    const length = readSymbols(bits, this.#column)
    if (original >= length) throw formatError('bzip2', 'an index outside its block')
    this.#link(length)
    return this.#expand(original, length, checksum)
  }

  /** For each row, the row of the rotation that starts one byte later. */
  #link(length: number): void {
    const starts = new Uint32Array(257)
    for (let i = 0; i < length; i++) starts[this.#column[i]! + 1]!++
    for (let value = 0; value < 256; value++) starts[value + 1]! += starts[value]!
    for (let i = 0; i < length; i++) this.#links[starts[this.#column[i]!]!++] = i
  }

  /** Follows the links, and repeats each byte that stood four times as often as the count behind it says. */
  #expand(original: number, length: number, wanted: number): Buffer[] {
    const pieces: Buffer[] = []
    let out = Buffer.allocUnsafeSlow(PIECE_BYTES)
    let at = 0
    let crc = -1
    let row = this.#links[original]!
    let last = -1
    let same = 0
    for (let i = 0; i < length; i++) {
      const byte = this.#column[row]!
      row = this.#links[row]!
      if (at + 256 > PIECE_BYTES) {
        crc = updateChecksum(crc, out, 0, at)
        pieces.push(out.subarray(0, at))
        out = Buffer.allocUnsafeSlow(PIECE_BYTES)
        at = 0
      }
      if (same === 4) {
        out.fill(last, at, at + byte)
        at += byte
        same = 0
        last = -1
        continue
      }
      same = byte === last ? same + 1 : 1
      last = byte
      out[at++] = byte
    }
    crc = ~updateChecksum(crc, out, 0, at)
    if (crc !== wanted) throw formatError('bzip2', 'the checksum of a block is wrong')
    this.#checksum = combineChecksum(this.#checksum, crc)
    pieces.push(out.subarray(0, at))
    return pieces
  }
}

const PIECE_BYTES = 64 * 1024
