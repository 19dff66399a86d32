import type { EventBatch } from '../core/batch.ts'
import type { Clock } from '../core/contracts.ts'
import type { GroupSink, SinkHealth } from '../core/contracts/processor.ts'
import type { SinkPort } from './sink-port.ts'

/** A sink of a group, with what its processor goes by. */
export class GroupMember implements GroupSink {
  readonly name: string
  readonly #port: SinkPort
  readonly #clock: Clock
  #failures = 0
  #lastFailureAt: number | undefined
  #lastError: unknown
  #backsOffUntil = -Infinity

  constructor(port: SinkPort, clock: Clock) {
    this.name = port.name
    this.#port = port
    this.#clock = clock
  }

  get health(): SinkHealth {
    const isBackingOff = this.#backsOffUntil > this.#clock.monotonic()
    return {
      running: this.#port.running,
      failures: this.#failures,
      lastFailureAt: this.#lastFailureAt,
      lastError: this.#lastError,
      backsOffUntil: isBackingOff ? this.#backsOffUntil : undefined
    }
  }

  /** As Sink.deliver. What fails because time is up is nobody's failure. */
  async deliver(batch: EventBatch, signal: AbortSignal): Promise<void> {
    const wasRunning = this.#port.running
    try {
      await this.#port.deliver(batch, signal)
    } catch (error) {
      if (wasRunning && !signal.aborted) this.#failed(error)
      throw error
    }
    this.#failures = 0
    this.#backsOffUntil = -Infinity
  }

  backOff(ms: number): void {
    this.#backsOffUntil = this.#clock.monotonic() + ms
  }

  #failed(error: unknown): void {
    this.#failures += 1
    this.#lastFailureAt = this.#clock.monotonic()
    this.#lastError = error
  }
}
