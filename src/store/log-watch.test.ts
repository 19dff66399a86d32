import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeLog } from '../testing/fake-log.ts'
import type { DurableLogStats } from './log-options.ts'
import { LogWatch, type WatchedLog } from './log-watch.ts'

const stats: DurableLogStats = {
  syncP50Ms: 0.207,
  syncP99Ms: 1.5,
  transactionsPerSync: 2.3333333,
  syncs: 9,
  segments: 3,
  freeSegments: 1,
  bytesOnDisk: 4096,
  memoryBytes: 77,
  estimatedReplayMs: 12,
  recoveredEvents: 5,
  skippedEvents: 4,
  skippedParts: 1,
  givenUpEvents: 0,
  returnedEvents: 0,
  skipped: [],
  putErrors: 6,
  takeErrors: 7,
  unhealthy: undefined
}

function watched(changes: Partial<DurableLogStats> = {}): WatchedLog {
  return {
    size: 10,
    skippedByReason: { 'wrong checksum': 4 },
    oldestArrival: 5,
    segments: {
      total: 1,
      rows: [{ name: '/data/seg-1', state: 'writing', events: 10, bytes: 4096, sizeBytes: 8192 }]
    },
    stats: () => ({ ...stats, ...changes })
  }
}

test("an open log shows Flume's counters and its own", () => {
  const watch = new LogWatch()
  watch.opened(watched())

  assert.deepEqual(watch.gauges(), {
    Open: true,
    Closed: 0,
    Unhealthy: 0,
    UnhealthyReason: '',
    EventPutErrorCount: 6,
    EventTakeErrorCount: 7,
    CheckpointWriteErrorCount: 0,
    CheckpointBackupWriteErrorCount: 0,
    TransactionsPerSync: 2.333,
    Segments: 3,
    BytesOnDisk: 4096,
    MemoryBytes: 77,
    EstimatedReplayMillis: 12,
    RecoveredEventCount: 5,
    SkippedEventCount: 4,
    SkippedPartCount: 1,
    GivenUpEventCount: 0,
    ReturnedEventCount: 0
  })
})

test('a disk that fails, and a start that failed, are unhealthy with a reason', () => {
  const [failing, failed] = [new LogWatch(), new LogWatch()]
  failing.opened(watched({ unhealthy: 'The disk is full.' }))
  failed.failed(new Error('No folder.'))
  const seen = [failing, failed].map(watch => {
    const { Open, Closed, Unhealthy, UnhealthyReason } = watch.gauges()
    return [Open, Closed, Unhealthy, UnhealthyReason]
  })

  assert.deepEqual(seen, [
    [true, 0, 1, 'The disk is full.'],
    [false, 1, 1, 'No folder.']
  ])
  failed.opened(watched())
  assert.equal(failed.gauges()['Unhealthy'], 0)
})

test('what a closed log held and lost is still known, and losses add up over starts', () => {
  const watch = new LogWatch()
  watch.opened(watched())
  watch.closed()
  const closed = [watch.size, watch.skipped, watch.gauges()['Open'], watch.gauges()['SkippedPartCount']]
  const rows = [watch.oldestArrival, watch.segments.total]
  watch.opened(watched({ skippedParts: 2 }))

  assert.deepEqual(closed, [10, { 'wrong checksum': 4 }, false, 1])
  assert.deepEqual([rows, watch.segments.total], [[5, 0], 1])
  assert.deepEqual(
    [watch.skipped, watch.gauges()['SkippedEventCount'], watch.gauges()['SkippedPartCount']],
    [{ 'wrong checksum': 8 }, 8, 3]
  )
})

test('a start says what was found, a stop what is left', () => {
  const [watch, log] = [new LogWatch(), new FakeLog()]
  watch.opened(watched())
  watch.sayOpened(log, { channel: 'c', events: 12, elapsedMs: 3.6, folders: ['/data'] })
  watch.closed()
  watch.sayClosed(log, 10)

  assert.deepEqual(
    log.lines.map(({ level, message, facts }) => [level, message, facts]),
    [
      [
        'info',
        'Queue Size after replay: 12 [channel=c]',
        { events: 12, recovered: 5, skipped: 4, damagedParts: 1, elapsedMs: 4, folders: ['/data'] }
      ],
      [
        'info',
        'The log was closed.',
        {
          held: 10,
          segments: 3,
          bytesOnDisk: 4096,
          syncMillisP50: 0.207,
          syncMillisP99: 1.5,
          transactionsPerSync: 2.333
        }
      ]
    ]
  )
})
