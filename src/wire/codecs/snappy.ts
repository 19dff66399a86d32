import { createRequire } from 'node:module'
import { formatError } from './codec.ts'

type Wasm = typeof import('@platformatic/wasm-utils')

let wasm: Wasm | undefined

/** One raw snappy block, by WebAssembly, about 1 GB/s. The module loads at the first call. */
export function compressSnappy(raw: Buffer): Buffer {
  wasm ??= createRequire(import.meta.url)('@platformatic/wasm-utils') as Wasm
  return wasm.snappyCompress(raw)
}

/** Bytes that a raw snappy block says it holds; throws ERR_FORMAT. Check it before decompressing. */
export function snappySize(block: Buffer): number {
  return readSize(block).size
}

/**
 * The content of one raw snappy block; throws ERR_FORMAT. WebAssembly traps on damaged input and then leaks, so this
 * is our own. Source: google/snappy format_description.txt. A varint of the raw size, then elements by the tag's
 * low two bits:
 *   00 literal: length - 1 in the upper six bits, 60…63 mean 1…4 more bytes (little-endian)
 *   01 copy: length - 4 in bits 2–4, offset in bits 5–7 (high) and one byte
 *   10, 11 copy: length - 1 in the upper six bits, offset in two or four bytes (little-endian)
 */
export function decompressSnappy(block: Buffer): Buffer {
  const { size, at } = readSize(block)
  if (size > block.length * MAX_RATIO) throw formatError('snappy', 'a size that cannot be')
  const out = Buffer.allocUnsafeSlow(size)
  const end = inflate(block, at, out)
  if (end !== size) throw formatError('snappy', 'it ends too early')
  return out
}

/** The densest element gives 64 bytes for 3. */
const MAX_RATIO = 22

function inflate(block: Buffer, start: number, out: Buffer): number {
  let at = start
  let to = 0
  while (at < block.length) {
    const tag = block[at++]!
    const kind = tag & 3
    if (kind === 0) {
      const more = tag >> 2 >= 60 ? (tag >> 2) - 59 : 0
      const length = (more === 0 ? tag >> 2 : little(block, at, more)) + 1
      at += more
      if (length > block.length - at || length > out.length - to)
        throw formatError('snappy', 'a literal too long')
      to += block.copy(out, to, at, at + length)
      at += length
    } else {
      const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
      const bytes = kind === 1 ? 1 : kind === 2 ? 2 : 4
      const offset = little(block, at, bytes) + (kind === 1 ? (tag >> 5) << 8 : 0)
      at += bytes
      if (offset === 0 || offset > to || length > out.length - to)
        throw formatError('snappy', 'a copy out of range')
      to = repeat(out, to, offset, length)
    }
  }
  return to
}

/** Copies `length` bytes from `offset` back to `to`, repeating where they overlap; returns the position behind. */
export function repeat(out: Buffer, to: number, offset: number, length: number): number {
  if (length > 32 && offset >= length) out.copyWithin(to, to - offset, to - offset + length)
  else for (let i = to; i < to + length; i++) out[i] = out[i - offset]!
  return to + length
}

function little(block: Buffer, at: number, bytes: number): number {
  if (at + bytes > block.length) throw formatError('snappy', 'it ends too early')
  return block.readUIntLE(at, bytes)
}

function readSize(block: Buffer): { size: number; at: number } {
  let size = 0
  for (let at = 0; at < 5 && at < block.length; at++) {
    const byte = block[at]!
    size += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80 && size <= 0xffffffff) return { size, at: at + 1 }
  }
  throw formatError('snappy', 'no size in front')
}
