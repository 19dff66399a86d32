import { ChunkReader } from './codecs/chunk-reader.ts'
import { formatError, type Codec } from './codecs/codec.ts'
import { codecOfClass } from './codecs/resolve-codec.ts'
import { readVint, vintLength } from './writable.ts'

/** A record as it is serialized; `writableText` and `writableBytes` read keys and values. */
export interface SequenceRecord {
  readonly key: Buffer
  readonly value: Buffer
}

/** A sequence file being read. */
export interface SequenceFile {
  readonly keyClass: string
  readonly valueClass: string
  readonly codec: Codec | undefined
  /** Rejects with ERR_FORMAT where the bytes are damaged or end too early, after the records before that. */
  readonly records: AsyncIterable<SequenceRecord>
}

/** Largest record, and largest compressed or raw part of a block, that is read. */
const MAX_BYTES = 64 * 1024 * 1024
const MAX_METADATA = 1024
const MAX_NAME_BYTES = 64 * 1024
const SYNC_ESCAPE = 0xffffffff

/**
 * Reads the header of a sequence file (version 6, layout in sequence-file.ts), then its records one by one. Holds
 * one record, or the four parts of one block, each at most 64 MiB. Rejects with ERR_FORMAT or ERR_UNSUPPORTED.
 */
export async function openSequenceFile(source: AsyncIterable<Buffer>): Promise<SequenceFile> {
  const input = new ChunkReader(source, 'sequence file')
  const magic = (await input.take(4)).toString('latin1')
  if (!magic.startsWith('SEQ')) throw damaged('it does not start with SEQ')
  if (magic !== 'SEQ\x06') throw damaged('its version is not 6')
  const keyClass = await readText(input)
  const valueClass = await readText(input)
  const compressed = (await input.byte()) !== 0
  const inBlocks = (await input.byte()) !== 0
  const codec = compressed ? codecOfClass(await readText(input)) : undefined
  const metadata = (await input.take(4)).readUInt32BE()
  if (metadata > MAX_METADATA) throw damaged('too many metadata entries')
  for (let i = 0; i < 2 * metadata; i++) await readText(input)
  const sync = Buffer.from(await input.take(16))
  const records =
    codec !== undefined && inBlocks ? readBlocks(input, sync, codec) : readRecords(input, sync, codec)
  return { keyClass, valueClass, codec, records }
}

async function* readRecords(
  input: ChunkReader,
  sync: Buffer,
  codec: Codec | undefined
): AsyncGenerator<SequenceRecord, undefined> {
  try {
    while (!(await input.ended())) {
      const length = (await input.take(4)).readUInt32BE()
      if (length === SYNC_ESCAPE) {
        await checkSync(input, sync)
        continue
      }
      const keyLength = (await input.take(4)).readUInt32BE()
      if (length > MAX_BYTES) throw damaged('a record is larger than 64 MiB')
      if (keyLength > length) throw damaged('a key is longer than its record')
      const record = await input.take(length)
      const stored = record.subarray(keyLength)
      const value = codec === undefined ? stored : await decompressed(codec, stored)
      yield { key: record.subarray(0, keyLength), value }
    }
  } finally {
    await input.close()
  }
  return undefined
}

async function* readBlocks(
  input: ChunkReader,
  sync: Buffer,
  codec: Codec
): AsyncGenerator<SequenceRecord, undefined> {
  try {
    while (!(await input.ended())) {
      if ((await input.take(4)).readUInt32BE() !== SYNC_ESCAPE)
        throw damaged('a block does not start with a sync point')
      await checkSync(input, sync)
      const count = await takeVint(input)
      const parts: Buffer[] = []
      for (let i = 0; i < 4; i++) parts.push(await readPart(input, codec))
      const [keyLengths, keys, valueLengths, values] = parts as [Buffer, Buffer, Buffer, Buffer]
      const eachKey = cut(keyLengths, keys)
      const eachValue = cut(valueLengths, values)
      for (let i = 0; i < count; i++) yield { key: eachKey(), value: eachValue() }
    }
  } finally {
    await input.close()
  }
  return undefined
}

async function readPart(input: ChunkReader, codec: Codec): Promise<Buffer> {
  const size = await takeVint(input)
  if (size > MAX_BYTES) throw damaged('a block is larger than 64 MiB')
  return decompressed(codec, await input.take(size))
}

/** Cuts `content` into pieces, one at each call, by the vints of `lengths`. */
function cut(lengths: Buffer, content: Buffer): () => Buffer {
  let lengthAt = 0
  let at = 0
  return () => {
    const bytes = lengthAt < lengths.length ? vintLength(lengths[lengthAt]!) : Infinity
    if (lengthAt + bytes > lengths.length) throw damaged('a block has fewer lengths than records')
    const length = readVint(lengths, lengthAt)
    if (!(at + length <= content.length)) throw damaged('a length points outside its block')
    lengthAt += bytes
    at += length
    return content.subarray(at - length, at)
  }
}

async function decompressed(codec: Codec, bytes: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of codec.decompress(once(bytes))) {
    size += chunk.length
    if (size > MAX_BYTES) throw damaged('a block is larger than 64 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, undefined> {
  yield bytes
  return undefined
}

async function checkSync(input: ChunkReader, sync: Buffer): Promise<void> {
  if (!sync.equals(await input.take(16))) throw damaged('a sync point is wrong')
}

async function readText(input: ChunkReader): Promise<string> {
  const length = await takeVint(input)
  if (length > MAX_NAME_BYTES) throw damaged('a name is too long')
  return (await input.take(length)).toString()
}

async function takeVint(input: ChunkReader): Promise<number> {
  const first = await input.take(1)
  const more = vintLength(first[0]!) - 1
  const value = readVint(more === 0 ? first : Buffer.concat([first, await input.take(more)]), 0)
  if (!(value >= 0)) throw damaged('a length is negative or too large')
  return value
}

function damaged(reason: string): Error {
  return formatError('sequence file', reason)
}
