import { joinBatches, type EventBatch } from '../core/batch.ts'
import type { Clock, IngestResult, Interceptor, Log, Refusal, Route, Selector } from '../core/contracts.ts'
import type { SourceCounters } from '../core/counters.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import { atMostEvery } from '../core/seldom.ts'
import { addTo, SourceLedger } from './balance.ts'
import type { ChannelPort } from './channel-port.ts'
import { Refused } from './refused.ts'
import { SharedPuts } from './shared-puts.ts'

/** Events are lost faster than anyone reads. */
const LOG_EVERY_MS = 10_000

/** What stands between a source and its channels. */
export interface IngestParts {
  readonly interceptors: readonly Interceptor[]
  readonly selector: Selector
  /** The source's channels by name. */
  readonly channels: ReadonlyMap<string, ChannelPort>
  readonly counters: SourceCounters
  readonly log: Log
  readonly clock: Pick<Clock, 'monotonic'>
  /** Aborts waits for room when the source stops. */
  readonly signal: AbortSignal
}

/** How a channel gets its events: as one transaction, or each for itself. */
type Door = 'put' | 'putEach'

type SayDropped = (amounts: { readonly events: number }, error: unknown) => void

/** Takes batches of one source through interceptors and selector into its channels. */
export class Ingest {
  readonly ledger = new SourceLedger()
  readonly #parts: IngestParts
  readonly #channels: readonly ChannelPort[]
  readonly #shared = new SharedPuts({
    ingest: batch => this.ingest(batch),
    fits: batch => Math.min(...this.#channels.map(({ channel }) => channel.fits(batch)))
  })
  readonly #sayFailed: (amounts: { readonly events: number }, reason: string) => void
  readonly #dropping = new Map<string, SayDropped>()
  /** Batches and pieces so far. */
  #begun = 0

  constructor(parts: IngestParts) {
    this.#parts = parts
    this.#sayFailed = atMostEvery(LOG_EVERY_MS, parts.clock, ({ events }, reason) =>
      parts.log.error('An interceptor failed on an event, which is dropped.', { events, reason })
    )
    this.#channels = [...parts.channels.values()]
  }

  #sayDropped(channel: string): SayDropped {
    const { log, clock } = this.#parts
    const say =
      this.#dropping.get(channel) ??
      atMostEvery(LOG_EVERY_MS, clock, ({ events }, error) =>
        log.error('Unable to put batch on optional channel.', { channel, events, error })
      )
    this.#dropping.set(channel, say)
    return say
  }

  /** As SourceContext.ingest. */
  async ingest(batch: EventBatch): Promise<void> {
    if (batch.length > 0) await this.#counted(batch)
  }

  /** As SourceContext.ingestEach. */
  async ingestEach(batch: EventBatch): Promise<IngestResult> {
    let tried = 0
    while (tried < batch.length) {
      const from = tried
      const rest = batch.slice(from)
      const piece = rest.slice(0, Math.max(1, this.fits(rest)))
      tried += piece.length
      const refusals = await this.#piece(piece)
      if (refusals.length > 0) return { tried, refusals: refusals.map(refusal => shifted(refusal, from)) }
    }
    return { tried, refusals: [] }
  }

  /** As SourceContext.ingestShared. */
  ingestShared(batch: EventBatch): Promise<void> {
    return batch.length === 0 ? Promise.resolve() : this.#shared.add(batch)
  }

  /** As SourceContext.offer. */
  async offer(batch: EventBatch): Promise<number> {
    let stored = 0
    for (let from = 0; from < batch.length;) {
      const { tried, refusals } = await this.ingestEach(batch.slice(from))
      from += tried
      stored += tried - countOf(refusals)
    }
    return stored
  }

  /** As SourceContext.dropped. */
  dropped(reason: string, events: number): void {
    this.#parts.counters.EventReceivedCount += events
    this.ledger.received += events
    addTo(this.ledger.rejected, reason, events)
  }

  /** As SourceContext.fits. */
  fits(batch: EventBatch): number {
    let events = batch.length
    for (const port of this.#channels) {
      if (events === 0) break
      events = port.fitsEach(batch.slice(0, events))
    }
    return events
  }

  /** Independent events that go together. Resolves to those that were refused. */
  async #piece(batch: EventBatch): Promise<readonly Refusal[]> {
    try {
      return await this.#counted(batch, this.#begun + 1)
    } catch (error) {
      return [{ from: 0, to: batch.length, error: asAgentError(error) }]
    }
  }

  /**
   * Stores a batch and counts each of its events once, by what becomes of it. `turn`: its number, where events stand
   * alone; otherwise a required channel that refuses any ends it.
   */
  async #counted(batch: EventBatch, turn?: number): Promise<readonly Refusal[]> {
    const { counters } = this.#parts
    const events = batch.length
    this.#begun++
    counters.EventReceivedCount += events
    this.ledger.received += events
    this.ledger.entering += events
    try {
      const refusals = await this.#store(batch, turn)
      for (const { from, to, error } of refusals) addTo(this.ledger.rejected, error.code, to - from)
      if (refusals.length > 0) counters.ChannelWriteFail += 1
      counters.EventAcceptedCount += events - countOf(refusals)
      this.ledger.accepted += events - countOf(refusals)
      return refusals
    } catch (error) {
      counters.ChannelWriteFail += 1
      addTo(this.ledger.rejected, error instanceof AgentError ? error.code : 'OTHER', events)
      throw error
    } finally {
      this.ledger.entering -= events
    }
  }

  /** Required channels first, one after the other. Resolves to what they refused, where events stand alone. */
  async #store(batch: EventBatch, turn: number | undefined): Promise<readonly Refusal[]> {
    const shaped = this.#intercept(batch)
    const refused = new Refused(shaped)
    const routes = shaped.length === 0 ? [] : this.#parts.selector.route(shaped)
    const door = turn === undefined ? 'put' : 'putEach'
    let routed = 0
    for (const route of routes) {
      if (route.required)
        await (turn === undefined ? this.#put(route, door) : this.#putEach(route, refused, turn))
      routed += route.batch.length
    }
    const refusals = refused.refusals(batch)
    // Only now: what required channels refuse is rejected, whatever was kept from them, and may come again.
    if (countOf(refusals) < batch.length) {
      const { dropped } = this.ledger
      if (shaped.length < batch.length) addTo(dropped, 'interceptor', batch.length - shaped.length)
      if (routed < shaped.length) addTo(dropped, 'no channel selected', shaped.length - routed)
    }
    for (const route of routes) {
      if (!route.required) await this.#putOptional({ ...route, batch: refused.keep(route.batch) }, door)
    }
    return refusals
  }

  /** Offers a required channel, once, those events that no other has refused. */
  async #putEach(route: Route, refused: Refused, turn: number): Promise<void> {
    for (const batch of this.#partsFor(route.channel, refused.keep(route.batch), turn)) {
      try {
        await this.#put({ ...route, batch }, 'putEach')
      } catch (error) {
        refused.add(batch, asAgentError(error))
      }
    }
  }

  /**
   * What there is room for and what has to wait, as the channel would refuse both for the want of room for one. Where
   * other events have come since, these go whole: nothing may come between them.
   */
  #partsFor(channel: string, batch: EventBatch, turn: number): readonly EventBatch[] {
    if (batch.length === 0) return []
    const room = turn === this.#begun ? this.#port(channel).fitsEach(batch) : batch.length
    return room > 0 && room < batch.length ? [batch.slice(0, room), batch.slice(room)] : [batch]
  }

  async #put({ channel, batch }: Route, door: Door): Promise<void> {
    try {
      await this.#port(channel)[door](batch, this.#parts.signal)
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

  async #putOptional({ channel, batch }: Route, door: Door): Promise<void> {
    if (batch.length === 0) return
    try {
      await this.#port(channel)[door](batch, this.#parts.signal)
    } catch (error) {
      addTo(this.ledger.dropped, `optional channel ${channel}`, batch.length)
      this.#sayDropped(channel)({ events: batch.length }, error)
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
    this.#sayFailed({ events: 1 }, messageOf(error))
    return batch.slice(0, 0)
  }
}

function asAgentError(error: unknown): AgentError {
  return error instanceof AgentError ? error : new AgentError('ERR_CHANNEL', messageOf(error), {}, error)
}

function countOf(refusals: readonly Refusal[]): number {
  let events = 0
  for (const { from, to } of refusals) events += to - from
  return events
}

function shifted({ from, to, error }: Refusal, by: number): Refusal {
  return { from: from + by, to: to + by, error }
}
