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

export interface BlockName { readonly agent: string, readonly kind: string, readonly name: string, readonly line: number }

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

interface OpenBlock { readonly agent: string, readonly kind: string, readonly line: number }

const OPENING = /^([^\s.{}()=:]+)\.(sources|channels|sinks|sinkgroups|configfilters)\s*[=:]?\s*\{$/
const LINK = /^([^\s.{}()=:]+)\.(sources|sinks)\s*\(([^()]*)\)\s*\.channels?\s*\(([^()]*)\)\s*;?$/
const BRACE_BEHIND = /\s\{$/

/**
 * Reads a file in plain properties, in the block dialect, or a mixture of both. A block `<agent>.<kind> {` holds lines
 * `name.key = value` and ends with a line `}`; `<agent>.sources(a, b).channels(c)` links. Plain lines are what
 * java.util.Properties makes of them. Linear in the length of the text.
 */
export function readBlocks (text: string): FileContent {
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

  take (line: LogicalLine): void {
    const text = line.text.trimEnd()
    const opening = text.endsWith('{') ? OPENING.exec(text) : null
    if (opening !== null) return this.#start({ agent: opening[1] ?? '', kind: opening[2] ?? '', line: line.line })
    if (this.#open !== undefined) return text === '}' ? this.#close() : this.#inside(line, this.#open)
    const link = text.includes('(') ? LINK.exec(text) : null
    if (link !== null) return this.#link(link, line.line)
    if (text === '}' || (BRACE_BEHIND.test(text.slice(-2)) && !/[=:]/.test(text))) return this.#misplaced(text, line.line)
    const entry = this.#parse(line)
    if (entry !== undefined) this.#entries.push(entry)
  }

  end (): FileContent {
    if (this.#open !== undefined) this.#notClosed(this.#open)
    return { entries: this.#entries, names: this.#names, links: this.#links, errors: this.#errors }
  }

  #start (block: OpenBlock): void {
    if (this.#open !== undefined) this.#notClosed(this.#open)
    this.#open = block
  }

  #close (): void {
    this.#open = undefined
  }

  #inside (line: LogicalLine, { agent, kind }: OpenBlock): void {
    const entry = this.#parse(line)
    if (entry === undefined) return
    const dot = entry.key.indexOf('.')
    if (dot <= 0 || dot === entry.key.length - 1) {
      this.#errors.push({
        code: 'BLOCK_SYNTAX', line: line.line, message: `"${entry.key}" in the block ${agent}.${kind} is no name.key.`,
        hint: 'Write name.key = value, such as source1.type = netcat.'
      })
      return
    }
    this.#names.push({ agent, kind, name: entry.key.slice(0, dot), line: line.line })
    this.#entries.push({ ...entry, key: `${agent}.${kind}.${entry.key}` })
  }

  #link (match: RegExpExecArray, line: number): void {
    const names = words(match[3] ?? '')
    const channels = words(match[4] ?? '')
    if (names.length === 0 || channels.length === 0) {
      this.#errors.push({
        code: 'BLOCK_SYNTAX', line, message: 'A link names no component or no channel.',
        hint: 'Write agent.sources(source1).channels(channel1).'
      })
      return
    }
    this.#links.push({ agent: match[1] ?? '', kind: match[2] === 'sinks' ? 'sinks' : 'sources', names, channels, line })
  }

  #misplaced (text: string, line: number): void {
    this.#errors.push(text === '}'
      ? { code: 'BLOCK_SYNTAX', line, message: 'This } closes nothing.', hint: 'Remove it, or open the block with agent.sources {.' }
      : {
          code: 'BLOCK_SYNTAX', line, message: `"${text}" opens no block.`,
          hint: 'Write agent.sources {; the kinds are sources, channels, sinks, sinkgroups, configfilters.'
        })
  }

  #notClosed ({ agent, kind, line }: OpenBlock): void {
    this.#errors.push({
      code: 'BLOCK_NOT_CLOSED', line, message: `The block ${agent}.${kind} is never closed.`,
      hint: 'Add a line with } alone behind its last property.'
    })
  }

  #parse (line: LogicalLine): PropertyEntry | undefined {
    try {
      return parseLogicalLine(line)
    } catch (error) {
      this.#errors.push({
        code: 'BAD_ESCAPE', line: line.line,
        message: error instanceof Error ? error.message : String(error),
        hint: 'Write \\uXXXX with four hexadecimal digits, or \\\\u for a backslash and a u.'
      })
      return undefined
    }
  }
}

function words (text: string): string[] {
  return text.split(/[\s,]+/).filter(word => word !== '')
}
