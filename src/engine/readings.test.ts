import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CHANNEL_COUNTERS,
  CHANNEL_MEASURES,
  newCounters,
  newTimers,
  SINK_COUNTERS
} from '../core/counters.ts'
import { counter, gauge, label, timer, type Details, type Metrics, type Observed } from '../core/metrics.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { batchOf } from '../testing/fake-context.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeChannel, FakeSink } from '../testing/fake-parts.ts'
import type { Assembly } from './assemble.ts'
import { ChannelPort } from './channel-port.ts'
import { AgentReadings, MOST_ROWS } from './readings.ts'
import { SinkPort } from './sink-port.ts'
import { Supervised } from './supervisor.ts'

const never = new AbortController().signal
const METRICS = {
  RetryCount: counter('tries', 'Tries.'),
  OpenFiles: gauge('files', 'Files.'),
  Target: label('Where to.'),
  CloseMillis: timer('Closes.')
} as const
const DETAILS = { title: 'Files', columns: { events: gauge('events', 'Events.') } } as const

/** A channel whose events came at `arrivals`, and a sink that says `observed`. */
function open(observed: Observed = {}, metrics: Metrics = METRICS) {
  const clock = new FakeClock()
  const log = new FakeLog()
  const arrivals = { oldest: undefined as number | undefined, batch: undefined as number | undefined }
  const channel = Object.assign(new FakeChannel(), { oldestArrival: () => arrivals.oldest })
  const counters = newCounters(CHANNEL_COUNTERS)
  const port = new ChannelPort('c', channel, counters, clock)
  const own = newCounters(SINK_COUNTERS, METRICS)
  const timers = newTimers(METRICS)
  const sink = Object.assign(new FakeSink(), observed)
  const supervised = (kind: 'channel' | 'sink', part: FakeChannel | FakeSink): Supervised =>
    new Supervised({ kind, name: kind, part }, clock, log)
  const channelSupervised = supervised('channel', channel)
  const assembly: Pick<Assembly, 'channels' | 'sources' | 'sinks'> = {
    channels: [
      {
        port,
        supervised: channelSupervised,
        shown: {
          ofAll: { ...CHANNEL_COUNTERS, ...CHANNEL_MEASURES },
          definition: {},
          counters,
          timers: {},
          part: {}
        }
      }
    ],
    sources: [],
    sinks: [
      {
        port: new SinkPort('k', sink, own, 10),
        supervised: supervised('sink', sink),
        channel: channelSupervised,
        shown: {
          ofAll: SINK_COUNTERS,
          definition: { metrics, details: DETAILS },
          counters: own,
          timers,
          part: sink
        }
      }
    ]
  }
  const readings = new AgentReadings(assembly, { log: () => log })
  const shown = (type: string) => readings.counters().find(group => group.type === type)
  return { clock, log, arrivals, channel, port, own, timers, readings, shown }
}

test('what a component declares stands beside the counters of its kind, in that order, with its meaning', () => {
  const { own, timers, shown } = open({ gauges: () => ({ OpenFiles: 2, Target: '/a' }) })
  own.RetryCount += 3
  timers['CloseMillis']?.add(7)
  const { values = {}, metrics } = shown('SINK') ?? {}

  assert.deepEqual(Object.keys(values), [...Object.keys(SINK_COUNTERS), ...Object.keys(METRICS)])
  assert.deepEqual(
    [values['RetryCount'], values['OpenFiles'], values['Target'], values['CloseMillis']],
    [3, 2, '/a', { count: 1, sum: 7, p50: 7, p99: 7 }]
  )
  assert.deepEqual(
    [metrics?.['OpenFiles'], metrics?.['BatchEmptyCount']?.unit],
    [METRICS.OpenFiles, 'batches']
  )
})

test('a gauge that has no value now is left out, and so is what nobody declared', () => {
  const { shown } = open({ gauges: () => ({ OpenFiles: 2, Secret: 1 }) })
  const names = Object.keys(shown('SINK')?.values ?? {})

  assert.deepEqual(
    names.filter(name => /OpenFiles|Target|Secret/.test(name)),
    ['OpenFiles']
  )
})

test('a counter that is kept elsewhere comes with the gauges', () => {
  assert.equal(open({ gauges: () => ({ RetryCount: 9 }) }).shown('SINK')?.values['RetryCount'], 9)
})

test('a component that cannot say what it shows loses that alone, and it is said once', () => {
  let broken = true
  const gauges = () => {
    if (broken) throw new Error('not open')
    return { OpenFiles: 1 }
  }
  const { log, readings, shown } = open({ gauges, details: gauges as never })
  const [first, second] = [shown('SINK'), shown('SINK')]
  const [table] = readings.details()
  broken = false
  const healed = shown('SINK')
  broken = true
  shown('SINK')

  assert.deepEqual([first?.values['BatchEmptyCount'], second?.values['OpenFiles']], [0, undefined])
  assert.deepEqual([table?.rows, table?.more, healed?.values['OpenFiles']], [[], 0, 1])
  assert.deepEqual(
    log.lines.map(({ level, facts }) => [level, facts?.['what'], facts?.['reason']]),
    [
      ['error', 'gauges', 'not open'],
      ['error', 'details', 'not open'],
      ['error', 'gauges', 'not open']
    ]
  )
})

test('the age of events is that of the oldest held, and one time for each batch that was delivered', async () => {
  const { clock, arrivals, channel, port, shown } = open()
  const empty = shown('CHANNEL')?.values['OldestEventAgeMillis']
  await clock.advance(1000)
  Object.assign(arrivals, { oldest: 400 })
  await channel.put(batchOf(['a', 'b']))
  const held = shown('CHANNEL')?.values['OldestEventAgeMillis']
  const lease = await port.take(10)
  assert.ok(lease)
  await port.commit(Object.assign(lease, { arrivedAt: 400 }), never)

  assert.deepEqual([empty, held], [0, 600])
  assert.deepEqual(shown('CHANNEL')?.values['AgeAtDeliveryMillis'], {
    count: 1,
    sum: 600,
    p50: 600,
    p99: 600
  })
})

test('a batch that the channel did not let go of has no age yet, as it comes again', async () => {
  const { channel, port, shown } = open()
  channel.commitGate = Promise.reject(new Error('disk'))
  await channel.put(batchOf(['a']))
  const lease = await port.take(10)
  assert.ok(lease)
  await assert.rejects(port.commit(Object.assign(lease, { arrivedAt: 0 }), never))

  assert.deepEqual(shown('CHANNEL')?.values['AgeAtDeliveryMillis'], { count: 0, sum: 0, p50: 0, p99: 0 })
})

test('a table has its first rows, which are made when they are read, and how many more there are', () => {
  let made = 0
  const details = (): Details => ({
    total: 1_000_000,
    rows: Array.from({ length: 1_000_000 }, (_, i) => i)
      .values()
      .map(i => {
        made++
        return { name: `file ${i}`, events: i }
      })
  })
  const [table] = open({ details }).readings.details()

  assert.deepEqual([table?.rows.length, table?.more, made], [MOST_ROWS, 1_000_000 - MOST_ROWS, MOST_ROWS])
  assert.deepEqual(
    [table?.type, table?.name, table?.title, table?.columns, table?.rows[1]],
    ['SINK', 'k', 'Files', DETAILS.columns, { name: 'file 1', events: 1 }]
  )
})
