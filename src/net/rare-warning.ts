import type { Context } from '../core/contracts.ts'
import type { Facts } from '../core/errors.ts'

const SAY_EVERY_MS = 60_000

/** Says one sentence at once, and then at most once a minute, with how often it was due since. */
export class RareWarning {
  readonly #sentence: string
  readonly #tools: Pick<Context, 'log' | 'clock'>
  #times = 0
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(sentence: string, tools: Pick<Context, 'log' | 'clock'>) {
    this.#sentence = sentence
    this.#tools = tools
  }

  /** It was due `times` more; `facts` are those of the last time. */
  say(facts: Facts, times = 1): void {
    const { log, clock } = this.#tools
    this.#times += times
    if (clock.monotonic() - this.#saidAt < SAY_EVERY_MS) return
    log.warn(this.#sentence, { times: this.#times, ...facts })
    this.#saidAt = clock.monotonic()
    this.#times = 0
  }
}
