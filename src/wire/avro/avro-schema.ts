import { formatError } from '../codecs/codec.ts'

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const

/** A schema with its names resolved; a record may contain itself. */
export type AvroType =
  | { readonly kind: (typeof PRIMITIVES)[number] }
  | { readonly kind: 'record'; readonly name: string; readonly fields: AvroField[] }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }

export interface AvroField {
  readonly name: string
  readonly type: AvroType
}

const MAX_DEPTH = 100

/** Reads a schema from its JSON text; throws ERR_FORMAT. Aliases, defaults and logical types are left aside. */
export function parseSchema(json: string): AvroType {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch (error) {
    throw formatError('Avro schema', 'it is not JSON', error)
  }
  return new SchemaParser().parse(parsed, '', 0)
}

class SchemaParser {
  readonly #named = new Map<string, AvroType>()

  parse(json: unknown, namespace: string, depth: number): AvroType {
    if (depth > MAX_DEPTH) throw wrong('nested too deep')
    if (typeof json === 'string') return this.#reference(json, namespace)
    if (Array.isArray(json)) {
      return { kind: 'union', branches: json.map(branch => this.parse(branch, namespace, depth + 1)) }
    }
    if (!isObject(json)) throw wrong('a type is neither a name nor an object')
    switch (json.type) {
      case 'record':
      case 'error':
        return this.#record(json, namespace, depth)
      case 'enum':
        return this.#name(json, namespace, name => ({ kind: 'enum', name, symbols: strings(json.symbols) }))
      case 'fixed':
        return this.#name(json, namespace, name => ({ kind: 'fixed', name, size: count(json.size) }))
      case 'array':
        return { kind: 'array', items: this.parse(json.items, namespace, depth + 1) }
      case 'map':
        return { kind: 'map', values: this.parse(json.values, namespace, depth + 1) }
      default:
        return this.parse(json.type, namespace, depth + 1)
    }
  }

  #reference(name: string, namespace: string): AvroType {
    const primitive = PRIMITIVES.find(known => known === name)
    if (primitive !== undefined) return { kind: primitive }
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
    if (found === undefined) throw wrong('a name that is not defined')
    return found
  }

  #record(json: Record<string, unknown>, namespace: string, depth: number): AvroType {
    const fields: AvroField[] = []
    const record = this.#name(json, namespace, name => ({ kind: 'record', name, fields }))
    const inner = 'name' in record ? record.name.replace(/\.?[^.]*$/, '') : namespace
    if (!Array.isArray(json.fields)) throw wrong('a record without fields')
    for (const field of json.fields as unknown[]) {
      if (!isObject(field) || typeof field.name !== 'string') throw wrong('a field without name')
      fields.push({ name: field.name, type: this.parse(field.type, inner, depth + 1) })
    }
    return record
  }

  #name(json: Record<string, unknown>, namespace: string, make: (name: string) => AvroType): AvroType {
    if (typeof json.name !== 'string') throw wrong('a type without name')
    const name = fullName(json.name, typeof json.namespace === 'string' ? json.namespace : namespace)
    const type = make(name)
    this.#named.set(name, type)
    return type
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function strings(json: unknown): string[] {
  if (!Array.isArray(json) || !json.every(item => typeof item === 'string'))
    throw wrong('an enum without symbols')
  return json
}

function count(json: unknown): number {
  if (typeof json !== 'number' || !Number.isSafeInteger(json) || json < 0)
    throw wrong('a fixed type without size')
  return json
}

function wrong(reason: string): Error {
  return formatError('Avro schema', reason)
}
