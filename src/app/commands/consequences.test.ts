// A consequence stands with its cause: one finding each, the cause first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfiguration } from '../../config/load.ts'
import { SMALL_AGENT } from '../../testing/small-agent.ts'
import { registry } from '../registry.ts'
import { reportJson, reportText } from './validate-report.ts'

async function load(text: string) {
  return await loadConfiguration([{ file: 'x.conf', text }], {
    catalog: registry,
    variables: {},
    properties: {}
  })
}

const NO_ROOM = `${SMALL_AGENT}a1.channels.c1.capacity = 10\na1.channels.c1.transactionCapacity = 11\n`

test('a channel that cannot be made is one finding, with all that falls with it in one line', async () => {
  const loaded = await load(NO_ROOM)
  const report = { ...loaded, ok: false, running: 0 }

  assert.equal(
    reportText([report], false),
    `x.conf:10: error CAP_LT_TXN a1.channels.c1.transactionCapacity: Transaction Capacity of Memory Channel cannot be higher than the capacity.
    Set transactionCapacity to 10 or less, or capacity to 11 or more.
    Falls with it: Channel c1 has been removed due to an error during configuration. Source r1 is not connected to a channel. Sink k1 is not connected to a channel. Nothing of the agent a1 can run.
a1: not ready to run; none of 3 components runs; dropped: r1, c1, k1; 1 error`
  )
  const { findings } = JSON.parse(reportJson([report])) as { findings: { consequences: unknown }[] }
  assert.deepEqual(
    findings.map(({ consequences }) => consequences),
    [
      [
        {
          code: 'DROPPED',
          key: 'a1.channels.c1',
          message: 'Channel c1 has been removed due to an error during configuration.'
        },
        {
          code: 'UNDECLARED_CHANNEL',
          key: 'a1.sources.r1.channels',
          message: 'Source r1 is not connected to a channel.'
        },
        {
          code: 'UNDECLARED_CHANNEL',
          key: 'a1.sinks.k1.channel',
          message: 'Sink k1 is not connected to a channel.'
        },
        { code: 'NOTHING_TO_RUN', key: 'a1', message: 'Nothing of the agent a1 can run.' }
      ]
    ]
  )
})

for (const { name, text, told } of [
  {
    name: 'a batch that is too large takes its sink, and the sink its channel',
    text: SMALL_AGENT.replace('r1.type = seq', 'r1.type = nosuch').replace(
      'k1.type = null',
      'k1.type = null\na1.sinks.k1.batchSize = 1000'
    ),
    told: [
      ['CUSTOM_CLASS', []],
      ['BATCH_GT_TXN', ['Sink k1 has been removed due to an error during configuration.']]
    ]
  },
  {
    name: 'a transaction capacity that is none takes the sink along whose batch the default is too small for',
    text: `${SMALL_AGENT}a1.channels.c1.transactionCapacity = 1k\na1.sinks.k1.batchSize = 1000\n`,
    told: [
      [
        'BAD_NUMBER',
        [
          "Incompatible sink and channel settings defined. sink's batch size is greater than the channels transaction capacity. Sink: k1, batch size = 1000, channel c1, transaction capacity = 100.",
          'Sink k1 has been removed due to an error during configuration.'
        ]
      ]
    ]
  },
  {
    name: 'a sink that cannot be made takes its group along',
    text: `${SMALL_AGENT}a1.sinks.k1.batchSize = x\na1.sinkgroups = g\na1.sinkgroups.g.sinks = k1\n`,
    told: [
      [
        'BAD_NUMBER',
        [
          'Sink k1 has been removed due to an error during configuration.',
          "Agent configuration for 'a1' sinkgroup 'g' sink not found: 'k1',  sink not added.",
          'Could not configure sink group g due to: No available sinks for sinkgroup: g. Sinkgroup will be removed.'
        ]
      ]
    ]
  },
  {
    name: 'an interceptor that is no type takes its source along, and that the channel',
    text: `${SMALL_AGENT.replace('k1.channel = c1', 'k1.channel = c2')}a1.sources.r1.interceptors = i\na1.sources.r1.interceptors.i.type = com.example.Mine$Builder\n`,
    told: [
      ['UNDECLARED_CHANNEL', []],
      ['CUSTOM_CLASS', ['Source r1 has been removed due to an error during configuration.']]
    ]
  },
  {
    name: 'without any valid channel Flume marks the agent as invalid',
    text: SMALL_AGENT.replace('a1.channels = c1', 'a1.channels = c2'),
    told: [
      [
        'LISTED_NOT_DEFINED',
        [
          "Agent configuration for 'a1' does not contain any valid channels. Marking it as invalid. Agent configuration invalid for agent 'a1'. It will be removed. No configuration found for this host:a1"
        ]
      ],
      ['UNDECLARED_CHANNEL', []],
      ['UNDECLARED_CHANNEL', []]
    ]
  }
] as const) {
  test(name, async () => {
    const { findings } = await load(text)

    assert.deepEqual(
      findings
        .filter(({ level }) => level === 'error')
        .map(({ code, consequences = [] }) => [code, consequences.map(({ message }) => message)]),
      told
    )
  })
}

test('what of nothing else falls, is told by itself', async () => {
  const { findings } = await load('a1.channels = c1\na1.channels.c1.type = memory\n')

  assert.deepEqual(
    findings.filter(({ level }) => level === 'error').map(({ code, message }) => [code, message]),
    [
      [
        'NOTHING_TO_RUN',
        "Agent configuration for 'a1' has no sources or sinks. Will be marked invalid. Agent configuration invalid for agent 'a1'. It will be removed. No configuration found for this host:a1"
      ]
    ]
  )
})

const COMMENTED = `a1.sources = r1 //comment
a1.channels = c1 # the channel
a1.sinks = k1 # the sink, of r1
a1.sources.r1.type = netcat
a1.sources.r1.bind = localhost # where
a1.sources.r1.port = 44444 # port
a1.sources.r1.channels = c1 # of r1
a1.sources.r1.interceptors = i1 # list
a1.sources.r1.interceptors.i1.type = static
a1.channels.c1.type = memory
a1.channels.c1.capacity = 1000 # cap
a1.sinks.k1.type = logger # für uns
a1.sinks.k1.channel = c1 # chan
a1.sinkgroups = g # group
a1.sinkgroups.g.sinks = k1 # member
`

test('a comment behind a value is one finding, and nothing is said about what it says', async () => {
  const loaded = await load(COMMENTED)
  const { findings } = loaded
  const text = reportText([{ ...loaded, ok: false, running: 0 }], false)

  assert.deepEqual(
    findings.map(({ level, code, line }) => `${level} ${code}:${line}`),
    [
      'error SLASH_COMMENT:1',
      'error INLINE_COMMENT:2',
      'error INLINE_COMMENT:3',
      'warning INLINE_COMMENT:5',
      'error INLINE_COMMENT:6',
      'error INLINE_COMMENT:7',
      'error INLINE_COMMENT:8',
      'warning INLINE_COMMENT:11',
      'error INLINE_COMMENT:12',
      'error INLINE_COMMENT:13',
      'error INLINE_COMMENT:14',
      'warning INLINE_COMMENT:15'
    ]
  )
  assert.doesNotMatch(text, /the channel|of r1|comment\b(?! on)|where|für|member/)
  assert.match(text, /none of 3 components runs; dropped: r1, c1, k1/)
})
