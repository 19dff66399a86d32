import type { Transform } from 'node:stream'
import { AgentError } from '../../core/errors.ts'
import { formatError } from './codec.ts'

/** A decoder of node:zlib; `bytesWritten` counts the input bytes it used. */
export type MemberDecoder = Transform & { readonly bytesWritten: number }

/** Largest piece of input given to a decoder at once. */
const PIECE_BYTES = 64 * 1024

/**
 * The content of all members of `source`. One decoder for each member, as node:zlib stops at the end of the first
 * (gzip excepted); what it left over starts the next. Back-pressure keeps one piece and zlib's buffers in memory.
 */
export async function* decodeMembers(
  source: AsyncIterable<Buffer>,
  format: string,
  createDecoder: () => MemberDecoder
): AsyncGenerator<Buffer, undefined> {
  const input = new Input(source)
  try {
    while ((await input.next()) !== undefined) yield* decodeMember(input, format, createDecoder())
  } finally {
    await input.close()
  }
  return undefined
}

async function* decodeMember(
  input: Input,
  format: string,
  decoder: MemberDecoder
): AsyncGenerator<Buffer, undefined> {
  const feeding = feed(input, decoder)
  feeding.catch(error => decoder.destroy(error)) // the reader below rejects with it
  try {
    for await (const bytes of decoder) yield bytes as Buffer
  } catch (error) {
    throw error instanceof AgentError ? error : formatOf(error, format)
  } finally {
    decoder.destroy()
  }
  await feeding
  if (decoder.bytesWritten === 0) throw formatError(format, 'bytes behind the end')
  return undefined
}

/** Writes pieces until the input ends or the decoder leaves bytes, which go back to the input. */
async function feed(input: Input, decoder: MemberDecoder): Promise<void> {
  let fed = 0
  for (let piece = await input.next(); piece !== undefined; piece = await input.next()) {
    if (!(await written(decoder, piece))) return
    fed += piece.length
    const left = fed - decoder.bytesWritten
    input.advance(piece.length - left)
    if (left > 0) return
  }
  decoder.end()
}

/** Whether the decoder took the piece; false once it failed or was closed. */
function written(decoder: MemberDecoder, piece: Buffer): Promise<boolean> {
  return new Promise(resolve => {
    decoder.write(piece, error => resolve(error === null || error === undefined))
  })
}

function formatOf(error: unknown, format: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!/^(?:Z_|ZSTD_|ERR_)/.test(code)) return error
  return formatError(format, code === 'Z_BUF_ERROR' ? 'it ends too early' : 'damaged bytes', error)
}

/** A source that can be read piece by piece, each piece for as long as it was not advanced over. */
class Input {
  readonly #iterator: AsyncIterator<Buffer>
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(source: AsyncIterable<Buffer>) {
    this.#iterator = source[Symbol.asyncIterator]()
  }

  /** The bytes in front, at most PIECE_BYTES; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    while (this.#at >= this.#chunk.length) {
      const { done, value } = await this.#iterator.next()
      if (done === true) return undefined
      this.#chunk = value
      this.#at = 0
    }
    return this.#chunk.subarray(this.#at, this.#at + PIECE_BYTES)
  }

  advance(bytes: number): void {
    this.#at += bytes
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }
}
