import { formatError } from '../codecs/codec.ts'
import type { AvroReader } from './avro-binary.ts'
import type { AvroType } from './avro-schema.ts'

/**
 * A decoded value, close to Avro's JSON encoding: records and maps are objects without prototype, bytes and fixed
 * are buffers, a value of a union other than null is wrapped as `{ branch: value }`.
 */
export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | AvroValue[]
  | { [name: string]: AvroValue }

const MAX_DEPTH = 100

/** Decodes values until it has decoded so many that the bytes cannot be honest; views of the reader's bytes. */
export class AvroDecoder {
  readonly #reader: AvroReader
  #budget: number

  constructor(reader: AvroReader) {
    this.#reader = reader
    this.#budget = 16 * reader.left + 65_536
  }

  /** The next value; throws ERR_FORMAT. */
  value(type: AvroType, depth = 0): AvroValue {
    if (--this.#budget < 0) throw formatError('Avro', 'more values than bytes')
    if (depth > MAX_DEPTH) throw formatError('Avro', 'values nested too deep')
    const reader = this.#reader
    switch (type.kind) {
      case 'null':
        return null
      case 'boolean':
        return reader.byte() !== 0
      case 'int':
      case 'long':
        return reader.long()
      case 'float':
        return reader.take(4).readFloatLE()
      case 'double':
        return reader.take(8).readDoubleLE()
      case 'bytes':
        return reader.take(reader.length())
      case 'string':
        return reader.string()
      case 'fixed':
        return reader.take(type.size)
      case 'enum':
        return chosen(type.symbols, reader.long())
      case 'array':
        return this.#array(type.items, depth)
      case 'map':
        return this.#map(type.values, depth)
      case 'union':
        return this.#union(type.branches, depth)
      case 'record':
        return this.#record(type, depth)
      default:
        return type satisfies never
    }
  }

  #record({ fields }: Extract<AvroType, { kind: 'record' }>, depth: number): AvroValue {
    const record = empty()
    for (const { name, type } of fields) record[name] = this.value(type, depth + 1)
    return record
  }

  #union(branches: readonly AvroType[], depth: number): AvroValue {
    const branch = chosen(branches, this.#reader.long())
    if (branch.kind === 'null') return null
    const wrapped = empty()
    wrapped['name' in branch ? branch.name : branch.kind] = this.value(branch, depth + 1)
    return wrapped
  }

  #array(items: AvroType, depth: number): AvroValue {
    const array: AvroValue[] = []
    for (let left = this.#blockCount(); left > 0; left = this.#blockCount()) {
      for (; left > 0; left--) array.push(this.value(items, depth + 1))
    }
    return array
  }

  #map(values: AvroType, depth: number): AvroValue {
    const map = empty()
    for (let left = this.#blockCount(); left > 0; left = this.#blockCount()) {
      for (; left > 0; left--) map[this.#reader.string()] = this.value(values, depth + 1)
    }
    return map
  }

  /** Items in the next block of an array or map; a negative count is followed by the size in bytes. */
  #blockCount(): number {
    const count = Number(this.#reader.long())
    if (count < 0) this.#reader.long()
    if (--this.#budget < 0) throw formatError('Avro', 'more values than bytes')
    return Math.abs(count)
  }
}

function empty(): { [name: string]: AvroValue } {
  return Object.create(null) as { [name: string]: AvroValue }
}

function chosen<T>(from: readonly T[], index: number | bigint): T {
  const found = typeof index === 'number' ? from[index] : undefined
  if (found === undefined) throw formatError('Avro', 'an index out of range')
  return found
}
