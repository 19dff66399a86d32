import type { Problem } from '../../core/component.ts'
import type { Log } from '../../core/contracts.ts'
import { integer, text } from '../../core/schema.ts'
import { AVRO_CODECS, avroCodec, type AvroCodec } from './avro-codecs.ts'

/** Settings of everything that writes Avro container files. */
export const CONTAINER_SETTINGS = {
  syncIntervalBytes: integer('syncIntervalBytes', {
    doc: 'A block is closed at about this size, and at each flush.',
    default: 2_048_000,
    min: 32,
    max: 2 ** 30,
    unit: 'bytes'
  }),
  compressionCodec: text('compressionCodec', {
    doc: `Compression of blocks: ${AVRO_CODECS.map(({ name }) => name).join(', ')}. An unknown name means none.`,
    default: 'null'
  })
}

/** What is wrong with the name of a codec: Flume goes on without compression where it does not know one. */
export function codecProblems({
  compressionCodec
}: {
  readonly compressionCodec: string
}): readonly Problem[] {
  if (avroCodec(compressionCodec) !== undefined) return []
  const known = compressionCodec === 'xz'
  return [
    {
      level: known ? 'error' : 'warning',
      code: 'BAD_VALUE',
      key: 'compressionCodec',
      message: known
        ? 'compressionCodec is xz, which is not available.'
        : `Unable to instantiate avro codec with name (${compressionCodec}). Compression disabled.`,
      hint: `Write one of: ${AVRO_CODECS.map(({ name }) => name).join(', ')}.`
    }
  ]
}

/** The codec of that name; undefined, with a warning, for an unknown one. */
export function containerCodec(name: string, log: Log): AvroCodec | undefined {
  const codec = avroCodec(name)
  if (codec === undefined)
    log.warn('Unable to instantiate avro codec. Compression disabled.', { codec: name })
  return codec
}
