import type { EventBatch } from '../batch.ts'
import type { GroupSink } from './processor.ts'

/** Turns batches into the bytes of one file. Synchronous; used for one file, then thrown away. */
export interface EventSerializer {
  /**
   * Where present, awaited before write(): fetches what these events need. Resolves to how many leading events go
   * into this file, 0 when a new file must be started; rejects with ERR_BAD_EVENT when the first fits into none.
   */
  prepare?(batch: EventBatch): Promise<number>
  /** Bytes for these events, a file header first where the format has one. May hold some back until flush(). */
  write(batch: EventBatch): readonly Buffer[]
  /** Bytes held back, so that everything written so far can be read. */
  flush(): readonly Buffer[]
  /** The last bytes of the file, held back ones included. */
  end(): readonly Buffer[]
}

/** Turns the bytes of one file into events. Made for one file, and given its bytes in order. */
export interface EventDeserializer {
  /** The events that are whole by now and were not returned before. `ended`: no bytes follow. */
  read(bytes: Buffer, ended: boolean): EventBatch
  /** Bytes of the file that the events returned so far stand for: after a crash the source goes on behind them. */
  readonly position: number
}

/** A request that brings events. Names of headers are in lower case. */
export interface EventRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Turns requests into events; rejects with ERR_BAD_EVENT what it cannot read, which its sender is told. */
export interface RequestHandler {
  events(request: EventRequest): Promise<EventBatch>
}

/** Turns text that was found in an event into the value of a header. Synchronous; throws what it cannot turn. */
export interface HeaderSerializer {
  serialize(text: string): string
}

/** In which order the sinks of a group are asked for one batch: the first that does not fail gets it. */
export interface SinkSelector {
  order(sinks: readonly GroupSink[]): readonly GroupSink[]
}
