import { randomBytes } from 'node:crypto'
import type { AvroCodec } from './avro-codecs.ts'
import { MAX_LENGTH_BYTES, writeLength, writeString } from './avro-binary.ts'

export interface ContainerOptions {
  /** JSON text; stands in the file as it is given. */
  readonly schema: string
  /** Without one, blocks are not compressed and the file names no codec. */
  readonly codec: AvroCodec | undefined
  /** Raw bytes after which a block is closed. */
  readonly syncInterval: number
  /** 16 bytes; random unless given. */
  readonly sync?: Buffer
}

/**
 * Writes one Avro container file of records that are encoded already. Source: Avro specification 1.11, "Object
 * container files".
 *   'Obj' 0x01   metadata: map of string to bytes (avro.schema, avro.codec)   16 bytes sync marker
 *   block: long number of records   long size   records, compressed   16 bytes sync marker
 * A block is closed when a record fills it to the sync interval, as Avro's Java library does, and by flush().
 */
export class AvroContainerWriter {
  readonly #codec: AvroCodec | undefined
  readonly #syncInterval: number
  readonly #sync: Buffer
  #ready: Buffer[]
  #block = Buffer.allocUnsafeSlow(0)
  #at = 0
  #records = 0

  constructor({ schema, codec, syncInterval, sync = randomBytes(16) }: ContainerOptions) {
    this.#codec = codec
    this.#syncInterval = syncInterval
    this.#sync = sync
    this.#ready = [fileHeader(schema, codec, sync)]
  }

  /** Where the next record starts in the buffer that `reserve` returns. */
  get at(): number {
    return this.#at
  }

  /** The buffer of the current block, with room for a record of `bytes`. Valid until the next call. */
  reserve(bytes: number): Buffer {
    if (this.#at + bytes <= this.#block.length) return this.#block
    const larger = Buffer.allocUnsafeSlow(
      Math.max(this.#at + bytes, Math.min(2 * this.#block.length, 2 * this.#syncInterval))
    )
    this.#block.copy(larger, 0, 0, this.#at)
    this.#block = larger
    return larger
  }

  /** Says that the record that was written ends at `end`. */
  recordEnds(end: number): void {
    this.#at = end
    this.#records++
    if (end >= this.#syncInterval) this.#closeBlock()
  }

  /** What is complete so far, the file header first. */
  take(): readonly Buffer[] {
    const ready = this.#ready
    this.#ready = []
    return ready
  }

  /** The same with the current block closed, so that all records so far can be read. */
  flush(): readonly Buffer[] {
    if (this.#records > 0) this.#closeBlock()
    return this.take()
  }

  #closeBlock(): void {
    const raw = this.#block.subarray(0, this.#at)
    const stored = this.#codec?.compress(raw) ?? raw
    const head = Buffer.allocUnsafeSlow(2 * MAX_LENGTH_BYTES)
    const headEnd = writeLength(stored.length, head, writeLength(this.#records, head, 0))
    this.#ready.push(head.subarray(0, headEnd), stored, this.#sync)
    this.#block = Buffer.allocUnsafeSlow(0)
    this.#at = 0
    this.#records = 0
  }
}

function fileHeader(schema: string, codec: AvroCodec | undefined, sync: Buffer): Buffer {
  const pairs = [['avro.schema', schema], ...(codec === undefined ? [] : [['avro.codec', codec.name]])] as [
    string,
    string
  ][]
  const out = Buffer.allocUnsafeSlow(128 + 3 * schema.length)
  let at = writeLength(pairs.length, out, out.write('Obj\x01', 'latin1'))
  for (const [name, value] of pairs) at = writeString(value, out, writeString(name, out, at))
  at = writeLength(0, out, at)
  return out.subarray(0, at + sync.copy(out, at))
}
