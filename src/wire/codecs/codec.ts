import { AgentError } from '../../core/errors.ts'

/**
 * One compression format of whole members: what is compressed by one call can be read on its own, and members
 * behind one another read as their contents behind one another. Bytes in memory at a time: the input and output
 * of one `compress`; for `decompress` at most a few MiB beside what the source yields.
 */
export interface Compression {
  /** All `chunks` as one complete member; nothing for no bytes. Heavy work runs off the main thread. */
  compress(chunks: readonly Buffer[]): Promise<readonly Buffer[]>
  /** The content of all members. Rejects with ERR_FORMAT where the bytes do not follow the format. */
  decompress(source: AsyncIterable<Buffer>): AsyncIterable<Buffer>
}

/** A compression format as Hadoop and Flume name it. */
export interface Codec extends Compression {
  /** Short name in lower case, such as `gzip`. */
  readonly name: string
  /** Java class that sequence files name, such as `org.apache.hadoop.io.compress.GzipCodec`. */
  readonly hadoopClass: string
  /** Ending of file names, dot included. */
  readonly extension: string
}

/** The error for bytes that do not follow the format `format`; `reason` is a short constant text. */
export function formatError(format: string, reason: string, cause?: unknown): AgentError {
  return new AgentError(
    'ERR_FORMAT',
    `The data is not valid ${format}: ${reason}.`,
    { format, reason },
    cause
  )
}

/** The chunks as one buffer, without a copy when there is only one. */
export function joinChunks(chunks: readonly Buffer[]): Buffer {
  const only = chunks[0]
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}
