import { createCipheriv } from 'node:crypto'
import { AgentError } from '../../core/errors.ts'
import type { LogEncryption } from './log-meta.ts'

const CACHED_BYTES = 16 * 1024
const COUNTER_BYTES = 16
const KEY_BYTES = [16, 24, 32]

/**
 * Undoes AES/CTR/NoPadding as Flume applied it: every record of a file starts again with the file's first counter
 * block, so that one key stream serves all records.
 */
export class RecordCipher {
  readonly #key: Buffer
  readonly #counter: Buffer
  readonly #stream: Buffer

  constructor(key: Buffer, counter: Buffer) {
    this.#key = key
    this.#counter = counter
    this.#stream = this.#apply(Buffer.alloc(CACHED_BYTES))
  }

  /** The first `length` bytes of a record that starts at `start`, in the clear, into `out`. */
  decrypt(bytes: Buffer, start: number, length: number, out: Buffer): void {
    if (length > CACHED_BYTES) {
      this.#apply(bytes.subarray(start, start + length)).copy(out)
      return
    }
    for (let i = 0; i < length; i++) out[i] = (bytes[start + i] ?? 0) ^ (this.#stream[i] ?? 0)
  }

  #apply(bytes: Buffer): Buffer {
    return createCipheriv(`aes-${this.#key.length * 8}-ctr`, this.#key, this.#counter).update(bytes)
  }
}

/** The cipher of one log file. Throws ERR_UNSUPPORTED for another cipher, ERR_CONFIG for a key that cannot be one. */
export function openRecordCipher(encryption: LogEncryption, key: Buffer, file: string): RecordCipher {
  const { cipher, parameters, keyAlias } = encryption
  if (cipher !== 'AESCTRNOPADDING' || parameters.length !== COUNTER_BYTES) {
    throw new AgentError(
      'ERR_UNSUPPORTED',
      `${file} is encrypted with ${cipher}, which only Flume can read.`,
      { file, cipher }
    )
  }
  if (!KEY_BYTES.includes(key.length)) {
    throw new AgentError('ERR_CONFIG', `The key ${keyAlias} is not an AES key of 128, 192 or 256 bits.`, {
      file,
      keyAlias
    })
  }
  return new RecordCipher(key, parameters)
}
