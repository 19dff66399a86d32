import { randomBytes } from 'node:crypto'
import type { EventBatch } from '../core/batch.ts'
import type { Codec } from './codecs/codec.ts'
import { UPPER_WORD, type SequenceKeys } from './sequence-keys.ts'
import { vintSize, writeVint } from './writable.ts'

/** What the value of a record is: `BytesWritable` (Flume's `Writable`) or `Text`. */
export type SequenceValue = 'bytes' | 'text'

export interface SequenceFileOptions {
  readonly value: SequenceValue
  /** Compresses blocks of records; without it records stand as they are. */
  readonly codec?: Codec | undefined
  /** 16 bytes that mark where reading may start; random unless given. */
  readonly sync?: Buffer
}

/** Writes one sequence file. One call at a time; the bytes of each call follow those of the one before. */
export interface SequenceFileWriter {
  /** Records for these events, the file header first. A block-compressing writer may hold them back until flush(). */
  write(batch: EventBatch, keys: SequenceKeys): Promise<readonly Buffer[]>
  /** What was held back, and a sync point: everything written so far can be read. */
  flush(): Promise<readonly Buffer[]>
  /** The last bytes of the file; a header alone when nothing was written. */
  end(): Promise<readonly Buffer[]>
}

/** A new file of LongWritable keys. Costs about 70 ns for each uncompressed 120-byte event. */
export function createSequenceFile(options: SequenceFileOptions): SequenceFileWriter {
  const sync = options.sync ?? randomBytes(16)
  const header = fileHeader(options, sync)
  return options.codec === undefined
    ? new PlainWriter(header, sync, options.value)
    : new BlockWriter(header, sync, options.value, options.codec)
}

const KEY_CLASS = 'org.apache.hadoop.io.LongWritable'
const VALUE_CLASSES = {
  bytes: 'org.apache.hadoop.io.BytesWritable',
  text: 'org.apache.hadoop.io.Text'
} as const

/** Raw bytes of keys and values after which a block is closed: Hadoop's `io.seqfile.compress.blocksize`. */
const BLOCK_BYTES = 1_000_000
/** Bytes after which the next record gets a sync point in front: SYNC_INTERVAL of Hadoop 3. */
const SYNC_INTERVAL = 102_400
const SYNC_POINT_BYTES = 20
const KEY_BYTES = 8

/**
 * The file header. Source: org.apache.hadoop.io.SequenceFile.Writer.writeFileHeader.
 *   'SEQ' 0x06   key class   value class   each a vint length and UTF-8
 *   u8 compressed   u8 block-compressed   codec class when compressed
 *   u32 number of metadata entries (0)   16 bytes sync marker
 */
function fileHeader({ value, codec }: SequenceFileOptions, sync: Buffer): Buffer {
  const compressed = codec === undefined ? 0 : 1
  const parts = [
    Buffer.from('SEQ\x06', 'latin1'),
    className(KEY_CLASS),
    className(VALUE_CLASSES[value]),
    Buffer.from([compressed, compressed])
  ]
  if (codec !== undefined) parts.push(className(codec.hadoopClass))
  parts.push(Buffer.alloc(4), sync)
  return Buffer.concat(parts)
}

function className(name: string): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1')])
}

/**
 * Uncompressed records, big-endian. A sync point stands before the first record that starts SYNC_INTERVAL bytes
 * or more behind the last, and behind each flush.
 *   u32 record length: key and value   u32 key length (8)   i64 key   value: length as in `writeSize`, body
 *   sync point: u32 0xffffffff   16 bytes sync marker
 */
class PlainWriter implements SequenceFileWriter {
  readonly #sync: Buffer
  readonly #value: SequenceValue
  #header: Buffer | undefined
  #position = 0
  #lastSync = 0

  constructor(header: Buffer, sync: Buffer, value: SequenceValue) {
    this.#header = header
    this.#sync = sync
    this.#value = value
  }

  async write(batch: EventBatch, keys: SequenceKeys): Promise<readonly Buffer[]> {
    const header = this.#header ?? Buffer.alloc(0)
    const out = Buffer.allocUnsafeSlow(header.length + this.#mostBytes(batch))
    const base = this.#position
    const words = new Int32Array(keys.buffer, keys.byteOffset, 2 * keys.length)
    let at = header.copy(out)
    this.#header = undefined
    for (let i = 0; i < batch.length; i++) {
      if (base + at >= this.#lastSync + SYNC_INTERVAL) at = this.#writeSync(out, at, base)
      const start = at
      at = writeWord(KEY_BYTES, out, at + 4)
      at = writeWord(words[2 * i + UPPER_WORD]!, out, at)
      at = writeWord(words[2 * i + 1 - UPPER_WORD]!, out, at)
      at = batch.copyTo(i, out, writeSize(batch.size(i), this.#value, out, at))
      writeWord(at - start - 8, out, start)
    }
    this.#position = base + at
    return [out.subarray(0, at)]
  }

  async flush(): Promise<readonly Buffer[]> {
    const chunks = this.#headerAlone()
    if (this.#lastSync === this.#position) return chunks
    const out = Buffer.allocUnsafeSlow(SYNC_POINT_BYTES)
    this.#writeSync(out, 0, this.#position)
    this.#position += SYNC_POINT_BYTES
    return [...chunks, out]
  }

  async end(): Promise<readonly Buffer[]> {
    return this.#headerAlone()
  }

  #headerAlone(): Buffer[] {
    if (this.#header === undefined) return []
    const header = this.#header
    this.#header = undefined
    this.#position = header.length
    return [header]
  }

  #writeSync(out: Buffer, start: number, base: number): number {
    const at = writeWord(-1, out, start) + this.#sync.copy(out, start + 4)
    this.#lastSync = base + at
    return at
  }

  #mostBytes(batch: EventBatch): number {
    const records = batch.bodyBytes + batch.length * (8 + KEY_BYTES + 5)
    return records + SYNC_POINT_BYTES * (2 + Math.ceil(records / (SYNC_INTERVAL - SYNC_POINT_BYTES)))
  }
}

/**
 * Blocks of records, closed at about BLOCK_BYTES and at each flush.
 *   u32 0xffffffff   16 bytes sync marker   vint number of records, then four times
 *   vint size   compressed bytes: of key lengths (vints), keys, value lengths (vints), values
 */
class BlockWriter implements SequenceFileWriter {
  readonly #sync: Buffer
  readonly #value: SequenceValue
  readonly #codec: Codec
  #header: Buffer | undefined
  readonly #keys: Buffer[] = []
  readonly #lengths: Buffer[] = []
  readonly #values: Buffer[] = []
  #records = 0
  #bytes = 0

  constructor(header: Buffer, sync: Buffer, value: SequenceValue, codec: Codec) {
    this.#header = header
    this.#sync = sync
    this.#value = value
    this.#codec = codec
  }

  async write(batch: EventBatch, keys: SequenceKeys): Promise<readonly Buffer[]> {
    const chunks: Buffer[] = []
    for (let from = 0; from < batch.length;) {
      const to = this.#roomFor(batch, from)
      this.#collect(batch.slice(from, to), keys.subarray(from, to))
      from = to
      if (this.#bytes >= BLOCK_BYTES) chunks.push(...(await this.flush()))
    }
    return chunks
  }

  async flush(): Promise<readonly Buffer[]> {
    const chunks = this.#header === undefined ? [] : [this.#header]
    this.#header = undefined
    if (this.#records === 0) return chunks
    const head = Buffer.allocUnsafeSlow(SYNC_POINT_BYTES + 5)
    const at = writeVint(this.#records, head, writeWord(-1, head, 0) + this.#sync.copy(head, 4))
    chunks.push(head.subarray(0, at))
    const keyLengths = Buffer.alloc(this.#records, KEY_BYTES)
    for (const part of [[keyLengths], this.#keys, this.#lengths, this.#values]) {
      const compressed = await this.#codec.compress(part)
      chunks.push(sizeOf(compressed), ...compressed)
    }
    this.#keys.length = this.#lengths.length = this.#values.length = 0
    this.#records = this.#bytes = 0
    return chunks
  }

  end(): Promise<readonly Buffer[]> {
    return this.flush()
  }

  /** First event behind those that fill the block. */
  #roomFor(batch: EventBatch, from: number): number {
    let bytes = this.#bytes
    let to = from
    while (to < batch.length && bytes < BLOCK_BYTES)
      bytes += KEY_BYTES + valueSize(batch.size(to++), this.#value)
    return to
  }

  #collect(batch: EventBatch, keys: SequenceKeys): void {
    const keyBytes = Buffer.allocUnsafeSlow(KEY_BYTES * batch.length)
    const lengths = Buffer.allocUnsafeSlow(5 * batch.length)
    const values = Buffer.allocUnsafeSlow(batch.bodyBytes + 5 * batch.length)
    const words = new Int32Array(keys.buffer, keys.byteOffset, 2 * keys.length)
    let at = 0
    let lengthAt = 0
    for (let i = 0; i < batch.length; i++) {
      writeWord(words[2 * i + UPPER_WORD]!, keyBytes, KEY_BYTES * i)
      writeWord(words[2 * i + 1 - UPPER_WORD]!, keyBytes, KEY_BYTES * i + 4)
      lengthAt = writeVint(valueSize(batch.size(i), this.#value), lengths, lengthAt)
      at = batch.copyTo(i, values, writeSize(batch.size(i), this.#value, values, at))
    }
    this.#keys.push(keyBytes)
    this.#lengths.push(lengths.subarray(0, lengthAt))
    this.#values.push(values.subarray(0, at))
    this.#records += batch.length
    this.#bytes += keyBytes.length + at
  }
}

function sizeOf(chunks: readonly Buffer[]): Buffer {
  let size = 0
  for (const chunk of chunks) size += chunk.length
  const out = Buffer.allocUnsafeSlow(vintSize(size))
  writeVint(size, out, 0)
  return out
}

function valueSize(bodyBytes: number, value: SequenceValue): number {
  return bodyBytes + (value === 'bytes' ? 4 : vintSize(bodyBytes))
}

/** What stands in front of a body. BytesWritable: u32 length. Text: vint length. */
function writeSize(size: number, value: SequenceValue, out: Buffer, at: number): number {
  return value === 'bytes' ? writeWord(size, out, at) : writeVint(size, out, at)
}

function writeWord(word: number, out: Buffer, at: number): number {
  out[at] = word >>> 24
  out[at + 1] = word >>> 16
  out[at + 2] = word >>> 8
  out[at + 3] = word
  return at + 4
}
