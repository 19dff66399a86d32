/** What was said over one connection, or by a source in one life: lines with consecutive numbers. */
export class Conversation {
  readonly from: number
  /** Number behind the last line sent. */
  sent: number
  /** Number behind the last line that was answered. */
  answered: number
  /** Lines answered with something else than OK. */
  readonly refused = new Set<number>()

  constructor(from: number, lines = 0) {
    this.from = from
    this.sent = from + lines
    this.answered = this.sent
  }

  /** Lines answered with OK. */
  get accepted(): number {
    return this.answered - this.from - this.refused.size
  }

  /** Whether this line was answered with OK. */
  accepts(number: number): boolean {
    return number >= this.from && number < this.answered && !this.refused.has(number)
  }
}

/** Something that must not be. */
export interface Problem {
  readonly message: string
  /** Lines that are gone; 0 where that is not the problem. */
  readonly missing: number
}

/** What one producer sent, in order, and what became of it as far as it knows. */
export class Account {
  readonly producer: string
  readonly #conversations: Conversation[] = []

  constructor(producer: string) {
    this.producer = producer
  }

  /** Lines answered with OK. */
  get accepted(): number {
    return this.#conversations.reduce((sum, { accepted }) => sum + accepted, 0)
  }

  /** Number behind the last line sent. */
  get sent(): number {
    return this.#conversations.at(-1)?.sent ?? 0
  }

  /** Begins a conversation behind the last one. */
  begin(conversation = new Conversation(this.sent)): Conversation {
    this.#conversations.push(conversation)
    return conversation
  }

  /** So many lines of the latest conversation were answered. */
  accept(lines: number): void {
    const conversation = this.#conversations.at(-1)
    if (conversation !== undefined) conversation.answered = conversation.from + lines
  }

  /** What is wrong when `number` is the first line that is given out after `before`; undefined when all is well. */
  problemAt(before: number, number: number): Problem | undefined {
    const here = this.#conversations.find(({ from, sent }) => number >= from && number < sent)
    const line = `${this.producer}:${number}`
    if (here === undefined) return { message: `${line} was never sent`, missing: 0 }
    if (number <= before) return { message: `${line} comes again or late, behind ${before}`, missing: 0 }
    return this.#holeBefore(here, Math.max(before + 1, here.from), number) ?? this.lostBetween(before, number)
  }

  /** Says so when lines between these two were acknowledged. */
  lostBetween(before: number, next = Infinity): Problem | undefined {
    let [missing, first] = [0, -1]
    for (const conversation of this.#conversations) {
      const end = Math.min(next, conversation.answered)
      for (let number = Math.max(before + 1, conversation.from); number < end; number++) {
        if (!conversation.accepts(number)) continue
        if (missing++ === 0) first = number
      }
    }
    const message = `${missing} acknowledged lines of ${this.producer} are lost, first ${first}`
    return missing === 0 ? undefined : { message, missing }
  }

  /** Lines of one connection stand in the channel as they were sent: what does not make it has nothing behind it. */
  #holeBefore(here: Conversation, from: number, to: number): Problem | undefined {
    let missing = 0
    for (let number = from; number < to; number++) if (!here.refused.has(number)) missing++
    const message = `${missing} lines of ${this.producer} in front of ${to} are missing, not those behind them`
    return missing === 0 ? undefined : { message, missing }
  }
}
