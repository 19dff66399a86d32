import type { EventBatch } from '../core/batch.ts'
import type { Clock } from '../core/contracts.ts'
import type { GroupSink, SinkHealth } from '../core/contracts/processor.ts'
import { AgentError } from '../core/errors.ts'
import { FakeClock } from './fake-clock.ts'
import { textsOf } from './fake-context.ts'

/** A member of a group that keeps what it gets; `failWith` makes each delivery fail until it is cleared. */
export class FakeGroupSink implements GroupSink {
  readonly name: string
  readonly delivered: string[] = []
  running = true
  failWith: Error | undefined
  readonly #clock: Clock
  #failures = 0
  #lastFailureAt: number | undefined
  #until = -Infinity

  constructor(name: string, clock: Clock = new FakeClock()) {
    this.name = name
    this.#clock = clock
  }

  get health(): SinkHealth {
    return {
      running: this.running,
      failures: this.#failures,
      lastFailureAt: this.#lastFailureAt,
      lastError: this.#failures > 0 ? this.failWith : undefined,
      backsOffUntil: this.#until > this.#clock.monotonic() ? this.#until : undefined
    }
  }

  async deliver(batch: EventBatch): Promise<void> {
    if (!this.running) throw new AgentError('ERR_DELIVERY', 'The sink is not running.')
    if (this.failWith !== undefined) {
      this.#failures += 1
      this.#lastFailureAt = this.#clock.monotonic()
      throw this.failWith
    }
    this.delivered.push(...textsOf(batch))
    this.#failures = 0
    this.#until = -Infinity
  }

  backOff(ms: number): void {
    this.#until = this.#clock.monotonic() + ms
  }
}
