import { AgentError } from '../core/errors.ts'

/** One option as Apache Commons CLI 1.5 knows it; `name` is how the program asks for it. */
export interface OptionSpec {
  readonly name: string
  readonly short?: string
  readonly long: string
  /** Placeholder of the argument in the usage text; none for a flag. */
  readonly argument?: string
  readonly doc: string
}

/** Every value an option was given, in order; a flag has one empty value each time. */
export type GivenOptions = ReadonlyMap<string, readonly string[]>

/**
 * Parses words as Commons CLI's DefaultParser does: `-x v`, `-xv`, `-x=v`, `--long v`, `--long=v`, `-long v`,
 * unambiguous abbreviations of long names. Throws ERR_CONFIG with its messages, and for words that belong to no option.
 */
export function parseCommandLine(specs: readonly OptionSpec[], words: readonly string[]): GivenOptions {
  const parser = new Parser(specs)
  for (const word of words) parser.word(word)
  return parser.end()
}

class Parser {
  readonly #specs: readonly OptionSpec[]
  readonly #given = new Map<string, string[]>()
  #waiting: OptionSpec | undefined
  #onlyWords = false

  constructor(specs: readonly OptionSpec[]) {
    this.#specs = specs
  }

  word(word: string): void {
    if (this.#onlyWords) throw stray(word)
    const meant = this.#meant(word)
    if (meant !== undefined) throw noHyphen(word, meant)
    if (this.#waiting !== undefined && !this.#looksLikeOption(word)) {
      this.#add(this.#waiting, unquoted(word))
      this.#waiting = undefined
    } else if (word === '--') this.#onlyWords = true
    else if (word.startsWith('--')) this.#longOption(word)
    else if (word.startsWith('-') && word.length > 1) this.#anyOption(word)
    else throw stray(word)
  }

  /** The option that a word means whose dashes are no hyphens, as word processors make them. */
  #meant(word: string): string | undefined {
    const [written] = split(word)
    const [, dashes = '', rest = ''] = DASHES.exec(written) ?? []
    if (rest === '' || !OTHER_DASH.test(written)) return undefined
    const name = rest.replaceAll(OTHER_DASHES, '-')
    if (LAUNCHER.includes(name) || this.#specs.some(({ short }) => short === name))
      return `${name.length === 1 ? '-' : '--'}${name}`
    const [long, ...others] = this.#longMatches(name).map(other => other.long)
    if (long !== undefined) return `--${others.length === 0 ? long : name}`
    return OTHER_DASH.test(dashes) && this.#waiting === undefined ? `-${name}` : undefined
  }

  end(): GivenOptions {
    this.#nothingWaits()
    return this.#given
  }

  #longOption(word: string): void {
    const [name, value] = split(word)
    const spec = this.#byLongName(name)
    if (spec === undefined || (value !== undefined && spec.argument === undefined)) throw unrecognized(word)
    this.#option(spec, value)
  }

  #anyOption(word: string): void {
    const [name, value] = split(word)
    const letters = name.slice(1)
    const short = this.#specs.find(spec => spec.short === letters)
    if (short !== undefined && (value === undefined || short.argument !== undefined))
      this.#option(short, value)
    else if (this.#longMatches(letters).length > 0) this.#longOption(word)
    else this.#joined(word)
  }

  // -abc, -n5: one letter after the other, the rest of the word after a letter that takes an argument.
  #joined(word: string): void {
    for (let i = 1; i < word.length; i++) {
      const spec = this.#specs.find(({ short }) => short === word[i])
      if (spec === undefined) throw unrecognized(word)
      const rest = word.slice(i + 1)
      if (spec.argument !== undefined && rest !== '') return this.#option(spec, rest)
      this.#option(spec, undefined)
    }
  }

  #option(spec: OptionSpec, value: string | undefined): void {
    this.#nothingWaits()
    if (spec.argument === undefined || value !== undefined) this.#add(spec, value ?? '')
    else this.#waiting = spec
  }

  #add(spec: OptionSpec, value: string): void {
    this.#given.set(spec.name, [...(this.#given.get(spec.name) ?? []), value])
  }

  #nothingWaits(): void {
    const spec = this.#waiting
    if (spec !== undefined)
      throw new AgentError('ERR_CONFIG', `Missing argument for option: ${spec.short ?? spec.long}`)
  }

  #byLongName(written: string): OptionSpec | undefined {
    const matches = this.#longMatches(written.replace(/^--?/, ''))
    if (matches.length < 2) return matches[0]
    const names = matches.map(({ long }) => `'${long}'`).join(', ')
    throw new AgentError('ERR_CONFIG', `Ambiguous option: '${written}'  (could be: ${names})`)
  }

  #longMatches(name: string): OptionSpec[] {
    const exact = this.#specs.find(({ long }) => long === name)
    return exact === undefined
      ? this.#specs.filter(({ long }) => name !== '' && long.startsWith(name))
      : [exact]
  }

  #looksLikeOption(word: string): boolean {
    if (!word.startsWith('-') || word.length === 1) return false
    const name = split(word)[0].replace(/^--?/, '')
    if (this.#longMatches(name).length > 0) return true
    return !word.startsWith('--') && this.#specs.some(({ short }) => short === name || short === name[0])
  }
}

const OTHER_DASH = /[\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/
const OTHER_DASHES = new RegExp(OTHER_DASH, 'g')
const DASHES = new RegExp(`^((?:-|${OTHER_DASH.source})+)(.+)$`, 's')

/** What the launcher takes before other options are looked at. */
const LAUNCHER = ['c', 'conf', 'C', 'classpath', 'd', 'dryrun', 'plugins-path']

function split(word: string): [name: string, value: string | undefined] {
  const at = word.indexOf('=')
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

function unquoted(word: string): string {
  return word.length > 1 && /^".*"$/s.test(word) && !word.slice(1, -1).includes('"')
    ? word.slice(1, -1)
    : word
}

function stray(word: string): AgentError {
  return new AgentError(
    'ERR_CONFIG',
    `${word} belongs to no option. Take it out, or write the option before it.`
  )
}

function noHyphen(word: string, meant: string): AgentError {
  const dash = OTHER_DASH.exec(word)?.[0] ?? ''
  const code = dash.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return new AgentError(
    'ERR_CONFIG',
    `${word} is no option: its ${dash} (U+${code}) is no hyphen. Write ${meant} with hyphens.`
  )
}

function unrecognized(word: string): AgentError {
  return new AgentError('ERR_CONFIG', `Unrecognized option: ${word}`)
}

/** The options as lines of a usage text. */
export function usageOf(specs: readonly OptionSpec[]): string {
  const rows = specs.map(({ short, long, argument, doc }) => {
    const names = [
      short === undefined ? '   ' : `-${short},`,
      `--${long}`,
      argument === undefined ? '' : `<${argument}>`
    ]
    return { left: `  ${names.join(' ').trimEnd()}`, doc }
  })
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2
  return rows.map(({ left, doc }) => left.padEnd(width) + doc).join('\n')
}
