import { AgentError } from '../../core/errors.ts'
import { ChunkReader } from '../codecs/chunk-reader.ts'
import { formatError } from '../codecs/codec.ts'
import { AvroReader } from './avro-binary.ts'
import { avroCodec, type AvroCodec } from './avro-codecs.ts'
import { parseSchema, type AvroType } from './avro-schema.ts'
import { AvroDecoder, type AvroValue } from './avro-value.ts'

/** An Avro container file being read. */
export interface AvroContainer {
  /** JSON text as it stands in the file. */
  readonly schema: string
  readonly codec: string
  /** Entries of the file header, `avro.schema` and `avro.codec` included. */
  readonly metadata: ReadonlyMap<string, Buffer>
  /** Rejects with ERR_FORMAT where the bytes are damaged or end too early, after the blocks before that. */
  readonly records: AsyncIterable<AvroValue>
}

/** Largest block that is read, stored or raw. */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024
const MAX_METADATA_BYTES = 4 * 1024 * 1024
const MAX_METADATA = 1024

/**
 * Reads the header of an Avro container file (layout in container-writer.ts), then its records one by one. Holds one
 * block, at most 64 MiB stored and raw. Rejects with ERR_FORMAT, or ERR_UNSUPPORTED for the codec xz.
 */
export async function openAvroContainer(source: AsyncIterable<Buffer>): Promise<AvroContainer> {
  const input = new ChunkReader(source, 'Avro container')
  if ((await input.take(4)).toString('latin1') !== 'Obj\x01') throw damaged('it does not start with Obj')
  const metadata = await readMetadata(input)
  const sync = Buffer.from(await input.take(16))
  const schema = metadata.get('avro.schema')?.toString()
  if (schema === undefined) throw damaged('it has no schema')
  const codecName = metadata.get('avro.codec')?.toString() ?? 'null'
  const codec = avroCodec(codecName)
  if (codec === undefined) {
    throw new AgentError('ERR_UNSUPPORTED', `The Avro codec ${codecName} is not available.`, {
      codec: codecName
    })
  }
  const records = readRecords(input, sync, codec, parseSchema(schema))
  return { schema, codec: codecName, metadata, records }
}

async function* readRecords(
  input: ChunkReader,
  sync: Buffer,
  codec: AvroCodec,
  type: AvroType
): AsyncGenerator<AvroValue, undefined> {
  try {
    while (!(await input.ended())) {
      const count = await takeLong(input)
      const size = await takeLong(input)
      if (!(count >= 0 && size >= 0 && size <= MAX_BLOCK_BYTES)) throw damaged('a block larger than 64 MiB')
      const stored = await input.take(size)
      const raw = await codec.decompress(stored, MAX_BLOCK_BYTES)
      if (!sync.equals(await input.take(16))) throw damaged('a sync marker is wrong')
      yield* readBlock(raw, count, type)
    }
  } finally {
    await input.close()
  }
  return undefined
}

function* readBlock(raw: Buffer, count: number, type: AvroType): Generator<AvroValue, undefined> {
  const reader = new AvroReader(raw)
  const decoder = new AvroDecoder(reader)
  for (let i = 0; i < count; i++) yield decoder.value(type)
  if (reader.left > 0) throw damaged('a block with bytes behind its records')
  return undefined
}

async function readMetadata(input: ChunkReader): Promise<Map<string, Buffer>> {
  const metadata = new Map<string, Buffer>()
  const start = input.position
  const take = async (): Promise<Buffer> => {
    const length = await takeLong(input)
    if (!(length >= 0 && length <= MAX_METADATA_BYTES - (input.position - start)))
      throw damaged('metadata larger than 4 MiB')
    return Buffer.from(await input.take(length))
  }
  for (let entries = 0, count = await takeLong(input); count !== 0; count = await takeLong(input)) {
    if (count < 0) await takeLong(input)
    entries += Math.abs(count)
    if (!(entries <= MAX_METADATA)) throw damaged('too many metadata entries')
    for (let i = Math.abs(count); i > 0; i--) metadata.set((await take()).toString(), await take())
  }
  return metadata
}

async function takeLong(input: ChunkReader): Promise<number> {
  const bytes: number[] = []
  do bytes.push(await input.byte())
  while (bytes.at(-1)! >= 0x80 && bytes.length < 10)
  return Number(new AvroReader(Buffer.from(bytes)).long())
}

function damaged(reason: string): Error {
  return formatError('Avro container', reason)
}
