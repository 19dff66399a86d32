import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { CounterGroup, DetailsTable } from '../core/counters.ts'
import { gauge } from '../core/metrics.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { HttpReporter } from './http-reporter.ts'
import { renderMetrics } from './json-metrics.ts'
import { startMonitoring } from './monitoring.ts'
import { shutdownLines } from './shutdown-metrics.ts'

type Recorded = Record<string, Record<string, string>>

const readings = {
  counters: (): CounterGroup[] => [channel],
  balance: () => ({ differences: [] }),
  details: (): DetailsTable[] => [files]
}
const files: DetailsTable = {
  type: 'SINK',
  name: 'k1',
  title: 'Open files',
  columns: { events: gauge('events', 'Events in it.') },
  rows: [{ name: '/a', events: 3 }],
  more: 2
}
const channel: CounterGroup = {
  type: 'CHANNEL',
  name: 'c1',
  startTime: 1795342181754,
  stopTime: 0,
  metrics: {},
  values: {
    ChannelSize: 7,
    ChannelCapacity: 100,
    ChannelFillPercentage: (7 / 100) * 100,
    EventPutSuccessCount: 50
  }
}

for (const file of ['metrics-http.json', 'metrics-many-components.json']) {
  test(`what real Flume answered comes out the same: ${file}`, () => {
    const recorded = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../test/fixtures/metrics', file), 'utf8')
    ) as Recorded

    assert.deepEqual(JSON.parse(renderMetrics(Object.entries(recorded).map(groupOf))), recorded)
  })
}

test('numbers have Java’s form: whole ones without, the fill percentage always with a point', () => {
  const values = { ChannelSize: 2 ** 53, Open: true, ChannelFillPercentage: 50 }

  assert.equal(
    renderMetrics([{ ...channel, values }]),
    '{"CHANNEL.c1":{"Type":"CHANNEL","StartTime":"1795342181754","StopTime":"0",' +
      '"ChannelSize":"9007199254740992","Open":"true","ChannelFillPercentage":"50.0"}}'
  )
  assert.match(renderMetrics([channel]), /"ChannelFillPercentage":"7\.000000000000001"/)
  assert.match(
    renderMetrics([{ ...channel, values: { ChannelFillPercentage: Number.MAX_VALUE } }]),
    /"1\.7976931348623157E308"/
  )
})

test('fractions are shown, in Java’s form', () => {
  const values = { TransactionsPerSync: 2.333, Segments: 3, Share: 0.00025 }

  assert.match(
    renderMetrics([{ ...channel, values }]),
    /"TransactionsPerSync":"2\.333","Segments":"3","Share":"2\.5E-4"/
  )
})

test('a timer is four attributes', () => {
  const values = { SyncMillis: { count: 2 ** 40, sum: 1e9, p50: 0.207, p99: 3 } }

  assert.match(
    renderMetrics([{ ...channel, values }]),
    /"SyncMillisCount":"1099511627776","SyncMillisSum":"1000000000","SyncMillisP50":"0\.207","SyncMillisP99":"3"}/
  )
})

test('a channel that only its store bounds has the capacity 0', () => {
  assert.match(
    renderMetrics([{ ...channel, values: { ChannelCapacity: Infinity } }]),
    /"ChannelCapacity":"0"/
  )
})

test('names are escaped as Gson does', () => {
  assert.match(
    renderMetrics([{ ...channel, name: `<a>&='"\u2028é` }]),
    /^\{"CHANNEL\.\\u003ca\\u003e\\u0026\\u003d\\u0027\\"\\u2028é":/
  )
})

test('the error counters of the file channel have their lines, too', () => {
  const values = {
    EventPutErrorCount: 1,
    EventTakeErrorCount: 2,
    CheckpointWriteErrorCount: 0,
    CheckpointBackupWriteErrorCount: 0,
    SyncMillis: { count: 1, sum: 0.2, p50: 0.2, p99: 0.2 }
  }

  assert.deepEqual(
    shutdownLines({ ...channel, values })
      .slice(3)
      .map(line => line.slice(line.indexOf('. ') + 2)),
    [
      'channel.file.checkpoint.backup.write.error == 0',
      'channel.file.checkpoint.write.error == 0',
      'channel.file.event.put.error == 1',
      'channel.file.event.take.error == 2'
    ]
  )
})

test('shutdown lines come with times first, then counters by Flume’s internal names in order', () => {
  assert.deepEqual(
    shutdownLines({ ...channel, stopTime: 5, values: { ...channel.values, ChannelCapacity: Infinity } }),
    [
      'Component type: CHANNEL, name: c1 stopped',
      'Shutdown Metric for type: CHANNEL, name: c1. channel.start.time == 1795342181754',
      'Shutdown Metric for type: CHANNEL, name: c1. channel.stop.time == 5',
      'Shutdown Metric for type: CHANNEL, name: c1. channel.capacity == 0',
      'Shutdown Metric for type: CHANNEL, name: c1. channel.current.size == 7',
      'Shutdown Metric for type: CHANNEL, name: c1. channel.event.put.success == 50'
    ]
  )
})

for (const [method, path, status, type, body] of [
  ['GET', '/metrics', 200, 'application/json;charset=utf-8', renderMetrics([channel])],
  ['GET', '/METRICS?x=1', 200, 'application/json;charset=utf-8', renderMetrics([channel])],
  ['POST', '/metrics', 200, 'application/json;charset=utf-8', renderMetrics([channel])],
  [
    'GET',
    '/',
    200,
    'text/html;charset=utf-8',
    'For Flume metrics please click <a href = "./metrics"> here</a>.'
  ],
  [
    'GET',
    '/metrics/',
    404,
    'text/plain;charset=utf-8',
    'Not found. There are /metrics, /balance and /details.\n'
  ],
  [
    'GET',
    '/other',
    404,
    'text/plain;charset=utf-8',
    'Not found. There are /metrics, /balance and /details.\n'
  ],
  ['OPTIONS', '/metrics', 403, 'text/plain;charset=utf-8', ''],
  ['TRACE', '/metrics', 403, 'text/plain;charset=utf-8', ''],
  ['GET', '/balance', 200, 'application/json;charset=utf-8', '{"differences":[]}'],
  [
    'GET',
    '/details',
    200,
    'application/json;charset=utf-8',
    '{"SINK.k1":{"title":"Open files","columns":{"events":{"kind":"gauge","unit":"events","help":"Events in it."}},' +
      '"rows":[{"name":"/a","events":3}],"more":2}}'
  ]
] as const) {
  test(`${method} ${path} is answered with ${status}`, async () => {
    await using reporter = await startedReporter()

    assert.deepEqual(await ask(reporter.port, method, path), { status, type, body })
  })
}

test('balance and details are not for pages of other sites whose name points here', async () => {
  await using reporter = await startedReporter()

  assert.equal((await ask(reporter.port, 'GET', '/balance', 'evil.example')).status, 403)
  assert.equal((await ask(reporter.port, 'GET', '/details', 'evil.example')).status, 403)
  assert.equal((await ask(reporter.port, 'GET', '/metrics', 'evil.example')).status, 200)
})

test('a reporter starts and stops twice', async () => {
  const reporter = new HttpReporter(readings, 0, '127.0.0.1')
  await reporter.start()
  await reporter.start()
  await reporter.stop()

  await reporter.stop()
})

test('no type means no reporter, and nothing in the log', async () => {
  const log = new FakeLog()

  assert.equal(await startMonitoring({}, readings, log), undefined)
  assert.deepEqual(log.lines, [])
})

test('the type is read in any case, and as a class name', async () => {
  for (const type of ['HTTP', 'org.apache.flume.instrumentation.http.HTTPMetricsServer']) {
    const properties = {
      'flume.monitoring.type': type,
      'flume.monitoring.port': '0',
      'flume.monitoring.bind': '127.0.0.1'
    }
    const reporter = await startMonitoring(properties, readings, new FakeLog())

    assert.match(reporter?.url ?? '', /^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
    await reporter?.stop()
  }
})

for (const [name, properties, level, message] of [
  [
    'an unknown type',
    { 'flume.monitoring.type': 'ganglia' },
    'warn',
    'Error starting monitoring. Monitoring might not be available.'
  ],
  [
    'a port that is no number',
    { 'flume.monitoring.type': 'http', 'flume.monitoring.port': 'x' },
    'error',
    'flume.monitoring.port is not a port from 0 to 65535. JSON Metrics may not be available.'
  ]
] as const) {
  test(`${name} is logged, and the agent goes on`, async () => {
    const log = new FakeLog()

    assert.equal(await startMonitoring(properties, readings, log), undefined)
    assert.deepEqual(log.messages(level), [message])
  })
}

test('a taken port is logged, and the agent goes on', async () => {
  await using reporter = await startedReporter()
  const log = new FakeLog()
  const properties = {
    'flume.monitoring.type': 'http',
    'flume.monitoring.port': String(reporter.port),
    'flume.monitoring.bind': '127.0.0.1'
  }

  assert.equal(await startMonitoring(properties, readings, log), undefined)
  assert.deepEqual(log.messages('error'), [
    'Error starting the HTTP reporter. JSON Metrics may not be available.'
  ])
})

async function startedReporter() {
  const reporter = new HttpReporter(readings, 0, '127.0.0.1')
  await reporter.start()
  return { port: reporter.port, [Symbol.asyncDispose]: () => reporter.stop() }
}

async function ask(port: number, method: string, path: string, host = `127.0.0.1:${port}`) {
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
  request({ port, host: '127.0.0.1', method, path, headers: { host }, agent: false }, resolve)
    .on('error', reject)
    .end()
  const response = await promise
  return { status: response.statusCode, type: response.headers['content-type'], body: await text(response) }
}

function groupOf([key, attributes]: [string, Record<string, string>]): CounterGroup {
  const { Type, StartTime, StopTime, ...values } = attributes
  const parsed = Object.entries(values).map(([name, value]) => [
    name,
    /^[\d.E]+$/.test(value) ? Number(value) : value
  ])
  return {
    type: Type as CounterGroup['type'],
    name: key.slice(key.indexOf('.') + 1),
    startTime: Number(StartTime),
    stopTime: Number(StopTime),
    metrics: {},
    values: Object.fromEntries(parsed) as CounterGroup['values']
  }
}
