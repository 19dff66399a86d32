import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentPlan } from '../core/plan.ts'
import { summaryText, type PartState } from './summary.ts'

const part = { type: 'x', properties: {} }
const selector = { ...part, kind: 'selector', name: 'selector' } as const
const plan: AgentPlan = {
  agent: 'a1',
  channels: [{ ...part, kind: 'channel', name: 'c1' }],
  sources: [{ ...part, kind: 'source', name: 'r1', channels: ['c1'], selector, interceptors: [] }],
  sinks: [
    { ...part, kind: 'sink', name: 'k1', channel: 'c1' },
    { ...part, kind: 'sink', name: 'k2', channel: 'c1' }
  ],
  groups: [
    {
      name: 'g',
      processor: { ...part, kind: 'processor', name: 'processor', type: 'failover' },
      sinks: ['k1', 'k2']
    }
  ]
}
const good = { state: 'running', error: undefined, description: undefined }
const components: PartState[] = [
  { ...good, kind: 'channel', name: 'c1', type: 'memory' },
  { ...good, kind: 'source', name: 'r1', type: 'netcat', state: 'failing', error: 'The port is taken.' },
  { ...good, kind: 'sink', name: 'k1', type: 'logger', description: 'the log' },
  { ...good, kind: 'sink', name: 'k2', type: 'null' }
]
const values = { ChannelSize: 3, ChannelCapacity: 100 }

test('it says what runs, how full channels are, which sinks are a group, what does not run yet, and where counters are', () => {
  const counters = [{ type: 'CHANNEL', name: 'c1', startTime: 1, stopTime: 0, values }] as const

  const text = summaryText({
    plan,
    files: ['x.conf', 'y.conf'],
    components,
    counters,
    metrics: 'http://localhost:1/metrics'
  })

  assert.deepEqual(text.split('\n'), [
    'Agent a1 of x.conf, y.conf runs. Ctrl-C stops it.',
    '',
    '  r1 netcat [failing] ──▶ c1 memory 3/100 ─┬▶ k1 logger the log (failover g)',
    '                                           └▶ k2 null (failover g)',
    '',
    'The source r1 does not run yet and is tried again: The port is taken.',
    'Counters: http://localhost:1/metrics'
  ])
})

test('a channel without limit shows no fill', () => {
  const counters = [
    {
      type: 'CHANNEL',
      name: 'c1',
      startTime: 1,
      stopTime: 0,
      values: { ...values, ChannelCapacity: Infinity }
    }
  ] as const

  assert.match(summaryText({ plan, files: [], components, counters, metrics: undefined }), /c1 memory ─┬▶/)
})

test('control characters of names, files and errors reach no terminal', () => {
  const named = plan.sources.map(source => ({ ...source, name: 'r\x1b[31m' }))
  const text = summaryText({
    plan: { ...plan, agent: 'a\x9b', sources: named },
    files: ['\x1b]0;x\x07.conf'],
    components: [
      { ...good, kind: 'source', name: 'r\x1b[31m', type: 'netcat', state: 'failing', error: 'No\x1b[2J.' }
    ],
    counters: [],
    metrics: undefined
  })

  assert.doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
  assert.match(text, /r\\x1b\[31m netcat \[failing\] ─/)
})
