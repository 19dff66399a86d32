import type { Clock, Lease, Log, SinkProcessor } from '../core/contracts.ts'
import { AgentError, reasonOf } from '../core/errors.ts'
import type { ChannelPort } from './channel-port.ts'
import type { Outcome, SinkPort } from './sink-port.ts'
import { aborted } from './supervisor.ts'
import { Unsettled } from './unsettled.ts'

const BACKOFF_STEP_MS = 1000
const BACKOFF_MAX_MS = 5000
const LAST_ATTEMPTS_PAUSE_MS = 200
/**
 * Delivered and not yet let go of by a durable channel, the batch in hand included: after a crash that many events may
 * come again, or one batch that is larger. How much of it is used the disk says: as much as is delivered while it
 * writes down a take.
 */
const MOST_UNSETTLED = { events: 16_000, bytes: 16 * 1024 * 1024 }
/** What does not survive a crash does not come again. */
const ANY = { events: Infinity, bytes: Infinity }

const TO_LET_GO = 'the channel to let go of what was delivered'

const NOTHING: Outcome = { delivered: 0, dropped: {} }

/** What one drain moves events with. */
export interface DrainParts {
  readonly name: string
  readonly port: ChannelPort
  readonly processor: SinkProcessor
  readonly sinks: readonly SinkPort[]
  readonly clock: Clock
  readonly log: Log
  /** Resolves once the sink is up, or each sink of a group has tried to start. */
  ready(): Promise<unknown>
  /** Has sinks that do not run tried again at once, and more often. */
  hurry(): void
}

/** What a drain waits for, and since when, epoch milliseconds. */
export interface DrainWait {
  readonly what: string
  /** Of how many events, where that matters. */
  readonly events: number | undefined
  readonly since: number
}

/** Moves events from one channel to one sink or group, batch after batch, until told to end. */
export class Drain {
  readonly name: string
  readonly #parts: DrainParts
  readonly #max: number
  readonly #ending = new AbortController()
  readonly #aborted = new AbortController()
  #done: Promise<void> | undefined
  #failures = 0
  #untilEmpty = false
  #waitsForSink = false
  readonly #unsettled: Unsettled
  #failedCommit: { readonly error: unknown } | undefined
  #wait: DrainWait

  constructor(parts: DrainParts) {
    this.#parts = parts
    this.#wait = { what: 'its sink to start', events: undefined, since: parts.clock.now() }
    this.name = parts.name
    this.#max = Math.min(...parts.sinks.map(sink => sink.batchSize))
    this.#unsettled = new Unsettled(parts.port.channel.durable ? MOST_UNSETTLED : ANY)
  }

  /** What it waits for. */
  get wait(): DrainWait {
    return this.#wait
  }

  /** Begins; the sinks are up or refuse by themselves. */
  start(): void {
    this.#done ??= this.#run()
  }

  /**
   * Ends after the batch in hand; where the channel loses its events on stop, only once it is empty, and a sink that
   * does not run yet is waited for. `deadline` aborts what is still under way.
   */
  async end(deadline: AbortSignal): Promise<void> {
    this.#untilEmpty = !this.#parts.port.channel.durable && this.#done !== undefined
    this.#ending.abort()
    const abort = (): void => this.#aborted.abort(deadline.reason)
    if (deadline.aborted) abort()
    deadline.addEventListener('abort', abort, { once: true })
    await this.#done
    deadline.removeEventListener('abort', abort)
  }

  async #run(): Promise<void> {
    await Promise.race([this.#parts.ready(), aborted(this.#ending.signal)])
    await this.#drain()
    this.#waitFor(TO_LET_GO)
    await this.#unsettled.none()
    this.#waitFor('nothing any more')
  }

  async #drain(): Promise<void> {
    while (!this.#aborted.signal.aborted) {
      if (this.#ending.signal.aborted && !this.#parts.sinks.some(sink => sink.running)) {
        if (!this.#untilEmpty || this.#parts.port.channel.size === 0) return
        await this.#waitForSink()
        continue
      }
      const pauseMs = await this.#step()
      if (this.#ending.signal.aborted && !this.#untilEmpty) return
      if (pauseMs === 'empty') {
        if (this.#ending.signal.aborted) return
        this.#waitFor('events')
        await this.#parts.port.channel.filled(this.#ending.signal)
      } else if (pauseMs > 0) {
        await this.#pause(pauseMs)
      }
    }
  }

  async #waitForSink(): Promise<void> {
    const { name, port, log } = this.#parts
    if (!this.#waitsForSink) {
      this.#waitsForSink = true
      const facts = { sink: name, channel: port.name, events: port.channel.size }
      log.warn(
        'The sink does not run yet. The stop waits for it, as its channel would lose its events.',
        facts
      )
      this.#parts.hurry()
    }
    this.#waitFor('its sink to start')
    await this.#pause(LAST_ATTEMPTS_PAUSE_MS)
  }

  /** One batch. Resolves to the pause that Flume makes after it. */
  async #step(): Promise<number | 'empty'> {
    const { port, processor, sinks } = this.#parts
    if (this.#failedCommit !== undefined) return this.#commitFailed(this.#failedCommit.error)
    let lease: Lease | undefined
    this.#waitFor('the channel to hand out events')
    try {
      lease = await port.take(this.#unsettled.room(this.#max))
    } catch (error) {
      return this.#readFailed(error)
    }
    if (lease === undefined) {
      for (const sink of sinks) sink.counters.BatchEmptyCount += 1
      return 'empty'
    }
    this.#waitFor('the delivery', lease.batch.length)
    try {
      await processor.deliver(lease.batch, this.#aborted.signal)
    } catch (error) {
      for (const sink of sinks) sink.forget()
      await lease[Symbol.asyncDispose]()
      return this.#backoff(error)
    }
    this.#failures = 0
    this.#commit(lease)
    this.#waitFor(TO_LET_GO)
    await this.#unsettled.roomy(this.#max)
    return 0
  }

  /** Lets the channel go of a batch while the next one is delivered: a durable channel takes a disk's time for it. */
  #commit(lease: Lease): void {
    const { port, sinks } = this.#parts
    const outcomes = sinks.map(sink => sink.outcome())
    const settle = async (): Promise<void> => {
      try {
        await using held = lease
        await port.commit(held, this.#ending.signal)
        for (const [i, sink] of sinks.entries()) sink.settle(outcomes[i] ?? NOTHING)
      } catch (error) {
        this.#failedCommit = { error }
      }
    }
    this.#unsettled.add(lease.batch, settle())
  }

  #commitFailed(error: unknown): number {
    this.#failedCommit = undefined
    return this.#readFailed(error)
  }

  #readFailed(error: unknown): number {
    for (const sink of this.#parts.sinks) sink.counters.ChannelReadFail += 1
    return this.#backoff(error)
  }

  #backoff(error: unknown): number {
    this.#failures += 1
    const pauseMs = this.#pauseAfter(error)
    this.#waitFor(`another attempt; attempt ${this.#failures} failed: ${reasonOf(error)}`)
    if (!this.#aborted.signal.aborted) {
      const { name, log } = this.#parts
      const facts = { sink: name, reason: reasonOf(error), pauseMs, error }
      const message = 'Unable to deliver event. The batch went back to its channel and is tried again.'
      // The last attempts before the end come quickly; once is enough to know why.
      if (this.#ending.signal.aborted && this.#failures > 1) log.debug(message, facts)
      else log.error(message, facts)
    }
    return pauseMs
  }

  #pauseAfter(error: unknown): number {
    if (this.#ending.signal.aborted) return LAST_ATTEMPTS_PAUSE_MS
    const soft = error instanceof AgentError && error.code === 'ERR_DELIVERY'
    return soft ? Math.min(this.#failures * BACKOFF_STEP_MS, BACKOFF_MAX_MS) : BACKOFF_MAX_MS
  }

  #waitFor(what: string, events?: number): void {
    this.#wait = { what, events, since: this.#parts.clock.now() }
  }

  async #pause(pauseMs: number): Promise<void> {
    const until = this.#ending.signal.aborted ? this.#aborted.signal : this.#ending.signal
    await this.#parts.clock.sleep(pauseMs, until)
  }
}
