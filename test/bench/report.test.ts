import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from '../../bench/baseline.ts'
import { readOptions } from '../../bench/options.ts'
import { isReached } from '../../bench/question.ts'
import { formatMarkdown, formatTable } from '../../bench/report.ts'
import { median, percentile, withSpread } from '../../bench/statistics.ts'

test('a ratio below 0.85 of the baseline is slower, one that the baseline lacks is not judged', () => {
  const found = compare(
    { 'file/socat': 0.84, 'hdfs/file': 0.86, 'null/file': 0.1 },
    { 'file/socat': 1, 'hdfs/file': 1 }
  )

  assert.deepEqual(
    found.map(({ name, isSlower }) => [name, isSlower]),
    [
      ['file/socat', true],
      ['hdfs/file', false]
    ]
  )
})

test('a bar is reached at its very limit, from its own side', () => {
  const bar = { what: 'speed', limit: 3, unit: '×' }

  assert.deepEqual(
    [
      [3, 'at least'],
      [2.9, 'at least'],
      [3, 'at most'],
      [3.1, 'at most']
    ].map(([value, sense]) =>
      isReached({ ...bar, value: Number(value), sense: sense === 'at least' ? 'at least' : 'at most' })
    ),
    [true, false, true, false]
  )
})

test('medians and percentiles stand between neighbours where there is no middle value', () => {
  assert.deepEqual(
    [median([3, 1, 2]), median([4, 1]), percentile([1, 2, 3, 4, 5], 0.9), median([])],
    [2, 2.5, 4.6, NaN]
  )
  assert.equal(withSpread([1, 3, 2], 1), '2.0 (1.0–3.0)')
})

test('tables are set in columns, numbers to the right', () => {
  assert.equal(
    formatTable([
      ['', 'ms'],
      ['start', '98'],
      ['end', '7']
    ]),
    '       ms\nstart  98\nend     7'
  )
})

test('results become Markdown with bars first', () => {
  const bar = { what: 'idle: CPU', value: 0.5, limit: 0.3, sense: 'at most', unit: '% of a core' } as const
  const answer = {
    title: 'Idle',
    table: [
      ['', '%'],
      ['CPU', '0.5']
    ],
    bars: [bar],
    ratios: {},
    problems: []
  }

  assert.equal(
    formatMarkdown(['a machine'], [answer]),
    [
      '## Results',
      '',
      '- a machine',
      '',
      '|  | bar | measured | wanted |',
      '|---|---|---|---|',
      '| **missed** | idle: CPU | 0.5 | at most 0.3 % of a core |',
      '',
      '**Idle**',
      '',
      '|  | % |',
      '|---|---|',
      '| CPU | 0.5 |',
      ''
    ].join('\n')
  )
})

test('options have their defaults, and a number that is none is refused', () => {
  const options = readOptions(['file', '--peers', 'socat,rsyslog', '--pairs', '3'])

  assert.deepEqual(options, {
    names: ['file'],
    peers: ['socat', 'rsyslog'],
    pairs: 3,
    lines: 3_000_000,
    idleSeconds: 60,
    against: undefined,
    json: undefined,
    markdown: undefined,
    isBaselineWritten: false,
    isHelp: false
  })
  assert.throws(() => readOptions(['--pairs', 'few']), {
    message: '--pairs is "few"; write a whole number from 1.'
  })
})
