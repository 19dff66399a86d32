import type { EventBatch } from '../../../core/batch.ts'
import type { Clock } from '../../../core/contracts.ts'
import type { EventSerializer } from '../../../core/contracts/inner.ts'
import type { Codec } from '../../../wire/codecs/codec.ts'
import { createSequenceFile, type SequenceValue } from '../../../wire/sequence-file.ts'
import { timestampKeys } from '../../../wire/sequence-keys.ts'

/** Turns the batches of one file into its bytes. Thrown away with the file. One call at a time. */
export interface FileEncoder {
  /** As EventSerializer.prepare. */
  prepare?(batch: EventBatch): Promise<number>
  /** Bytes to write now; the rest comes with flush(). */
  write(batch: EventBatch): readonly Buffer[] | Promise<readonly Buffer[]>
  /** Bytes after which everything given so far can be read. */
  flush(): readonly Buffer[] | Promise<readonly Buffer[]>
  /** The last bytes of the file, after a flush. */
  end(): readonly Buffer[] | Promise<readonly Buffer[]>
}

/** `DataStream`: the serializer's bytes as they are. */
export function plainEncoder(serializer: EventSerializer): FileEncoder {
  return serializer
}

/** `CompressedStream`: one member of the codec for each flush, so that what is flushed can be read. */
export function compressedEncoder(serializer: EventSerializer, codec: Codec): FileEncoder {
  let held: Buffer[] = []
  const member = (last: readonly Buffer[]): Promise<readonly Buffer[]> => {
    const chunks = [...held, ...last]
    held = []
    return codec.compress(chunks)
  }
  const prepare = serializer.prepare?.bind(serializer)
  return {
    ...(prepare === undefined ? {} : { prepare }),
    write: batch => {
      for (const chunk of serializer.write(batch)) held.push(chunk)
      return []
    },
    flush: () => member(serializer.flush()),
    end: () => member(serializer.end())
  }
}

/** `SequenceFile`: keys are the `timestamp` headers, else the clock; a flush writes a sync point. */
export function sequenceEncoder(value: SequenceValue, codec: Codec | undefined, clock: Clock): FileEncoder {
  const writer = createSequenceFile({ value, codec })
  return {
    write: batch => writer.write(batch, timestampKeys(batch, clock.now())),
    flush: () => writer.flush(),
    end: () => writer.end()
  }
}
