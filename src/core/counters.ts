/** Flume's counter names by kind of component; the order is the one in which the shutdown log lists them. */
export const SOURCE_COUNTERS = [
  'EventReceivedCount',
  'EventAcceptedCount',
  'AppendReceivedCount',
  'AppendAcceptedCount',
  'AppendBatchReceivedCount',
  'AppendBatchAcceptedCount',
  'OpenConnectionCount',
  'EventReadFail',
  'ChannelWriteFail',
  'GenericProcessingFail'
] as const

export const CHANNEL_COUNTERS = [
  'ChannelCapacity',
  'ChannelSize',
  'EventPutAttemptCount',
  'EventPutSuccessCount',
  'EventTakeAttemptCount',
  'EventTakeSuccessCount'
] as const

export const SINK_COUNTERS = [
  'ConnectionCreatedCount',
  'ConnectionClosedCount',
  'ConnectionFailedCount',
  'BatchEmptyCount',
  'BatchUnderflowCount',
  'BatchCompleteCount',
  'EventDrainAttemptCount',
  'EventDrainSuccessCount',
  'EventWriteFail',
  'ChannelReadFail'
] as const

export type SourceCounters = Record<(typeof SOURCE_COUNTERS)[number], number>
export type ChannelCounters = Record<(typeof CHANNEL_COUNTERS)[number], number>
export type SinkCounters = Record<(typeof SINK_COUNTERS)[number], number>

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
export function newCounters<Name extends string>(names: readonly Name[]): Record<Name, number> {
  const counters: Partial<Record<Name, number>> = {}
  for (const name of names) counters[name] = 0
  return counters as Record<Name, number>
}

/** One component's counters as the reporters show them. */
export interface CounterGroup {
  readonly type: 'SOURCE' | 'CHANNEL' | 'SINK'
  readonly name: string
  /** Epoch milliseconds, 0 = never. */
  readonly startTime: number
  readonly stopTime: number
  /** Attribute to value: numbers, or text and booleans where Flume shows such. */
  readonly values: Readonly<Record<string, number | string | boolean>>
}
