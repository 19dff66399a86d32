import { nearest } from '../core/nearest.ts'
import { logicalLines, parseLogicalLine, type LogicalLine, type PropertyEntry } from '../java/properties.ts'

/** What one file says, blocks already turned into plain properties. */
export interface FileContent {
  /** In file order, duplicates kept. */
  readonly entries: readonly PropertyEntry[]
  /** Names that blocks use; they belong into the agent's lists. */
  readonly names: readonly BlockName[]
  readonly links: readonly Link[]
  readonly errors: readonly BlockError[]
}

export interface BlockName {
  readonly agent: string
  readonly kind: string
  readonly name: string
  readonly line: number
}

/** `<agent>.<kind>(names).channels(channels)` */
export interface Link {
  readonly agent: string
  readonly kind: 'sources' | 'sinks'
  readonly names: readonly string[]
  readonly channels: readonly string[]
  readonly line: number
}

export interface BlockError {
  readonly code: 'BLOCK_NOT_CLOSED' | 'BLOCK_SYNTAX' | 'BAD_ESCAPE'
  readonly line: number
  readonly message: string
  readonly hint: string
}

interface OpenBlock {
  readonly agent: string
  /** Undefined when nobody can tell: what stands inside is passed over. */
  readonly kind: string | undefined
  readonly line: number
  /** Its opening is an error already. */
  readonly reported?: boolean
  /** Blocks inside this one, which are wrong and passed over, too. */
  nested: number
}

const KINDS = ['sources', 'channels', 'sinks', 'sinkgroups', 'configfilters']

const OPENING = /^([^\s.{}()=:]+)\.(sources|channels|sinks|sinkgroups|configfilters)\s*[=:]?\s*\{\s*(?:#.*)?$/
const ONE_LINE = /^([^\s.{}()=:]+)\.(sources|channels|sinks|sinkgroups|configfilters)\s*\{[^{}]*\}$/
/** What looks like a block, but is none. */
const STRANGE_OPENING = /^([^\s.{}()=:]+)(?:\.([^\s.{}()=:]+))?(\.[^\s{}()=:]*)?\s*\{$/
const CLOSING = /^\}\s*(?:[;#].*)?$/
const LINK = /^([^\s.{}()=:]+)\.(sources|sinks)\s*\(([^()]*)\)\s*\.channels?\s*\(([^()]*)\)\s*;?$/
/** What looks like a link, but is none. */
const STRANGE_LINK = /^[^\s.{}()=:]+\.[a-z]+\s*\([^=]*$/i

/**
 * Reads a file in plain properties, in the block dialect, or a mixture of both. A block `<agent>.<kind> {` holds lines
 * `name.key = value` and ends with a line `}`; `<agent>.sources(a, b).channels(c)` links. Plain lines are what
 * java.util.Properties makes of them. Linear in the length of the text.
 */
export function readBlocks(text: string): FileContent {
  const reader = new BlockReader()
  for (const line of logicalLines(text)) reader.take(line)
  return reader.end()
}

class BlockReader {
  readonly #entries: PropertyEntry[] = []
  readonly #names: BlockName[] = []
  readonly #links: Link[] = []
  readonly #errors: BlockError[] = []
  #open: OpenBlock | undefined

  take(line: LogicalLine): void {
    const text = line.text.trimEnd()
    const opening = text.includes('{') ? OPENING.exec(text) : null
    if (opening !== null)
      return this.#start({ agent: opening[1] ?? '', kind: opening[2] ?? '', line: line.line, nested: 0 })
    const closes = text.startsWith('}') && CLOSING.test(text)
    if (this.#open !== undefined) return closes ? this.#close(this.#open) : this.#inside(line, this.#open)
    const link = text.includes('(') ? LINK.exec(text) : null
    if (link !== null) return this.#link(link, line.line)
    if (closes)
      return this.#wrong(
        line.line,
        'This } closes nothing.',
        'Remove it, or open the block with agent.sources {.'
      )
    if (text.includes('(') && STRANGE_LINK.test(text)) return this.#strangeLink(text, line.line)
    if (text.endsWith('}') && ONE_LINE.test(text)) return this.#oneLine(text, line.line)
    if (text.endsWith('{') && (text === '{' || STRANGE_OPENING.test(text)))
      return this.#strangeOpening(text, line.line)
    const entry = this.#parse(line)
    if (entry !== undefined) this.#entries.push(entry)
  }

  end(): FileContent {
    if (this.#open !== undefined) this.#notClosed(this.#open)
    return { entries: this.#entries, names: this.#names, links: this.#links, errors: this.#errors }
  }

  #start(block: OpenBlock): void {
    if (this.#open !== undefined) this.#notClosed(this.#open)
    this.#open = block
  }

  #close(block: OpenBlock): void {
    if (block.nested > 0) block.nested--
    else this.#open = undefined
  }

  #wrong(line: number, message: string, hint: string): void {
    this.#errors.push({ code: 'BLOCK_SYNTAX', line, message, hint })
  }

  #strangeLink(text: string, line: number): void {
    this.#wrong(line, `"${text}" is no link.`, 'Write agent.sources(source1).channels(channel1).')
  }

  #oneLine(text: string, line: number): void {
    this.#wrong(
      line,
      `"${text}" is a block on one line.`,
      'Write each property, and the } behind the last, on a line of its own.'
    )
  }

  /** A kind that does not exist, or a brace alone on its line; the block is read as what was meant. */
  #strangeOpening(text: string, line: number): void {
    const [, agent = '', kind = '', more] = STRANGE_OPENING.exec(text) ?? []
    const meant = more === undefined ? nearest(kind, KINDS) : undefined
    const before = this.#entries.at(-1)
    const [, owner = '', alone] = /^([^.]+)\.(\w+)$/.exec(before?.key ?? '') ?? []
    if (text === '{' && before?.value === '' && alone !== undefined && KINDS.includes(alone)) {
      this.#entries.pop()
      this.#open = { agent: owner, kind: alone, line: before.line, nested: 0 }
      return
    }
    this.#open = { agent, kind: meant, line, nested: 0, reported: true }
    this.#wrong(
      line,
      `"${text}" opens no block.`,
      meant === undefined
        ? `Write agent.sources {; the kinds are ${KINDS.join(', ')}.`
        : `Write ${agent}.${meant} {.`
    )
  }

  #inside(line: LogicalLine, block: OpenBlock): void {
    const { agent, kind } = block
    if (line.text.trimEnd().endsWith('{') && STRANGE_OPENING.test(line.text.trimEnd())) {
      if (kind !== undefined)
        this.#wrong(
          line.line,
          'A block cannot stand inside a block.',
          'Write name.key = value, such as source1.type = netcat.'
        )
      block.nested++
      return
    }
    if (kind === undefined || block.nested > 0) return
    const entry = this.#parse(line)
    if (entry === undefined) return
    const dot = entry.key.indexOf('.')
    if (dot <= 0 || dot === entry.key.length - 1) {
      this.#wrong(
        line.line,
        `"${entry.key}" in the block ${agent}.${kind} is no name.key.`,
        'Write name.key = value, such as source1.type = netcat.'
      )
      return
    }
    this.#names.push({ agent, kind, name: entry.key.slice(0, dot), line: line.line })
    this.#entries.push({ ...entry, key: `${agent}.${kind}.${entry.key}` })
  }

  #link(match: RegExpExecArray, line: number): void {
    const names = words(match[3] ?? '')
    const channels = words(match[4] ?? '')
    if (names.length === 0 || channels.length === 0) {
      this.#wrong(
        line,
        'A link names no component or no channel.',
        'Write agent.sources(source1).channels(channel1).'
      )
      return
    }
    this.#links.push({
      agent: match[1] ?? '',
      kind: match[2] === 'sinks' ? 'sinks' : 'sources',
      names,
      channels,
      line
    })
  }

  #notClosed({ agent, kind = '', line, reported }: OpenBlock): void {
    if (reported === true) return
    this.#errors.push({
      code: 'BLOCK_NOT_CLOSED',
      line,
      message: `The block ${agent}.${kind} is never closed.`,
      hint: 'Add a line with } alone behind its last property.'
    })
  }

  #parse(line: LogicalLine): PropertyEntry | undefined {
    try {
      return parseLogicalLine(line)
    } catch (error) {
      this.#errors.push({
        code: 'BAD_ESCAPE',
        line: line.line,
        message: error instanceof Error ? error.message : String(error),
        hint: 'Write \\uXXXX with four hexadecimal digits, or \\\\u for a backslash and a u.'
      })
      return undefined
    }
  }
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter(word => word !== '')
}
