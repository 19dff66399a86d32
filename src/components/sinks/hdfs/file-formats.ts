import type { Context } from '../../../core/contracts.ts'
import { resolveCodec } from '../../../wire/codecs/resolve-codec.ts'
import type { SequenceValue } from '../../../wire/sequence-file.ts'
import { compressedEncoder, plainEncoder, sequenceEncoder, type FileEncoder } from './file-encoder.ts'
import type { HdfsSettings } from './settings.ts'

const VALUES: Readonly<Record<string, SequenceValue>> = {
  Writable: 'bytes',
  'org.apache.flume.sink.hdfs.HDFSWritableSerializer$Builder': 'bytes',
  Text: 'text',
  'org.apache.flume.sink.hdfs.HDFSTextSerializer$Builder': 'text'
}

/** What `hdfs.writeFormat` means for a SequenceFile; undefined for anything else than Flume's own two. */
export function valueOf(writeFormat: string): SequenceValue | undefined {
  return Object.hasOwn(VALUES, writeFormat) ? VALUES[writeFormat] : undefined
}

/** What the files of one sink are like. */
export interface FileFormat {
  /** End of final names. */
  readonly suffix: string
  /** An encoder for one new file. */
  newEncoder(): FileEncoder
}

/** The format that checked settings ask for. */
export function fileFormat(settings: HdfsSettings, context: Context): FileFormat {
  const resolved = settings.codec === undefined ? 'none' : resolveCodec(settings.codec)
  const codec = resolved === 'none' ? undefined : resolved
  const suffix = settings.fileSuffix !== '' ? settings.fileSuffix : (codec?.extension ?? '')
  const value = valueOf(settings.writeFormat) ?? 'bytes'
  return {
    suffix,
    newEncoder: () => {
      if (settings.fileType === 'SequenceFile') return sequenceEncoder(value, codec, context.clock)
      const serializer = settings.serializer.create(context)
      return codec === undefined ? plainEncoder(serializer) : compressedEncoder(serializer, codec)
    }
  }
}
