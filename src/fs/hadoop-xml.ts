import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { AgentError, messageOf } from '../core/errors.ts'

/** One `<property>` of a site file. */
export interface SiteProperty {
  readonly name: string
  readonly value: string
  readonly final: boolean
  readonly line: number
}

/** What a site file says, and what in it is not understood. */
export interface SiteFile {
  readonly properties: readonly SiteProperty[]
  readonly warnings: readonly string[]
}

const FIELDS = ['name', 'value', 'final'] as const
type Field = (typeof FIELDS)[number]

/**
 * Reads a Hadoop `*-site.xml`: `<configuration><property><name/><value/><final/></property>…`, fields as elements or as
 * attributes. Rejects bad XML with ERR_CONFIG, `file` and line.
 */
export function parseSiteFile(text: string, file: string): SiteFile {
  const reader = new SiteReader(file)
  const parser = new SaxesParser({ position: true, xmlns: false })
  parser.on('opentag', tag => reader.open(tag, parser.line))
  parser.on('closetag', tag => reader.close(tag.name))
  parser.on('text', part => reader.text(part))
  parser.on('cdata', part => reader.text(part))
  parser.on('error', error => {
    throw new AgentError('ERR_CONFIG', 'The Hadoop site file is not well-formed XML.', {
      file,
      line: parser.line,
      reason: messageOf(error).replace(/^\d+:\d+: /, '')
    })
  })
  parser.write(text).close()
  return reader.result()
}

class SiteReader {
  readonly #file: string
  readonly #properties: SiteProperty[] = []
  readonly #warnings: string[] = []
  readonly #path: string[] = []
  #fields: Partial<Record<Field, string>> = {}
  #line = 0

  constructor(file: string) {
    this.#file = file
  }

  open(tag: SaxesTagPlain, line: number): void {
    this.#path.push(tag.name)
    if (this.#path.length === 1 && tag.name !== 'configuration') {
      throw new AgentError('ERR_CONFIG', 'The Hadoop site file must start with <configuration>.', {
        file: this.#file,
        line,
        element: tag.name
      })
    }
    if (tag.name === 'property') {
      this.#line = line
      this.#fields = {}
      for (const field of FIELDS)
        if (tag.attributes[field] !== undefined) this.#fields[field] = tag.attributes[field]
    } else if (tag.name === 'include' || tag.name.endsWith(':include')) {
      this.#warnings.push(
        `${this.#file}:${line}: <${tag.name}> is not followed; put its properties into this file.`
      )
    } else if (this.#field() !== undefined) {
      this.#fields[tag.name as Field] = ''
    }
  }

  text(part: string): void {
    const field = this.#field()
    if (field !== undefined) this.#fields[field] += part
  }

  close(element: string): void {
    this.#path.pop()
    if (element !== 'property') return
    const { name, value, final } = this.#fields
    if (name === undefined || name.trim() === '') {
      this.#warnings.push(`${this.#file}:${this.#line}: a property without name is ignored.`)
    } else if (value !== undefined) {
      this.#properties.push({ name: name.trim(), value, final: final?.trim() === 'true', line: this.#line })
    }
  }

  result(): SiteFile {
    return { properties: this.#properties, warnings: this.#warnings }
  }

  /** The field whose text is being read. */
  #field(): Field | undefined {
    const [name, parent] = [this.#path.at(-1), this.#path.at(-2)]
    return parent === 'property' ? FIELDS.find(field => field === name) : undefined
  }
}
