import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type AgentProcess, startAgent, talk, temporaryFolder } from './agent-process.ts'
import { until } from './watched-agent.ts'

type Metrics = Record<string, Record<string, string>>

/** Lines into a channel that nobody drains. */
function fillingAgent(folder: string, channel: string): string {
  return `a.sources = s
a.channels = c
a.sources.s.type = netcat
a.sources.s.bind = 127.0.0.1
a.sources.s.port = 0
a.sources.s.channels = c
${channel.replaceAll('FOLDER', folder)}
`
}

const FILE = `a.channels.c.type = file
a.channels.c.dataDirs = FOLDER/data
a.channels.c.checkpointDir = FOLDER/checkpoint
a.channels.c.minimumRequiredSpace = 1`
const SPILLABLE = `${FILE.replace('= file', '= spillablememory')}
a.channels.c.memoryCapacity = 2
a.channels.c.overflowTimeout = 0`
const JDBC = `a.channels.c.type = jdbc
a.channels.c.driver.url = jdbc:sqlite:FOLDER/events.sqlite`

const LINES = 'one\ntwo\nthree\nfour\nfive\n'

async function start(folder: string): Promise<AgentProcess> {
  const monitoring = ['type=http', 'port=0', 'bind=127.0.0.1'].map(option => `-Dflume.monitoring.${option}`)
  return startAgent(['-n', 'a', '-f', join(folder, 'agent.conf'), ...monitoring])
}

type Tables = Record<string, { title: string; rows: Record<string, unknown>[]; more: number }>

async function detailsOf(agent: AgentProcess): Promise<Tables> {
  const [, url = ''] = await agent.said(/^Counters: (\S+)\/metrics$/m)
  return (await (await fetch(`${url}/details`)).json()) as Tables
}

async function metricsOf(agent: AgentProcess): Promise<Metrics> {
  const [, url = ''] = await agent.said(/^Counters: (\S+)$/m)
  return (await (await fetch(url)).json()) as Metrics
}

for (const [type, channel] of [
  ['file', FILE],
  ['spillablememory', SPILLABLE],
  ['jdbc', JDBC]
] as const) {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const lost = type === 'spillablememory' && signal === 'SIGKILL' ? 2 : 0
    test(`a ${type} channel accounts for what it holds after ${signal} and at the next start`, async () => {
      using folder = temporaryFolder()
      using agentFile = temporaryFolder({ 'agent.conf': fillingAgent(folder.path, channel) })
      await using first = await start(agentFile.path)
      // One after the other, so that a small memory takes the first two only.
      for (const line of LINES.trimEnd().split('\n')) await talk(await first.portOf('s'), `${line}\n`, 1)
      await first.stop(signal)
      await using second = await start(agentFile.path)
      const held = 5 - lost
      const metrics = await metricsOf(second)
      await second.stop()

      if (signal === 'SIGTERM') assert.match(first.stdout, /^channel c: stored 5, taken 0, held 5$/m)
      assert.match(
        second.stderr,
        new RegExp(`Queue Size after replay: ${held} \\[channel=c\\] events=${held} recovered=${held} `)
      )
      assert.equal(metrics['CHANNEL.c']?.['ChannelSize'], String(held))
      assert.match(
        second.stdout,
        new RegExp(`^channel c: recovered ${held}, stored 0, taken 0, held ${held}$`, 'm')
      )
      assert.match(second.stdout, /^Every event is accounted for\.$/m)
      assert.match(second.stderr, new RegExp(`channel\\.current\\.size == ${held}$`, 'm'))
    })
  }
}

test('a file channel shows how its log is doing at /metrics, and its error counters at the stop', async () => {
  using folder = temporaryFolder()
  using files = temporaryFolder({ 'agent.conf': fillingAgent(folder.path, FILE) })
  await using agent = await start(files.path)
  await talk(await agent.portOf('s'), LINES, 5)
  const { 'CHANNEL.c': shown = {} } = await metricsOf(agent)
  await agent.stop()

  const { Open, Closed, Unhealthy, Segments, EventPutErrorCount, SkippedEventCount } = shown
  assert.deepEqual(
    { Open, Closed, Unhealthy, Segments, EventPutErrorCount, SkippedEventCount },
    {
      Open: 'true',
      Closed: '0',
      Unhealthy: '0',
      Segments: '1',
      EventPutErrorCount: '0',
      SkippedEventCount: '0'
    }
  )
  for (const name of [
    'SyncMillisP50',
    'SyncMillisP99',
    'TransactionsPerSync',
    'BytesOnDisk',
    'EstimatedReplayMillis'
  ])
    assert.ok(Number(shown[name]) > 0, `${name} is ${shown[name]}`)
  assert.ok(Number(shown['OldestEventAgeMillis']) >= 0)
  assert.match(agent.stderr, /name: c\. channel\.file\.event\.put\.error == 0$/m)
  assert.match(agent.stderr, /The log was closed\. held=5 segments=1 bytesOnDisk=\d+ syncMillisP50=\d/)
})

const HDFS = `a.sinks = k
a.sinks.k.type = hdfs
a.sinks.k.channel = c
a.sinks.k.hdfs.path = embedded:FOLDER/out
a.sinks.k.hdfs.fileType = DataStream
a.sinks.k.hdfs.rollInterval = 0
a.sinks.k.hdfs.rollSize = 0
a.sinks.k.hdfs.rollCount = 0`

for (const [type, channel] of [
  ['memory', 'a.channels.c.type = memory'],
  ['file', FILE],
  ['spillablememory', SPILLABLE],
  ['jdbc', JDBC]
] as const) {
  test(`how old events were is at /metrics with a ${type} channel, and what components work on at /details`, async () => {
    using folder = temporaryFolder()
    using files = temporaryFolder({ 'agent.conf': fillingAgent(folder.path, `${channel}\n${HDFS}`) })
    await using agent = await start(files.path)
    await talk(await agent.portOf('s'), LINES, 5)
    let metrics = await metricsOf(agent)
    await until(
      async () => (metrics = await metricsOf(agent))['CHANNEL.c']?.['EventTakeSuccessCount'] === '5',
      () => JSON.stringify(metrics)
    )
    const details = await detailsOf(agent)
    await agent.stop()
    const { 'CHANNEL.c': c = {}, 'SINK.k': k = {} } = metrics

    assert.equal(c['OldestEventAgeMillis'], '0')
    const [count, sum, p50, p99] = ['Count', 'Sum', 'P50', 'P99'].map(end =>
      Number(c[`AgeAtDeliveryMillis${end}`])
    )
    assert.ok(count !== undefined && count >= 1 && count <= 5, `count ${count}`)
    assert.ok(
      p50 !== undefined && p99 !== undefined && sum !== undefined && p50 > 0 && p99 >= p50 && sum >= p99
    )
    assert.equal(k['OpenFileCount'], '1')
    assert.ok(Number(k['StoreCallMillisCount']) >= 2)
    const { 'SINK.k': open, 'CHANNEL.c': segments, 'SOURCE.s': connections } = details
    assert.deepEqual([open?.title, open?.rows.length, open?.more], ['Open files', 1, 0])
    assert.deepEqual([open?.rows[0]?.['events'], open?.rows[0]?.['state']], [5, 'writing'])
    assert.match(String(open?.rows[0]?.['name']), /FlumeData\.\d+\.tmp$/)
    assert.equal(connections?.title, 'Connections')
    assert.equal(segments?.title, type === 'file' || type === 'spillablememory' ? 'Segments' : undefined)
  })
}
