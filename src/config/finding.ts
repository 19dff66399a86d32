import type { FindingCode } from './finding-codes.ts'
import { FINDING_CODES } from './finding-codes.ts'

export type Level = 'error' | 'warning' | 'info'

/** Where a text stands: a file as it was named, and a line from 1. */
export interface Position {
  readonly file: string
  readonly line: number
}

/** One thing to say about a configuration. `message` is what is wrong, `hint` what to write. */
export interface Finding extends Position {
  readonly level: Level
  /** Stable word in capitals; those of `config` are in FINDING_CODES, components add their own. */
  readonly code: string
  /** The whole key, agent included; empty when the finding is about a line or a file. */
  readonly key: string
  readonly message: string
  readonly hint: string
}

/** One property as it stands in a file; `value` is trimmed and, later in the pipeline, interpolated. */
export interface Property extends Position {
  readonly key: string
  readonly value: string
}

interface Remark {
  readonly at: Position
  readonly key?: string
  readonly message: string
  readonly hint?: string
  /** Where the same code is graver, or milder, than the table says. */
  readonly level?: Level
}

/** So many findings of one code are kept; the rest is counted. */
const MOST_OF_A_CODE = 1000

/** Collects findings; the same code about the same key is kept once. */
export class Findings {
  readonly #found: Finding[] = []
  readonly #seen = new Set<string>()
  readonly #counts = new Map<string, number>()
  #fatal = false

  add(code: FindingCode, { at, key = '', message, hint = '', level }: Remark): void {
    this.push({
      level: level ?? FINDING_CODES[code].level,
      code,
      file: at.file,
      line: at.line,
      key,
      message,
      hint
    })
  }

  push(finding: Finding): void {
    const count = (this.#counts.get(finding.code) ?? 0) + 1
    if (count > MOST_OF_A_CODE) {
      this.#counts.set(finding.code, count)
      return
    }
    const identity = JSON.stringify([
      finding.code,
      finding.key,
      finding.key === '' ? [finding.file, finding.line] : ''
    ])
    if (this.#seen.has(identity)) return
    this.#seen.add(identity)
    this.#counts.set(finding.code, count)
    this.#found.push(finding)
  }

  /** The same as add(), and nothing can be started. */
  fatal(code: FindingCode, remark: Remark): void {
    this.#fatal = true
    this.add(code, { ...remark, level: 'error' })
  }

  /** The keys that findings of these codes are about. */
  keysOf(codes: readonly FindingCode[]): string[] {
    return this.#found.filter(({ code }) => codes.some(wanted => wanted === code)).map(({ key }) => key)
  }

  get stopped(): boolean {
    return this.#fatal
  }

  /** For each code of which not all were kept, one finding that says how many there are. */
  #left(): Finding[] {
    return [...this.#counts]
      .filter(([, count]) => count > MOST_OF_A_CODE)
      .flatMap(([code, count]) => {
        const last = this.#found.findLast(finding => finding.code === code)
        const message = `There are about ${count - MOST_OF_A_CODE} further findings of this kind.`
        return last === undefined
          ? []
          : [{ ...last, key: '', message, hint: 'Correct the first ones and check again.' }]
      })
  }

  /** In the order of files and lines. */
  sorted(files: readonly string[]): readonly Finding[] {
    const rank = new Map(files.map((file, index) => [file, index]))
    const order = (finding: Finding): number => rank.get(finding.file) ?? files.length
    return [...this.#found, ...this.#left()].toSorted((a, b) => order(a) - order(b) || a.line - b.line)
  }
}
