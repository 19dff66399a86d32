import { AgentError } from '../../core/errors.ts'
import type { Codec, Compression } from './codec.ts'

const PACKAGE = 'org.apache.hadoop.io.compress.'

/** Every codec, in the order in which Hadoop lists them; the code behind one loads at its first use. */
export const CODECS: readonly Codec[] = [
  codec('BZip2Codec', '.bz2', async () => (await import('./bzip2/bzip2-codec.ts')).bzip2),
  codec('DefaultCodec', '.deflate', async () => (await import('./zlib-codecs.ts')).deflate),
  codec('DeflateCodec', '.deflate', async () => (await import('./zlib-codecs.ts')).deflate),
  codec('GzipCodec', '.gz', async () => (await import('./zlib-codecs.ts')).gzip),
  codec('Lz4Codec', '.lz4', async () => (await import('./block-codecs.ts')).lz4),
  codec('SnappyCodec', '.snappy', async () => (await import('./block-codecs.ts')).snappy),
  codec('ZStandardCodec', '.zst', async () => (await import('./zlib-codecs.ts')).zstandard)
]

/**
 * The codec that `name` means, as Flume reads `hdfs.codeC`: the class name, or the simple class name in any case,
 * with or without `Codec` at its end. `none` in any case means no compression; undefined is an unknown name.
 */
export function resolveCodec(name: string): Codec | 'none' | undefined {
  const wanted = name.toLowerCase()
  const found = CODECS.find(
    ({ hadoopClass, name: short }) => hadoopClass === name || wanted === short || wanted === `${short}codec`
  )
  return found ?? (wanted === 'none' ? 'none' : undefined)
}

/** The sentence for a name that resolveCodec does not know: Flume's, and what to do about LZO. */
export function unsupportedCodec(name: string): string {
  const known = ['None', ...CODECS.map(({ hadoopClass }) => hadoopClass.slice(PACKAGE.length))]
  const sentence = `Unsupported compression codec ${name}.  Please choose from: [${known.join(', ')}]`
  return /lzop?(?:codec)?$/i.test(name)
    ? `${sentence}. LZO needs GPL code that is not part of this program`
    : sentence
}

/** The codec whose class a sequence file names; rejects with ERR_UNSUPPORTED. */
export function codecOfClass(hadoopClass: string): Codec {
  const found = CODECS.find(known => known.hadoopClass === hadoopClass)
  if (found === undefined)
    throw new AgentError('ERR_UNSUPPORTED', unsupportedCodec(hadoopClass), { codec: hadoopClass })
  return found
}

/** The codec that the ending of a file name asks for, or undefined. */
export function codecOfFile(fileName: string): Codec | undefined {
  return CODECS.find(({ extension }) => fileName.endsWith(extension))
}

/** The content of a compressed source; rejects with ERR_UNSUPPORTED for a name that resolveCodec does not know. */
export function decompress(codecName: string, source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const found = resolveCodec(codecName)
  if (found === undefined)
    throw new AgentError('ERR_UNSUPPORTED', unsupportedCodec(codecName), { codec: codecName })
  return found === 'none' ? source : found.decompress(source)
}

function codec(simpleName: string, extension: string, load: () => Promise<Compression>): Codec {
  return {
    name: simpleName.slice(0, -'Codec'.length).toLowerCase(),
    hadoopClass: PACKAGE + simpleName,
    extension,
    compress: async chunks => (await load()).compress(chunks),
    decompress: source => decompressLater(load, source)
  }
}

async function* decompressLater(
  load: () => Promise<Compression>,
  source: AsyncIterable<Buffer>
): AsyncGenerator<Buffer, undefined> {
  yield* (await load()).decompress(source)
  return undefined
}
