import type { EventBatch } from '../../../core/batch.ts'
import type { EventSerializer } from '../../../core/contracts/inner.ts'
import { AgentError } from '../../../core/errors.ts'
import type { AvroContainerWriter } from '../../../wire/avro/container-writer.ts'
import { checkedSchema, type SchemaLoader } from './schema-loader.ts'

const URL_HEADER = 'flume.avro.schema.url'
const LITERAL_HEADER = 'flume.avro.schema.literal'

/** Where the schema of an event stands: a letter, and the URL or the schema itself. */
type Source = string
const URL = 'u'
const LITERAL = 'l'
const MOST_SOURCES = 100

/**
 * Bodies as the records of a container file, byte for byte. One file has one schema, that of its first event: prepare()
 * ends before an event with another, so that a new file starts there.
 */
export class AvroDatumSerializer implements EventSerializer {
  readonly #schemaUrl: string | undefined
  readonly #loader: SchemaLoader
  readonly #openFile: (schema: string) => AvroContainerWriter
  #writer: AvroContainerWriter | undefined
  #schema: string | undefined
  /** Sources that were found to mean the file's schema. */
  readonly #same = new Set<Source>()
  #lastLiteral: string | undefined
  #lastSource: Source | undefined

  constructor(
    schemaUrl: string | undefined,
    loader: SchemaLoader,
    openFile: (schema: string) => AvroContainerWriter
  ) {
    this.#schemaUrl = schemaUrl
    this.#loader = loader
    this.#openFile = openFile
  }

  async prepare(batch: EventBatch): Promise<number> {
    for (let i = 0; i < batch.length; i++) {
      const source = this.#sourceOf(batch, i)
      if (source !== undefined && this.#same.has(source)) continue
      if (this.#schema !== undefined && !(await this.#fits(source))) return i
      if (this.#schema !== undefined) continue
      if (source === undefined) throw noSchema(batch, i)
      this.#accept(source, await this.#schemaOf(source))
    }
    return batch.length
  }

  /** All or nothing. Schemas behind a URL must have gone through prepare(). */
  write(batch: EventBatch): readonly Buffer[] {
    for (let i = 0; i < batch.length; i++) this.#checkSource(batch, i)
    const writer = this.#writer
    if (writer === undefined) return []
    for (let i = 0; i < batch.length; i++) {
      const out = writer.reserve(batch.size(i))
      writer.recordEnds(batch.copyTo(i, out, writer.at))
    }
    return writer.take()
  }

  flush(): readonly Buffer[] {
    return this.#writer?.flush() ?? []
  }

  end(): readonly Buffer[] {
    return this.flush()
  }

  #checkSource(batch: EventBatch, index: number): void {
    const source = this.#sourceOf(batch, index)
    if (source === undefined) throw noSchema(batch, index)
    if (this.#same.has(source)) return
    if (source.startsWith(LITERAL) && this.#accept(source, checkedSchema(source.slice(1)))) return
    throw new AgentError('ERR_BAD_EVENT', 'An event has another schema than its file.')
  }

  /** Whether an event with that schema goes into this file; the first decides which do. */
  #accept(source: Source, schema: string): boolean {
    this.#writer ??= this.#openFile(schema)
    this.#schema ??= schema
    if (schema !== this.#schema) return false
    if (this.#same.size >= MOST_SOURCES) this.#same.clear()
    this.#same.add(source)
    return true
  }

  /** The same for a file with a schema; what cannot be loaded fits no file, and the next one says why. */
  async #fits(source: Source | undefined): Promise<boolean> {
    if (source === undefined) return false
    return await this.#schemaOf(source).then(
      schema => this.#accept(source, schema),
      () => false
    )
  }

  #sourceOf(batch: EventBatch, index: number): Source | undefined {
    const url = batch.header(index, URL_HEADER)
    if (url !== undefined) return `${URL}${url}`
    const literal = batch.header(index, LITERAL_HEADER)
    if (literal !== undefined) return this.#literalSource(literal)
    return this.#schemaUrl === undefined ? undefined : `${URL}${this.#schemaUrl}`
  }

  /** Neighbours mostly have the very same text. */
  #literalSource(literal: string): Source {
    if (literal !== this.#lastLiteral || this.#lastSource === undefined)
      this.#lastSource = `${LITERAL}${literal}`
    this.#lastLiteral = literal
    return this.#lastSource
  }

  async #schemaOf(source: Source): Promise<string> {
    return source.startsWith(LITERAL)
      ? checkedSchema(source.slice(1))
      : await this.#loader.load(source.slice(1))
  }
}

function noSchema(batch: EventBatch, index: number): AgentError {
  return new AgentError('ERR_BAD_EVENT', 'Could not find schema for event.', {
    headers: Object.fromEntries(batch.headers.pairs(index)),
    hint: `Set the header ${URL_HEADER} or ${LITERAL_HEADER}, or the option schemaURL.`
  })
}
