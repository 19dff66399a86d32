import type { FlumeFiles } from './flume-folders.ts'

const MAGIC = 0xdeadbeef

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** A number as Hadoop writes it: from -112 to 127 as it is, else how many bytes it has, and these. */
function vint(value: number): Buffer {
  if (value <= 127) return Buffer.of(value)
  const bytes = int(value)
  const first = bytes.findIndex(byte => byte !== 0)
  return Buffer.concat([Buffer.of(256 - 112 - (4 - first)), bytes.subarray(first)])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.of(0x8c), vint(bytes.length), bytes])
}

/** Writes logs as Flume 1.2 does, for what the recordings do not show. */
export class OldLogWriter {
  readonly #parts: Buffer[]
  /** Bytes so far: the offset of the next record. */
  length = 24

  constructor(fileId: number, checkpoint: readonly [position: number, order: number] = [24, 0]) {
    this.#parts = [int(2), int(fileId), long(checkpoint[0]), long(checkpoint[1])]
  }

  /** Returns the offset of the put. */
  put(
    transaction: number,
    order: number,
    body: Buffer | string | undefined,
    headers: Readonly<Record<string, string>> = {}
  ): number {
    const pairs = Object.entries(headers)
    const bytes = Buffer.from(body ?? '')
    return this.#record(
      1,
      [transaction, order],
      [
        Buffer.of(0),
        int(pairs.length),
        ...pairs.flat().map(text),
        int(body === undefined ? -1 : bytes.length),
        bytes
      ]
    )
  }

  take(transaction: number, order: number, fileId: number, offset: number): number {
    return this.#record(2, [transaction, order], [int(offset), int(fileId)])
  }

  rollback(transaction: number, order: number): number {
    return this.#record(3, [transaction, order], [])
  }

  commit(transaction: number, order: number, kind: 1 | 2): number {
    return this.#record(4, [transaction, order], [Buffer.of(0, kind)])
  }

  /** The log, filled up as Flume does. */
  bytes(filling = 1024): Buffer {
    return Buffer.concat([...this.#parts, Buffer.alloc(filling, 0x80)])
  }

  #record(type: number, numbers: readonly number[], rest: readonly Buffer[]): number {
    const offset = this.length
    const bytes = Buffer.concat([Buffer.alloc(7), ...numbers.map(long), ...rest])
    bytes[0] = 0x7f
    bytes.writeUInt32BE(MAGIC, 1)
    bytes[6] = type
    this.#parts.push(bytes)
    this.length += bytes.length
    return offset
  }
}

/** Files of a channel whose logs, by path, were written with the writer. */
export function oldFiles(logs: Readonly<Record<string, OldLogWriter>>): FlumeFiles {
  return new Map(Object.entries(logs).map(([path, writer]) => [path, writer.bytes()]))
}

/** A checkpoint of version 2 with these events, as file id and offset. */
export function oldCheckpoint(
  order: number,
  queue: readonly (readonly [number, number])[],
  capacity = 50
): Buffer {
  const words = new BigInt64Array(1029 + capacity)
  words.set([2n, BigInt(order), BigInt(queue.length), 3n, 0n])
  const counts = new Map<number, number>()
  queue.forEach(([fileId, offset], i) => {
    words[1029 + ((3 + i) % capacity)] = (BigInt(fileId) << 32n) | BigInt(offset)
    counts.set(fileId, (counts.get(fileId) ?? 0) + 1)
  })
  let at = 5
  for (const [fileId, count] of counts) words[at++] = (BigInt(fileId) << 32n) | BigInt(count)
  return Buffer.from(words.buffer).swap64()
}
