import { once } from 'node:events'
import type { EventBatch } from '../core/batch.ts'
import type { Channel, Lease, PolledSource, Sink, Source } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'
import { textsOf } from './fake-context.ts'

/** A sink that keeps what it gets; `failWith` makes each delivery fail until it is cleared. */
export class FakeSink implements Sink {
  readonly delivered: string[] = []
  readonly batchSizes: number[] = []
  failWith: Error | undefined
  failStartWith: Error | undefined
  starts = 0
  stops = 0
  /** While this is set, deliveries wait for it. */
  gate: Promise<void> | undefined

  async start(): Promise<void> {
    this.starts++
    if (this.failStartWith !== undefined) throw this.failStartWith
  }

  async stop(): Promise<void> {
    this.stops++
  }

  async deliver(batch: EventBatch, signal: AbortSignal): Promise<void> {
    await Promise.race([
      this.gate,
      new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    ])
    if (signal.aborted) throw new AgentError('ERR_STOPPED', 'The agent is stopping.')
    if (this.failWith !== undefined) throw this.failWith
    this.delivered.push(...textsOf(batch))
    this.batchSizes.push(batch.length)
  }
}

/** A source that does nothing by itself. */
export class FakeSource implements Source {
  starts = 0
  stops = 0
  failStartWith: Error | undefined

  async start(): Promise<void> {
    this.starts++
    if (this.failStartWith !== undefined) throw this.failStartWith
  }

  async stop(): Promise<void> {
    this.stops++
  }
}

/** A source whose polls do what `next` says. */
export class FakePolledSource extends FakeSource implements PolledSource {
  readonly backoff = { incrementMs: 1000, maxMs: 5000 }
  polls = 0
  readonly #next: (signal: AbortSignal) => Promise<boolean>

  constructor(next: (signal: AbortSignal) => Promise<boolean>) {
    super()
    this.#next = next
  }

  poll(signal: AbortSignal): Promise<boolean> {
    this.polls++
    return this.#next(signal)
  }
}

/** A channel as a plain list, without waiting: full means refused. */
export class FakeChannel implements Channel {
  readonly capacity: number
  readonly transactionCapacity: number
  durable = false
  failPutWith: Error | undefined
  failStartWith: Error | undefined
  /** While this is set, commits wait for it, and fail as it fails. */
  commitGate: Promise<void> | undefined
  /** Commits fail when the agent ends, as on a disk that refuses writes. */
  commitsNothing = false
  readonly #batches: EventBatch[] = []
  #lent = 0
  #wake: (() => void)[] = []

  constructor(capacity = 1000, transactionCapacity = 100) {
    this.capacity = capacity
    this.transactionCapacity = transactionCapacity
  }

  get size(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.length, this.#lent)
  }

  /** Everything that waits, as text. */
  get texts(): string[] {
    return this.#batches.flatMap(textsOf)
  }

  async start(): Promise<void> {
    if (this.failStartWith !== undefined) throw this.failStartWith
  }

  async stop(): Promise<void> {}

  fits(batch: EventBatch): number {
    return Math.min(batch.length, this.transactionCapacity, this.capacity - this.size)
  }

  async put(batch: EventBatch): Promise<void> {
    this.hold(batch, this.fits(batch))
  }

  protected hold(batch: EventBatch, room: number): void {
    if (this.failPutWith !== undefined) throw this.failPutWith
    if (room < batch.length) throw new AgentError('ERR_CHANNEL_FULL', 'The channel is full.')
    this.#batches.push(batch)
    for (const wake of this.#wake.splice(0)) wake()
  }

  async take(max: number): Promise<Lease | undefined> {
    const whole = this.#batches.shift()
    if (whole === undefined) return undefined
    const batch = whole.slice(0, max)
    if (batch.length < whole.length) this.#batches.unshift(whole.slice(max))
    this.#lent += batch.length
    let open = true
    const close = (): boolean => {
      if (!open) return false
      open = false
      this.#lent -= batch.length
      return true
    }
    return {
      batch,
      commit: async ending => {
        if (this.commitsNothing) {
          if (ending?.aborted === false) await once(ending, 'abort')
          throw new AgentError('ERR_STOPPED', 'The agent is stopping.')
        }
        await this.commitGate
        close()
      },
      [Symbol.asyncDispose]: async () => {
        if (!close()) return
        this.#batches.unshift(batch)
        for (const wake of this.#wake.splice(0)) wake()
      }
    }
  }

  async filled(signal: AbortSignal): Promise<void> {
    if (this.#batches.length > 0 || signal.aborted) return
    await new Promise<void>(resolve => {
      signal.addEventListener('abort', () => resolve(), { once: true })
      this.#wake.push(resolve)
    })
  }
}

/** The same with a way for events that stand alone. */
export class ApartChannel extends FakeChannel {
  /** How many events came at once in that way. */
  readonly puts: number[] = []

  fitsEach(batch: EventBatch): number {
    return Math.min(batch.length, this.capacity - this.size)
  }

  async putEach(batch: EventBatch): Promise<void> {
    this.hold(batch, this.fitsEach(batch))
    this.puts.push(batch.length)
  }
}
