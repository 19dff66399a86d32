import type { Clock, Lifecycle, Log } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import type { Kind } from '../core/plan.ts'

/** Flume's interval between attempts to start. */
export const RETRY_MS = 3000
/** The same once time is short. */
const HURRIED_RETRY_MS = 200

export type RunState = 'waiting' | 'starting' | 'running' | 'failing' | 'stopped'

/** What one supervised component is. */
export interface Subject {
  readonly kind: Kind
  readonly name: string
  readonly part: Lifecycle
  /** Starts before the part, each time, and stops after it. */
  readonly before?: Lifecycle
  /** Runs right after each successful start, and before each stop. */
  readonly up?: () => void
  readonly down?: () => Promise<void>
}

/**
 * Keeps one component up: a start that fails is tried again every 3 s until stop(), so a port that is taken or a
 * folder that is missing heals by itself; a component that reports a failure later is stopped and started again.
 */
export class Supervised {
  readonly subject: Subject
  state: RunState = 'waiting'
  error: string | undefined
  startTime = 0
  stopTime = 0
  readonly #clock: Clock
  readonly #log: Log
  readonly #stopping = new AbortController()
  /** Ends the pause in hand. */
  #waking = new AbortController()
  #retryMs = RETRY_MS
  #work: Promise<void> | undefined
  #firstAttempt = Promise.withResolvers<void>()
  #up = Promise.withResolvers<void>()

  constructor(subject: Subject, clock: Clock, log: Log) {
    this.subject = subject
    this.#clock = clock
    this.#log = log
  }

  /** Resolves after the first attempt, whatever came of it, or once it waits for a part that fails to start. */
  get attempted(): Promise<void> {
    return this.#firstAttempt.promise
  }

  /** Resolves once it runs, or once it was told to stop. */
  get settled(): Promise<void> {
    return this.#up.promise
  }

  /** Starts, after the parts it needs run. */
  start(needs: readonly Supervised[] = []): void {
    this.#work ??= this.#keepUp(needs)
  }

  /** Restarts a running component that broke. */
  fail(error: unknown): void {
    if (this.state !== 'running' || this.#stopping.signal.aborted) return
    this.#failed('A component failed while running and is started again.', error)
    this.#work = this.#restart()
  }

  /** Attempts to start follow one another quickly from now on: somebody waits for it, and not for long. */
  hurry(): void {
    this.#retryMs = HURRIED_RETRY_MS
    this.#waking.abort()
    if (!this.#stopping.signal.aborted) this.#waking = new AbortController()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#waking.abort()
    this.#firstAttempt.resolve()
    this.#up.resolve()
    await this.#work
    if (this.state !== 'stopped') await this.#down()
    this.state = 'stopped'
    if (this.startTime > 0) this.stopTime = this.#clock.now()
  }

  async #keepUp(needs: readonly Supervised[]): Promise<void> {
    if (needs.length > 0) {
      await Promise.all(needs.map(need => need.attempted))
      if (needs.some(need => need.state !== 'running')) this.#firstAttempt.resolve()
      for (const need of needs) await Promise.race([need.settled, aborted(this.#stopping.signal)])
    }
    while (!this.#stopping.signal.aborted) {
      if (await this.#attempt()) return
      await this.#pause()
    }
  }

  async #attempt(): Promise<boolean> {
    const { subject } = this
    if (this.state !== 'failing') this.state = 'starting'
    try {
      await subject.before?.start()
      await subject.part.start()
      this.state = 'running'
      this.error = undefined
      this.startTime = this.#clock.now()
      subject.up?.()
      this.#up.resolve()
      return true
    } catch (error) {
      this.#failed(`Unable to start ${subject.kind} ${subject.name}; trying again every 3 s.`, error)
      await this.#down()
      return false
    } finally {
      this.#firstAttempt.resolve()
    }
  }

  async #restart(): Promise<void> {
    await this.#down()
    await this.#pause()
    await this.#keepUp([])
  }

  async #pause(): Promise<void> {
    await this.#clock.sleep(this.#retryMs, this.#waking.signal)
  }

  async #down(): Promise<void> {
    const { down, part, before } = this.subject
    await this.#cleanly(async () => {
      await down?.()
      await part.stop()
    })
    if (before !== undefined) await this.#cleanly(() => before.stop())
  }

  async #cleanly(stop: () => Promise<void>): Promise<void> {
    try {
      await stop()
    } catch (error) {
      this.#log.error('A component failed to stop cleanly.', {
        ...this.#names(),
        reason: messageOf(error),
        error
      })
    }
  }

  #failed(message: string, error: unknown): void {
    const reason = messageOf(error)
    const repeated = this.state === 'failing' && this.error === reason
    this.state = 'failing'
    this.error = reason
    if (repeated) this.#log.debug(message, { ...this.#names(), reason })
    else this.#log.error(message, { ...this.#names(), reason, error })
  }

  #names(): { kind: string; name: string } {
    return { kind: this.subject.kind, name: this.subject.name }
  }
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
