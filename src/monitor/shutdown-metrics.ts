import type { CounterGroup } from '../core/counters.ts'

// Flume's own names in the log, its misspelling included.
const SOURCE: Readonly<Record<string, string>> = {
  EventReceivedCount: 'src.events.received',
  EventAcceptedCount: 'src.events.accepted',
  AppendReceivedCount: 'src.append.received',
  AppendAcceptedCount: 'src.append.accepted',
  AppendBatchReceivedCount: 'src.append-batch.received',
  AppendBatchAcceptedCount: 'src.append-batch.accepted',
  OpenConnectionCount: 'src.open-connection.count',
  EventReadFail: 'src.event.read.fail',
  ChannelWriteFail: 'src.channel.write.fail',
  GenericProcessingFail: 'src.generic.processing.fail'
}

const CHANNEL: Readonly<Record<string, string>> = {
  ChannelCapacity: 'channel.capacity',
  ChannelSize: 'channel.current.size',
  EventPutAttemptCount: 'channel.event.put.attempt',
  EventPutSuccessCount: 'channel.event.put.success',
  EventTakeAttemptCount: 'channel.event.take.attempt',
  EventTakeSuccessCount: 'channel.event.take.success',
  EventPutErrorCount: 'channel.file.event.put.error',
  EventTakeErrorCount: 'channel.file.event.take.error',
  CheckpointWriteErrorCount: 'channel.file.checkpoint.write.error',
  CheckpointBackupWriteErrorCount: 'channel.file.checkpoint.backup.write.error'
}

const SINK: Readonly<Record<string, string>> = {
  ConnectionCreatedCount: 'sink.connection.creation.count',
  ConnectionClosedCount: 'sink.connection.closed.count',
  ConnectionFailedCount: 'sink.connection.failed.count',
  BatchEmptyCount: 'sink.batch.empty',
  BatchUnderflowCount: 'sink.batch.underflow',
  BatchCompleteCount: 'sink.batch.complete',
  EventDrainAttemptCount: 'sink.event.drain.attempt',
  EventDrainSuccessCount: 'sink.event.drain.sucess',
  EventWriteFail: 'sink.event.write.fail',
  ChannelReadFail: 'sink.channel.read.fail'
}

const NAMES = { SOURCE, CHANNEL, SINK }

/** The lines in which a stopped component leaves its counters in the log, as Flume's do. */
export function shutdownLines({ type, name, startTime, stopTime, values }: CounterGroup): string[] {
  const start = `Shutdown Metric for type: ${type}, name: ${name}. `
  const counters = Object.entries(values)
    .flatMap(([attribute, value]) => {
      const internal = NAMES[type][attribute]
      if (internal === undefined || typeof value === 'object') return []
      return [`${internal} == ${String(value === Infinity ? 0 : value)}`]
    })
    .toSorted()
  const times = [
    `${type.toLowerCase()}.start.time == ${startTime}`,
    `${type.toLowerCase()}.stop.time == ${stopTime}`
  ]
  return [
    `Component type: ${type}, name: ${name} stopped`,
    ...[...times, ...counters].map(line => start + line)
  ]
}
