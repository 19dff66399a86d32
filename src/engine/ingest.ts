import { joinBatches, type EventBatch } from '../core/batch.ts'
import type { IngestResult, Interceptor, Log, Route, Selector } from '../core/contracts.ts'
import type { SourceCounters } from '../core/counters.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import { addTo, SourceLedger } from './balance.ts'
import type { ChannelPort } from './channel-port.ts'

/** What stands between a source and its channels. */
export interface IngestParts {
  readonly interceptors: readonly Interceptor[]
  readonly selector: Selector
  /** The source's channels by name. */
  readonly channels: ReadonlyMap<string, ChannelPort>
  readonly counters: SourceCounters
  readonly log: Log
  /** Aborts waits for room when the source stops. */
  readonly signal: AbortSignal
}

/** Takes batches of one source through interceptors and selector into its channels. */
export class Ingest {
  readonly ledger = new SourceLedger()
  readonly #parts: IngestParts
  readonly #channels: readonly ChannelPort[]

  constructor(parts: IngestParts) {
    this.#parts = parts
    this.#channels = [...parts.channels.values()]
  }

  /** As SourceContext.ingest. */
  async ingest(batch: EventBatch): Promise<void> {
    const { counters } = this.#parts
    const events = batch.length
    if (events === 0) return
    counters.EventReceivedCount += events
    this.ledger.received += events
    this.ledger.entering += events
    try {
      await this.#store(batch)
      counters.EventAcceptedCount += events
      this.ledger.accepted += events
    } catch (error) {
      counters.ChannelWriteFail += 1
      addTo(this.ledger.rejected, error instanceof AgentError ? error.code : 'OTHER', events)
      throw error
    } finally {
      this.ledger.entering -= events
    }
  }

  /** As SourceContext.ingestEach. */
  async ingestEach(batch: EventBatch): Promise<IngestResult> {
    let accepted = 0
    while (accepted < batch.length) {
      const rest = batch.slice(accepted)
      const piece = rest.slice(0, Math.max(1, this.fits(rest)))
      try {
        await this.ingest(piece)
      } catch (error) {
        return { accepted, error: asAgentError(error) }
      }
      accepted += piece.length
    }
    return { accepted, error: undefined }
  }

  /** As SourceContext.fits. */
  fits(batch: EventBatch): number {
    let events = batch.length
    for (const port of this.#channels) events = Math.min(events, port.channel.fits(batch))
    return events
  }

  async #store(batch: EventBatch): Promise<void> {
    const shaped = this.#intercept(batch)
    const routes = shaped.length === 0 ? [] : this.#parts.selector.route(shaped)
    let routed = 0
    for (const route of routes) {
      if (route.required) await this.#put(route)
      routed += route.batch.length
    }
    // Only now: what a required channel refuses is rejected whole, and comes again.
    if (shaped.length < batch.length) addTo(this.ledger.dropped, 'interceptor', batch.length - shaped.length)
    for (const route of routes) if (!route.required) await this.#putOptional(route)
    if (routed < shaped.length) addTo(this.ledger.dropped, 'no channel selected', shaped.length - routed)
  }

  async #put({ channel, batch }: Route): Promise<void> {
    try {
      await this.#port(channel).put(batch, this.#parts.signal)
    } catch (error) {
      if (error instanceof AgentError) throw error
      throw new AgentError(
        'ERR_CHANNEL',
        `Unable to put batch on required channel: ${channel}`,
        { channel },
        error
      )
    }
  }

  async #putOptional({ channel, batch }: Route): Promise<void> {
    try {
      await this.#port(channel).put(batch, this.#parts.signal)
    } catch (error) {
      addTo(this.ledger.dropped, `optional channel ${channel}`, batch.length)
      this.#parts.log.error('Unable to put batch on optional channel.', {
        channel,
        events: batch.length,
        error
      })
    }
  }

  #port(name: string): ChannelPort {
    const port = this.#parts.channels.get(name)
    if (port === undefined)
      throw new AgentError('ERR_CONFIG', 'The selector names a channel that the source does not have.', {
        channel: name
      })
    return port
  }

  /** The chain over the whole batch; where it throws, event by event, so that one bad event harms no other. */
  #intercept(batch: EventBatch): EventBatch {
    if (this.#parts.interceptors.length === 0) return batch
    try {
      return this.#chain(batch)
    } catch (error) {
      if (batch.length === 1) return this.#reject(batch, error)
    }
    const pieces: EventBatch[] = []
    for (let i = 0; i < batch.length; i++) {
      const piece = this.#intercept(batch.slice(i, i + 1))
      if (piece.length > 0) pieces.push(piece)
    }
    return joinBatches(pieces)
  }

  #chain(batch: EventBatch): EventBatch {
    let shaped = batch
    for (const interceptor of this.#parts.interceptors) {
      if (shaped.length === 0) break
      shaped = interceptor.intercept(shaped)
    }
    return shaped
  }

  #reject(batch: EventBatch, error: unknown): EventBatch {
    this.#parts.counters.GenericProcessingFail += 1
    this.#parts.log.error('An interceptor failed on an event, which is dropped.', {
      reason: messageOf(error)
    })
    return batch.slice(0, 0)
  }
}

function asAgentError(error: unknown): AgentError {
  return error instanceof AgentError ? error : new AgentError('ERR_CHANNEL', messageOf(error), {}, error)
}
