import { isUtf8 } from 'node:buffer'
import type { AvroValue } from '../../wire/avro/avro-value.ts'
import type { Codec } from '../../wire/codecs/codec.ts'

const MAGIC_BYTES = 4
const LINES_BYTES = 64 * 1024
const NEWLINE = Buffer.from('\n')
const TAB = Buffer.from('\t')

/**
 * The content of a file as text, as `hadoop fs -text`: sequence files as `key TAB value` lines, Avro containers as
 * a JSON object per line, compressed files decompressed, by their first bytes or the ending of `name` (in-use suffix
 * `.tmp` aside). Anything else comes as it is. Unlike Hadoop, bytes that are readable UTF-8 are printed as text.
 */
export async function* decodedText(
  source: AsyncIterable<Buffer>,
  name: string
): AsyncGenerator<Buffer, undefined> {
  const { ChunkReader } = await import('../../wire/codecs/chunk-reader.ts')
  const reader = new ChunkReader(source, 'file')
  try {
    const magic = (await reader.peek(MAGIC_BYTES)).toString('latin1', 0, MAGIC_BYTES)
    if (magic.startsWith('SEQ')) yield* gathered(sequenceLines(reader.rest()))
    else if (magic === 'Obj\x01') yield* gathered(avroLines(reader.rest()))
    else {
      const codec = await codecFor(magic, name)
      yield* codec === undefined ? reader.rest() : codec.decompress(reader.rest())
    }
  } finally {
    await reader.close()
  }
  return undefined
}

/** Gzip shows itself; the others are told by name. A file called .gz that is none is printed as it is. */
async function codecFor(magic: string, name: string): Promise<Codec | undefined> {
  const { codecOfFile } = await import('../../wire/codecs/resolve-codec.ts')
  if (magic.startsWith('\x1f\x8b')) return codecOfFile('.gz')
  const found = codecOfFile(name.replace(/\.tmp$/, ''))
  return found?.extension === '.gz' ? undefined : found
}

async function* sequenceLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const { openSequenceFile } = await import('../../wire/sequence-reader.ts')
  const { writableBytes, writableText } = await import('../../wire/writable.ts')
  const readable = (className: string, bytes: Buffer): Buffer => {
    const content = writableBytes(className, bytes)
    return content !== undefined && isReadable(content)
      ? content
      : Buffer.from(writableText(className, bytes))
  }
  const { keyClass, valueClass, records } = await openSequenceFile(source)
  for await (const { key, value } of records) {
    yield Buffer.concat([readable(keyClass, key), TAB, readable(valueClass, value), NEWLINE])
  }
  return undefined
}

async function* avroLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const { openAvroContainer } = await import('../../wire/avro/container-reader.ts')
  const { records } = await openAvroContainer(source)
  for await (const record of records) yield Buffer.from(JSON.stringify(jsonValue(record)) + '\n')
  return undefined
}

/** Avro's JSON encoding, where bytes are text of one character per byte; readable ones are decoded here. */
function jsonValue(value: AvroValue): unknown {
  if (Buffer.isBuffer(value)) return value.toString(isReadable(value) ? 'utf8' : 'latin1')
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (Array.isArray(value)) return value.map(jsonValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonValue(part)]))
}

/** Whether bytes are text: UTF-8 without control characters other than tab, line feed and carriage return. */
function isReadable(bytes: Buffer): boolean {
  return (
    isUtf8(bytes) &&
    bytes.every(byte => (byte >= 0x20 && byte !== 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d)
  )
}

/** The same bytes in fewer pieces; what came before an error is handed out first. */
async function* gathered(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  let held: Buffer[] = []
  let bytes = 0
  try {
    for await (const line of lines) {
      held.push(line)
      bytes += line.length
      if (bytes < LINES_BYTES) continue
      yield Buffer.concat(held)
      held = []
      bytes = 0
    }
  } catch (error) {
    yield Buffer.concat(held)
    throw error
  }
  yield Buffer.concat(held)
  return undefined
}
