import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBlocks } from './block-dialect.ts'
import { Findings } from './findings.ts'
import { mergeSources } from './merge.ts'

const ARTICLE = `agent.sources {
    source1.type = netcat
    source1.bind = localhost
    source1.port = 44444
}

agent.channels {
    channel1.type = memory
}

agent.sinks {
    sink1.type = hdfs
    sink1.hdfs.path = /user/flume/data
}

agent.sources(source1).channels(channel1)
agent.sinks(sink1).channels(channel1)
`

function merged(...texts: string[]) {
  const findings = new Findings()
  const properties = mergeSources(
    texts.map((text, index) => ({ file: `f${index}`, text })),
    findings
  )
  return {
    values: Object.fromEntries([...properties].map(([key, { value }]) => [key, value])),
    properties,
    findings: findings.sorted([])
  }
}

test('blocks and links become plain properties', () => {
  const { values, findings } = merged(ARTICLE)

  assert.deepEqual(values, {
    'agent.sources.source1.type': 'netcat',
    'agent.sources.source1.bind': 'localhost',
    'agent.sources.source1.port': '44444',
    'agent.channels.channel1.type': 'memory',
    'agent.sinks.sink1.type': 'hdfs',
    'agent.sinks.sink1.hdfs.path': '/user/flume/data',
    'agent.sources': 'source1',
    'agent.channels': 'channel1',
    'agent.sinks': 'sink1',
    'agent.sources.source1.channels': 'channel1',
    'agent.sinks.sink1.channel': 'channel1'
  })
  assert.deepEqual(findings, [])
})

test('every property keeps the line of the user', () => {
  const { properties } = merged(ARTICLE)

  assert.deepEqual(
    ['agent.sources.source1.port', 'agent.sinks', 'agent.sinks.sink1.channel'].map(
      key => properties.get(key)?.line
    ),
    [4, 12, 17]
  )
})

test('plain lines and blocks may be mixed, and lists are joined', () => {
  const { values } = merged('a.sources = r0\na.sources.r0.type = seq\na.sources {\n r1.type = seq\n}\n')

  assert.equal(values['a.sources'], 'r0 r1')
})

test('links to several channels add up for a source', () => {
  const text =
    'a.channels {\n c1.type = memory\n c2.type = memory\n}\na.sources {\n r1.type = seq\n}\na.sources(r1).channels(c1, c2)\n'

  assert.equal(merged(text).values['a.sources.r1.channels'], 'c1 c2')
})

test('comments, escapes and continuations work inside a block', () => {
  const { values } = merged('a.sinks {\n  # nothing\n  k1.path = C:\\\\data \\\n     more\n}\n')

  assert.equal(values['a.sinks.k1.path'], 'C:\\data more')
})

for (const { name, text, code, line } of [
  {
    name: 'a block that is never closed',
    text: '\na.sources {\n r1.type = seq\n',
    code: 'BLOCK_NOT_CLOSED',
    line: 2
  },
  {
    name: 'a block opened inside another',
    text: 'a.sources {\n r1.type = seq\na.sinks {\n}\n',
    code: 'BLOCK_NOT_CLOSED',
    line: 1
  },
  { name: 'a brace that closes nothing', text: 'a.x = 1\n}\n', code: 'BLOCK_SYNTAX', line: 2 },
  { name: 'a block of an unknown kind', text: 'a.source {\n', code: 'BLOCK_SYNTAX', line: 1 },
  {
    name: 'a block of nothing that is known',
    text: 'a.x {\n r.type = seq\n}\n',
    code: 'BLOCK_SYNTAX',
    line: 1
  },
  {
    name: 'a block of one component',
    text: 'a.sources.r {\n type = seq\n}\n',
    code: 'BLOCK_SYNTAX',
    line: 1
  },
  { name: 'an agent without a kind', text: 'a {\n r.type = seq\n}\n', code: 'BLOCK_SYNTAX', line: 1 },
  {
    name: 'a misspelt kind',
    text: 'a.source {\n r.type = seq\n}\na.channels {\n c.type = memory\n}\na.sources(r).channels(c)\n',
    code: 'BLOCK_SYNTAX',
    line: 1
  },
  {
    name: 'a block inside a block',
    text: 'a.sources {\n r {\n type = seq\n }\n r.type = seq\n}\n',
    code: 'BLOCK_SYNTAX',
    line: 2
  },
  { name: 'a block on one line', text: 'a.sources { r.type = seq }\n', code: 'BLOCK_SYNTAX', line: 1 },
  {
    name: 'a link without its last bracket',
    text: 'a.sources(r).channels(c\n',
    code: 'BLOCK_SYNTAX',
    line: 1
  },
  { name: 'a link of an unknown kind', text: 'a.sink(k).channel(c)\n', code: 'BLOCK_SYNTAX', line: 1 },
  {
    name: 'a link of an unknown sink',
    text: 'a.channels {\n c.type = memory\n}\na.sinks(k).channels(c)\n',
    code: 'BLOCK_UNKNOWN_NAME',
    line: 4
  },
  {
    name: 'a line without a component name',
    text: 'a.sources {\n type = seq\n}\n',
    code: 'BLOCK_SYNTAX',
    line: 2
  },
  {
    name: 'a link to an unknown channel',
    text: 'a.sinks {\n k.type = null\n}\na.sinks(k).channels(c9)\n',
    code: 'BLOCK_UNKNOWN_NAME',
    line: 4
  },
  {
    name: 'a sink with two channels',
    line: 8,
    code: 'SINK_CHANNELS',
    text: 'a.channels {\n c.type = memory\n d.type = memory\n}\na.sinks {\n k.type = null\n}\na.sinks(k).channels(c, d)\n'
  },
  { name: 'a malformed unicode escape', text: 'a.b = \\u12\n', code: 'BAD_ESCAPE', line: 1 }
]) {
  test(`${name} is one error at its line`, () => {
    const { findings } = merged(text)

    assert.deepEqual(
      findings.map(finding => [finding.code, finding.line, finding.level]),
      [[code, line, 'error']]
    )
    assert.notEqual(findings[0]?.hint, '')
  })
}

test('a link of a misspelt agent names the agent', () => {
  const text = 'agent.sinks {\n k.type = null\n}\nagnt.sinks(k).channels(c)\n'

  assert.equal(
    merged(text).findings.find(({ key }) => key === 'agnt.sinks.k')?.hint,
    'Did you mean agent.sinks.k?'
  )
})

test('a brace may stand on the next line, and comments behind braces', () => {
  const { values, findings } = merged(
    'a.sources # mine\n',
    'a.sources\n{\n r.type = seq\n} # end\na.sinks { # out\n k.type = null\n};\n'
  )

  assert.deepEqual([values['a.sources.r.type'], values['a.sinks.k.type'], findings], ['seq', 'null', []])
})

test('what was meant is read on, so that one slip is one error', () => {
  const { values } = merged(
    'a.source {\n r.type = seq\n}\na.x {\n r.type = lost\n}\na.sink {\n k.type = null\n}\n'
  )

  assert.deepEqual(values, {
    'a.sources.r.type': 'seq',
    'a.sinks.k.type': 'null',
    'a.sources': 'r',
    'a.sinks': 'k'
  })
})

test('a plain file with a brace in a value is left alone', () => {
  const { entries, errors } = readBlocks('a.sources.r1.command = awk { print }\na.b = {\n')

  assert.deepEqual(
    entries.map(({ key, value }) => [key, value]),
    [
      ['a.sources.r1.command', 'awk { print }'],
      ['a.b', '{']
    ]
  )
  assert.deepEqual(errors, [])
})

test('later files override earlier ones key by key', () => {
  assert.deepEqual(merged('a.x = 1\na.y = 1\n', 'a.x = 2\n').values, { 'a.x': '2', 'a.y': '1' })
})
