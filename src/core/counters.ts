import { counter, gauge, timer, type CountersOf, type Metrics, type Reading } from './metrics.ts'
import { Timer, type TimerReading } from './timer.ts'

/** Flume's counter names by kind of component, which every component of the kind has. */
export const SOURCE_COUNTERS = {
  EventReceivedCount: counter('events', 'Events that came.'),
  EventAcceptedCount: counter('events', 'Events that every required channel holds.'),
  AppendReceivedCount: counter('requests', 'Requests with a single event.'),
  AppendAcceptedCount: counter('requests', 'Those of them that succeeded.'),
  AppendBatchReceivedCount: counter('requests', 'Requests with a batch of events.'),
  AppendBatchAcceptedCount: counter('requests', 'Those of them that succeeded.'),
  OpenConnectionCount: gauge('connections', 'Connections of clients that are open.'),
  EventReadFail: counter('failures', 'Input that could not be read.'),
  ChannelWriteFail: counter('failures', 'Batches that a channel refused, whole or in part.'),
  GenericProcessingFail: counter('failures', 'Other failures.')
} as const

/** Ours: Flume counts nothing of them. */
export const INTERCEPTOR_COUNTERS = {
  EventReceivedCount: counter('events', 'Events that came in.'),
  EventDroppedCount: counter('events', 'Those of them that did not come out.'),
  EventFailedCount: counter('events', 'Events on which it failed, and which are dropped for that.')
} as const

export const CHANNEL_COUNTERS = {
  ChannelCapacity: gauge('events', 'Most events that it holds; 0 where only the disk bounds it.'),
  ChannelSize: gauge('events', 'Events held, those on their way to a sink included.'),
  EventPutAttemptCount: counter('events', 'Events that were offered.'),
  EventPutSuccessCount: counter('events', 'Events that were stored.'),
  EventTakeAttemptCount: counter(
    'events',
    'Events that were handed to sinks, and 1 for each time that there were none.'
  ),
  EventTakeSuccessCount: counter('events', 'Events that were delivered and let go of.')
} as const

export const SINK_COUNTERS = {
  ConnectionCreatedCount: counter('connections', 'Connections and files that were opened.'),
  ConnectionClosedCount: counter('connections', 'Those that were closed.'),
  ConnectionFailedCount: counter('failures', 'Those that could not be opened or used.'),
  BatchEmptyCount: counter('batches', 'Times that the channel had no events.'),
  BatchUnderflowCount: counter('batches', 'Batches smaller than the batch size.'),
  BatchCompleteCount: counter('batches', 'Batches of the whole batch size.'),
  EventDrainAttemptCount: counter('events', 'Events that were taken to be delivered.'),
  EventDrainSuccessCount: counter('events', 'Events that were delivered.'),
  EventWriteFail: counter('failures', 'Batches that could not be delivered.'),
  ChannelReadFail: counter('failures', 'Times that the channel could not give events, or let go of them.')
} as const

/** What the engine shows of every channel beside its counters. */
export const CHANNEL_MEASURES = {
  ChannelFillPercentage: gauge('%', 'Its size in per cent of the capacity; 0 where only the disk bounds it.'),
  OldestEventAgeMillis: gauge('ms', 'How long the oldest event has been held; 0 when there is none.'),
  AgeAtDeliveryMillis: timer(
    'How long the oldest event of a batch had been held when the batch was delivered; one time for each batch.'
  )
} as const

export type SourceCounters = Record<keyof typeof SOURCE_COUNTERS, number>
export type InterceptorCounters = Record<keyof typeof INTERCEPTOR_COUNTERS, number>
export type ChannelCounters = Record<keyof typeof CHANNEL_COUNTERS, number>
export type SinkCounters = Record<keyof typeof SINK_COUNTERS, number>

/** Of these the engine counts, whatever the component: it sees each event once. */
export const ENGINE_COUNTS = {
  source: ['EventReceivedCount', 'EventAcceptedCount', 'ChannelWriteFail'],
  sink: [
    'BatchEmptyCount',
    'BatchUnderflowCount',
    'BatchCompleteCount',
    'EventDrainAttemptCount',
    'EventDrainSuccessCount',
    'EventWriteFail',
    'ChannelReadFail'
  ]
} as const

/** What a source counts itself, where it has such: calls, connections, reads that failed; never events. */
export type OwnSourceCounters = Omit<SourceCounters, (typeof ENGINE_COUNTS)['source'][number]>
/** What a sink counts itself: connections. */
export type OwnSinkCounters = Omit<SinkCounters, (typeof ENGINE_COUNTS)['sink'][number]>

/** Plain counters, all 0, as fields of one object: `counters.EventReceivedCount += n`. */
export function newCounters<Name extends string, M extends Metrics>(
  names: Readonly<Record<Name, unknown>>,
  own?: M
): Record<Name, number> & CountersOf<M> {
  const counters: Record<string, number> = {}
  for (const name of Object.keys(names)) counters[name] = 0
  for (const [name, { kind }] of Object.entries(own ?? {})) if (kind === 'counter') counters[name] = 0
  return counters as Record<Name, number> & CountersOf<M>
}

/** A timer for each that is declared. */
export function newTimers(own: Metrics | undefined): Record<string, Timer> {
  const timers = Object.entries(own ?? {}).filter(([, { kind }]) => kind === 'timer')
  return Object.fromEntries(timers.map(([name]) => [name, new Timer()]))
}

/** One component's counters as the reporters show them. */
export interface CounterGroup {
  readonly type: 'SOURCE' | 'CHANNEL' | 'SINK' | 'INTERCEPTOR'
  readonly name: string
  /** Epoch milliseconds, 0 = never. */
  readonly startTime: number
  readonly stopTime: number
  /** Attribute to value: numbers, text and booleans where Flume shows such, and timers. */
  readonly values: Readonly<Record<string, Reading | TimerReading>>
  /** What the values mean. */
  readonly metrics: Metrics
}

/** The table of one component as the reporters show it. */
export interface DetailsTable {
  readonly type: CounterGroup['type']
  readonly name: string
  readonly title: string
  readonly columns: Metrics
  readonly rows: readonly Readonly<Record<string, Reading>>[]
  /** Rows that are not shown. */
  readonly more: number
}
