import type { Clock, Log } from '../core/contracts.ts'
import type { Facts } from '../core/errors.ts'

const SAY_EVERY_MS = 60_000

/** Says that clients are turned away: the first one at once, those of each minute after it in one line. */
export class TurnedAway {
  readonly #clock: Clock
  readonly #say: (clients: number, facts: Facts) => void
  #clients = 0
  #facts: Facts = {}
  #stop: (() => void) | undefined

  /** `sentence` is what happens and what can be done about it. */
  constructor(log: Log, clock: Clock, sentence: string) {
    this.#clock = clock
    this.#say = (clients, facts) => log.warn(sentence, { clients, ...facts })
  }

  /** One more; `facts` are said beside their number. */
  count(facts: Facts): void {
    this.#clients++
    this.#facts = facts
    if (this.#stop === undefined) this.#sayNow()
  }

  /** Says those that it owes. */
  end(): void {
    this.#stop?.()
    this.#stop = undefined
    if (this.#clients > 0) this.#say(this.#clients, this.#facts)
    this.#clients = 0
  }

  #sayNow(): void {
    this.#say(this.#clients, this.#facts)
    this.#clients = 0
    this.#stop = this.#clock.after(SAY_EVERY_MS, () => {
      this.#stop = undefined
      if (this.#clients > 0) this.#sayNow()
    })
  }
}
