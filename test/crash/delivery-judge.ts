import type { Account, Problem } from './account.ts'
import { originOf } from './numbered-lines.ts'

const MOST_MESSAGES = 20

export interface JudgeOptions {
  /** Most lines that may come again after a kill: those whose takes were not on the disk for sure. */
  readonly inHand: number
  /** Lines that a kill may cost, where a channel keeps some in memory only; what came once need not come again there. */
  readonly forgets?: number | undefined
  /** The account of a producer. */
  account(producer: string): Account | undefined
}

/**
 * Watches what the lives of an agent deliver. A channel gives out its events in one order for ever: each life begins
 * where the takes that were committed end, and repeats what follows exactly as it was, other producers' lines included;
 * then new lines come, each producer's in the order in which it sent them.
 */
export class DeliveryJudge {
  /** What is wrong; nothing when every promise was kept. */
  readonly wrong: string[] = []
  /** Lines that came again. */
  repeated = 0
  delivered = 0
  readonly #options: JudgeOptions
  /** All lines in the channel's order, from the first one whose take may not have been committed. */
  #tail: string[] = []
  /** How many lines of the tail the latest life that delivered anything has reached. */
  #reached = 0
  readonly #furthest = new Map<string, number>()
  #allowed = 0
  #missing: string[] = []
  #forgotten = 0

  constructor(options: JudgeOptions) {
    this.#options = options
  }

  /** Looks at the lines of the next life. `ending`: whether it was killed, or stopped after its last commit. */
  life(lines: readonly string[], ending: 'killed' | 'stopped'): void {
    if (ending === 'killed') this.#allowed += this.#options.forgets ?? 0
    if (lines.length === 0) return
    this.delivered += lines.length
    this.#follow(lines)
    const inHand = ending === 'killed' ? this.#options.inHand : 0
    this.#drop(this.#reached - inHand)
  }

  /** Call it when the channel is empty: everything that was acknowledged must have been delivered. */
  end(accounts: Iterable<Account>): void {
    for (const account of accounts) {
      const lost = account.lostBetween(this.#furthest.get(account.producer) ?? -1)
      if (lost !== undefined) this.#misses(lost)
    }
    if (this.#forgotten > this.#allowed) for (const message of this.#missing) this.#say(message)
  }

  #follow(lines: readonly string[]): void {
    const [first = ''] = lines
    const found = this.#tail.indexOf(first)
    const begin = found < 0 ? this.#tail.length : found
    if (begin > this.#reached) {
      this.#skips(`Lines that were not committed are not given out again, before ${first}`)
    }
    this.#drop(begin)
    let at = 0
    for (const line of lines) {
      if (at < this.#tail.length) {
        this.repeated++
        at = this.#again(line, at)
      } else {
        this.#new(line)
        this.#tail.push(line)
        at++
      }
    }
    this.#reached = at
  }

  /** A line that an earlier life delivered is due. */
  #again(line: string, at: number): number {
    if (this.#tail[at] === line) return at + 1
    const later = this.#tail.indexOf(line, at + 1)
    this.#skips(`${line} comes where ${this.#tail[at]} came before`)
    if (later >= 0) return later + 1
    this.#tail.length = at
    this.repeated--
    this.#new(line)
    this.#tail.push(line)
    return at + 1
  }

  #new(line: string): void {
    const origin = originOf(line)
    const account = origin && this.#options.account(origin.producer)
    if (origin === undefined || account === undefined) {
      this.#say(`Nobody sent ${JSON.stringify(line.slice(0, 200))}`)
      return
    }
    const { producer, number } = origin
    const before = this.#furthest.get(producer) ?? -1
    this.#furthest.set(producer, Math.max(before, number))
    if (number === before + 1 && number < account.sent) return
    const problem = account.problemAt(before, number)
    if (problem === undefined) return
    if (problem.missing > 0) this.#misses(problem)
    else this.#say(problem.message)
  }

  #drop(lines: number): void {
    if (lines <= 0) return
    this.#tail.splice(0, lines)
    this.#reached -= lines
  }

  /** Lines are gone; that is only wrong where they are more than kills may cost. */
  #misses({ message, missing }: Problem): void {
    this.#forgotten += missing
    if (this.#missing.length < MOST_MESSAGES) this.#missing.push(message)
  }

  #skips(message: string): void {
    if (this.#options.forgets === undefined) this.#say(message)
  }

  #say(message: string): void {
    if (this.wrong.length < MOST_MESSAGES) this.wrong.push(message)
  }
}
