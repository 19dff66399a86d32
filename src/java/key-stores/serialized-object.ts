import { badStore } from './entries.ts'
import type { ByteReader } from './byte-reader.ts'

/** An object of the stream: its class and the fields that matter here. */
export interface SerializedObject {
  readonly className: string
  readonly fields: ReadonlyMap<string, SerializedValue>
}

export type SerializedValue = SerializedObject | Buffer | string | undefined

interface ClassShape {
  readonly name: string
  readonly isEnum: boolean
  readonly fields: readonly string[]
  readonly parent: ClassShape | undefined
}

const MAGIC = 0xaced0005
const NULL = 0x70
const REFERENCE = 0x71
const CLASS = 0x72
const OBJECT = 0x73
const STRING = 0x74
const ARRAY = 0x75
const END_OF_ANNOTATIONS = 0x78
const ENUM = 0x7e
const FIRST_HANDLE = 0x7e0000
const SERIALIZABLE = 0x02
const ENUM_FLAG = 0x10
const DEEPEST = 8
const MOST_FIELDS = 16

/**
 * Reads one object of the few classes that `allowed` names, out of Java's serialization stream (Java Object
 * Serialization Specification, chapter 6; big-endian), and leaves the reader behind it:
 *   stream  aced 0005 content
 *   content 70 null | 71 u32 handle | 74 utf | 75 class u32 length, bytes | 73 class, values | 7e class, name of the constant
 *   class   72 utf name, u64 uid, u8 flags, u16 fields × (u8 type, utf name, content of the type's name), 78, parent
 * Objects hold only objects and byte arrays, strings and enum constants; all else is refused. Nothing is loaded or run.
 */
export function readSerialized(reader: ByteReader, allowed: ReadonlySet<string>): SerializedObject {
  if (reader.u32() !== MAGIC) throw badStore('a secret key in it is not a serialized object')
  const found = new ObjectStream(reader, allowed).value(0)
  if (!isObject(found)) throw badStore('a secret key in it is not an object')
  return found
}

function isObject(value: SerializedValue): value is SerializedObject {
  return typeof value === 'object' && !Buffer.isBuffer(value)
}

class ObjectStream {
  readonly #reader: ByteReader
  readonly #allowed: ReadonlySet<string>
  readonly #handles: (ClassShape | SerializedValue)[] = []

  constructor(reader: ByteReader, allowed: ReadonlySet<string>) {
    this.#reader = reader
    this.#allowed = allowed
  }

  value(depth: number): SerializedValue {
    if (depth > DEEPEST) throw badStore('objects in it are nested too deep')
    const tag = this.#reader.u8()
    switch (tag) {
      case NULL:
        return undefined
      case REFERENCE:
        return this.#referred()
      case STRING:
        return this.#kept(this.#reader.utf())
      case ARRAY:
        return this.#array(depth)
      case ENUM:
        return this.#enum(depth)
      case OBJECT:
        return this.#object(depth)
      default:
        throw badStore('it holds something that is not a key', { tag })
    }
  }

  #array(depth: number): Buffer {
    const shape = this.#shape(depth)
    if (shape?.name !== '[B') throw badStore('it holds an array that is not of bytes')
    const slot = this.#handles.push(undefined) - 1
    const bytes = this.#reader.take(this.#reader.u32())
    this.#handles[slot] = bytes
    return bytes
  }

  #enum(depth: number): string {
    if (this.#shape(depth)?.isEnum !== true) throw badStore('it holds a constant without a class')
    const slot = this.#handles.push(undefined) - 1
    const name = this.value(depth + 1)
    if (typeof name !== 'string') throw badStore('it holds a constant without a name')
    this.#handles[slot] = name
    return name
  }

  #object(depth: number): SerializedObject {
    const shape = this.#shape(depth)
    if (shape === undefined || shape.isEnum) throw badStore('it holds an object without a class')
    const fields = new Map<string, SerializedValue>()
    const object = { className: shape.name, fields }
    this.#handles.push(object)
    for (const { fields: names } of fromTheRoot(shape)) {
      for (const name of names) fields.set(name, this.value(depth + 1))
    }
    return object
  }

  #shape(depth: number): ClassShape | undefined {
    if (depth > DEEPEST) throw badStore('classes in it are nested too deep')
    const tag = this.#reader.u8()
    if (tag === NULL) return undefined
    if (tag === REFERENCE) {
      const known = this.#handle()
      if (typeof known !== 'object' || !('parent' in known))
        throw badStore('a reference in it points to no class')
      return known
    }
    if (tag !== CLASS) throw badStore('a class was expected in it', { tag })
    return this.#newShape(depth)
  }

  #newShape(depth: number): ClassShape {
    const reader = this.#reader
    const name = reader.utf()
    if (!this.#allowed.has(name)) throw badStore('it holds an object that is not a key', { class: name })
    reader.take(8)
    const slot = this.#handles.push(undefined) - 1
    const flags = reader.u8()
    if (flags !== SERIALIZABLE && flags !== (SERIALIZABLE | ENUM_FLAG))
      throw badStore('a class in it is stored in an unknown way', { class: name })
    const count = reader.u16()
    if (count > MOST_FIELDS) throw badStore('a class in it has too many fields', { class: name })
    const fields = Array.from({ length: count }, () => this.#fieldName(depth))
    if (reader.u8() !== END_OF_ANNOTATIONS)
      throw badStore('a class in it carries unknown data', { class: name })
    const parent = this.#shape(depth + 1)
    const shape = { name, isEnum: (flags & ENUM_FLAG) !== 0, fields, parent }
    this.#handles[slot] = shape
    return shape
  }

  #fieldName(depth: number): string {
    const type = this.#reader.u8()
    if (type !== 0x4c && type !== 0x5b) throw badStore('a class in it has a field that is not an object') // L and [
    const name = this.#reader.utf()
    this.value(depth + 1)
    return name
  }

  #referred(): SerializedValue {
    const value = this.#handle()
    if (typeof value === 'object' && 'parent' in value) throw badStore('a reference in it points to a class')
    return value
  }

  #handle(): ClassShape | SerializedValue {
    const index = this.#reader.u32() - FIRST_HANDLE
    if (index < 0 || index >= this.#handles.length) throw badStore('a reference in it points nowhere')
    return this.#handles[index]
  }

  #kept(text: string): string {
    this.#handles.push(text)
    return text
  }
}

/** The class and its parents, the outermost first: the order in which values are stored. */
function fromTheRoot(shape: ClassShape): ClassShape[] {
  return shape.parent === undefined ? [shape] : [...fromTheRoot(shape.parent), shape]
}
