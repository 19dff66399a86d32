import { withConsequences, type Follower } from './consequences.ts'
import type { Finding, Property, Remark } from './finding.ts'
import { concealed, shortened, secretsOf } from './finding-text.ts'
import type { FindingCode } from './finding-codes.ts'
import { FINDING_CODES } from './finding-codes.ts'

/** So many findings of one code are kept; the rest is counted. */
const MOST_OF_A_CODE = 1000

/** Collects findings; the same code about the same key is kept once. */
export class Findings {
  readonly #found: Finding[] = []
  readonly #followers: Follower[] = []
  readonly #seen = new Set<string>()
  readonly #counts = new Map<string, number>()
  readonly #secrets = new Map<string, readonly string[]>()
  #fatal = false

  /** The same findings, to be gone on with apart. */
  copy(): Findings {
    const copy = new Findings()
    copy.#found.push(...this.#found)
    copy.#followers.push(...this.#followers)
    for (const identity of this.#seen) copy.#seen.add(identity)
    for (const [code, count] of this.#counts) copy.#counts.set(code, count)
    for (const [key, words] of this.#secrets) copy.#secrets.set(key, words)
    copy.#fatal = this.#fatal
    return copy
  }

  add(code: FindingCode, remark: Remark): void {
    this.push(findingOf(code, remark))
  }

  push(finding: Finding): void {
    const count = (this.#counts.get(finding.code) ?? 0) + 1
    if (count > MOST_OF_A_CODE) {
      this.#counts.set(finding.code, count)
      return
    }
    if (!this.#isNew(finding)) return
    this.#counts.set(finding.code, count)
    this.#found.push(this.#shown(finding))
  }

  /** The same as add(), and nothing can be started. */
  fatal(code: FindingCode, remark: Remark): void {
    this.#fatal = true
    this.add(code, { ...remark, level: 'error' })
  }

  /**
   * The same as add() for what follows from something else: it is told with the finding about one of `causes`, keys of
   * parts or properties, and by itself only where there is none. With `codes` only a finding of such a code counts.
   */
  follow(
    code: FindingCode,
    remark: Remark,
    { causes, codes }: { causes: readonly string[]; codes?: readonly FindingCode[] }
  ): void {
    const finding = findingOf(code, remark)
    const count = (this.#counts.get('') ?? 0) + 1
    if (count > MOST_OF_A_CODE * 10 || !this.#isNew(finding)) return
    this.#counts.set('', count)
    this.#followers.push({ finding: this.#shown(finding), causes, codes })
  }

  /** The value of this key comes from outside of the files, and no finding about the key shows it. */
  conceal({ key, value }: Property): void {
    this.#secrets.set(key, secretsOf(value))
  }

  /** The keys that findings of these codes are about. */
  keysOf(codes: readonly FindingCode[]): string[] {
    return this.#found.filter(({ code }) => codes.some(wanted => wanted === code)).map(({ key }) => key)
  }

  get stopped(): boolean {
    return this.#fatal
  }

  #isNew({ code, key, file, line }: Finding): boolean {
    const identity = JSON.stringify([code, key, key === '' ? [file, line] : ''])
    if (this.#seen.has(identity)) return false
    this.#seen.add(identity)
    return true
  }

  #shown(finding: Finding): Finding {
    const secrets = this.#secrets.get(finding.key)
    const text = (sentence: string): string =>
      shortened(secrets === undefined ? sentence : concealed(sentence, secrets))
    return {
      ...finding,
      key: shortened(finding.key),
      message: text(finding.message),
      hint: text(finding.hint)
    }
  }

  /** For each code of which not all were kept, one finding that says how many there are. */
  #left(): Finding[] {
    return [...this.#counts]
      .filter(([code, count]) => code !== '' && count > MOST_OF_A_CODE)
      .flatMap(([code, count]) => {
        const last = this.#found.findLast(finding => finding.code === code)
        const message = `There are about ${count - MOST_OF_A_CODE} further findings of this kind.`
        return last === undefined
          ? []
          : [{ ...last, key: '', message, hint: 'Correct the first ones and check again.' }]
      })
  }

  /** In the order of files and lines, each with what falls with it. */
  sorted(files: readonly string[]): readonly Finding[] {
    const rank = new Map(files.map((file, index) => [file, index]))
    const order = (finding: Finding): number => rank.get(finding.file) ?? files.length
    return [...withConsequences(this.#found, this.#followers), ...this.#left()].toSorted(
      (a, b) => order(a) - order(b) || a.line - b.line
    )
  }
}

function findingOf(code: FindingCode, { at, key = '', message, hint = '', level }: Remark): Finding {
  return {
    level: level ?? FINDING_CODES[code].level,
    code,
    file: at.file,
    line: at.line,
    key,
    message,
    hint
  }
}
