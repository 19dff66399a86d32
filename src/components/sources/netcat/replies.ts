import type { Coding } from './coding.ts'

/** A reply is repeated in one piece of memory up to this size, which all clients share. */
const BLOCK_BYTES = 16 * 1024

/** One reply, many times over. */
interface Block {
  readonly text: string
  readonly bytes: Buffer
  readonly replyBytes: number
}

/**
 * What a source answers. The same reply to many lines of many clients is always the same memory, so that a client
 * that does not read costs none, however many lines it sent and however long the reason is.
 */
export class Replies {
  readonly coding: Coding
  readonly #ok: Block
  /** The latest reason, as clients are refused for the same one. */
  #failed: Block | undefined

  constructor(coding: Coding) {
    this.coding = coding
    this.#ok = blockOf(coding, 'OK\n')
  }

  /** So many lines were taken. */
  ok(lines: number): Generator<Buffer, undefined> {
    return repeated(this.#ok, lines)
  }

  /** So many lines were refused. */
  failed(reason: string, lines: number): Generator<Buffer, undefined> {
    const text = `FAILED: ${reason.replaceAll(/[\r\n]+/g, ' ')}\n`
    if (this.#failed?.text !== text) this.#failed = blockOf(this.coding, text)
    return repeated(this.#failed, lines)
  }
}

function blockOf(coding: Coding, text: string): Block {
  const replyBytes = coding.encode(text).length
  const times = Math.max(1, Math.floor(BLOCK_BYTES / replyBytes))
  return { text, bytes: coding.encode(text.repeat(times)), replyBytes }
}

function* repeated({ bytes, replyBytes }: Block, times: number): Generator<Buffer, undefined> {
  for (let left = times * replyBytes; left > 0; left -= bytes.length) {
    yield left < bytes.length ? bytes.subarray(0, left) : bytes
  }
  return undefined
}
