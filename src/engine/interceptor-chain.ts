import { joinBatches, type EventBatch } from '../core/batch.ts'
import type { Clock, Lifecycle, Log } from '../core/contracts.ts'
import type { Interceptor } from '../core/contracts/interceptor.ts'
import type { InterceptorCounters, SourceCounters } from '../core/counters.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import { atMostEvery } from '../core/seldom.ts'

/** Events are lost faster than anyone reads. */
const LOG_EVERY_MS = 10_000

/** An interceptor in its place, with what is counted of it. */
export interface ChainLink {
  readonly name: string
  readonly interceptor: Interceptor
  readonly counters: InterceptorCounters
}

/** What a chain has of its source. */
export interface ChainSource {
  readonly counters: SourceCounters
  readonly log: Log
  readonly clock: Pick<Clock, 'monotonic'>
}

type SayFailed = (amounts: { readonly events: number }, reason: string) => void

/** The interceptors of one source, in order. */
export class InterceptorChain implements Lifecycle {
  readonly #links: readonly ChainLink[]
  readonly #counters: SourceCounters
  readonly #sayFailed: ReadonlyMap<ChainLink, SayFailed>

  constructor(links: readonly ChainLink[], { counters, log, clock }: ChainSource) {
    this.#links = links
    this.#counters = counters
    this.#sayFailed = new Map(
      links.map(link => [
        link,
        atMostEvery(LOG_EVERY_MS, clock, ({ events }, reason) =>
          log.error('An interceptor failed on an event, which is dropped.', {
            interceptor: link.name,
            events,
            reason
          })
        )
      ])
    )
  }

  /** Starts them in order; what rejects names the interceptor. */
  async start(): Promise<void> {
    for (const link of this.#links) await startOf(link)
  }

  /** Stops them from the last to the first, all of them, whatever one of them says of it. */
  async stop(): Promise<void> {
    const failures: unknown[] = []
    for (const { interceptor } of this.#links.toReversed()) {
      try {
        await interceptor.stop?.()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  /** The chain over the whole batch; where it throws, event by event, so that one bad event harms no other. */
  intercept(batch: EventBatch): EventBatch {
    if (this.#links.length === 0) return batch
    const run = this.#run(batch)
    if (run.failed === undefined) return run.shaped
    if (batch.length === 1) return this.#reject(batch, run.failed)
    const pieces: EventBatch[] = []
    for (let i = 0; i < batch.length; i++) {
      const piece = this.intercept(batch.slice(i, i + 1))
      if (piece.length > 0) pieces.push(piece)
    }
    return joinBatches(pieces)
  }

  /** Counts nothing of a batch that comes again in pieces. */
  #run(batch: EventBatch): { shaped: EventBatch; failed?: Failure } {
    const lengths: number[] = []
    let shaped = batch
    for (const link of this.#links) {
      if (shaped.length === 0) break
      lengths.push(shaped.length)
      try {
        shaped = link.interceptor.intercept(shaped)
      } catch (error) {
        if (batch.length === 1) this.#count(lengths, shaped.length)
        return { shaped, failed: { link, error } }
      }
    }
    this.#count(lengths, shaped.length)
    return { shaped }
  }

  /** `lengths` are those of what went into each of the first ones, `left` what came out of the last of these. */
  #count(lengths: readonly number[], left: number): void {
    for (const [i, length] of lengths.entries()) {
      const counters = this.#links[i]?.counters
      if (counters === undefined) continue
      counters.EventReceivedCount += length
      counters.EventDroppedCount += Math.max(0, length - (lengths[i + 1] ?? left))
    }
  }

  #reject(batch: EventBatch, { link, error }: Failure): EventBatch {
    link.counters.EventFailedCount += 1
    this.#counters.GenericProcessingFail += 1
    this.#sayFailed.get(link)?.({ events: 1 }, messageOf(error))
    return batch.slice(0, 0)
  }
}

interface Failure {
  readonly link: ChainLink
  readonly error: unknown
}

async function startOf({ name, interceptor }: ChainLink): Promise<void> {
  try {
    await interceptor.start?.()
  } catch (error) {
    const message = `The interceptor ${name} cannot start: ${messageOf(error)}`
    throw new AgentError('ERR_START', message, { interceptor: name }, error)
  }
}
