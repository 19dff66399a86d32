import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  defineChannel,
  defineInterceptor,
  defineSink,
  defineSource,
  type AnyDefinition,
  type Catalog
} from '../core/component.ts'
import { integer, text } from '../core/schema.ts'
import { SMALL_AGENT } from '../testing/small-agent.ts'
import { knownType, namesType } from './known-types.ts'
import { loadConfiguration, loadConfigurations } from './load.ts'

const unused = (): never => {
  throw new Error('Nothing is created here.')
}
const common = { stability: 'stable', summary: 'For tests.', create: unused } as const
const DEFINITIONS: readonly AnyDefinition[] = [
  defineSource({
    ...common,
    type: 'seq',
    settings: { batch: integer('batchSize', { doc: 'b', default: 1, min: 1 }) },
    batchSize: ({ batch }) => batch
  }),
  defineSource({ ...common, type: 'netcat', settings: { port: integer('port', { doc: 'p' }) } }),
  defineChannel({
    ...common,
    type: 'memory',
    classes: ['org.apache.flume.channel.MemoryChannel'],
    settings: { most: integer('transactionCapacity', { doc: 't', default: 100 }) },
    transactionCapacity: ({ most }) => most
  }),
  defineSink({ ...common, type: 'null', settings: { path: text('hdfs.path', { doc: 'p', default: '' }) } }),
  defineInterceptor({
    ...common,
    type: 'static',
    settings: { key: text('key', { doc: 'k', default: 'key' }) }
  }),
  {
    ...common,
    kind: 'selector',
    type: 'replicating',
    classes: [],
    settings: { optional: text('optional', { doc: 'o', default: '' }) }
  },
  { ...common, kind: 'processor', type: 'default', classes: [], settings: {} }
]
const catalog: Catalog = {
  resolve: (kind, type) => {
    const definition = DEFINITIONS.find(other => other.kind === kind && namesType(other, type))
    if (definition !== undefined) return Promise.resolve({ status: 'found', definition })
    const known = knownType(kind, type)
    return Promise.resolve(
      known === undefined
        ? { status: 'third-party', type, instead: undefined }
        : { status: 'not-in-this-version', type }
    )
  }
}

async function load(textOfFile: string, options: { agent?: string } = {}) {
  const loaded = await loadConfiguration([{ file: 'x.conf', text: textOfFile }], {
    catalog,
    variables: { P: '7' },
    properties: {},
    ...options
  })
  const codes = loaded.findings
    .filter(({ level }) => level !== 'info')
    .map(({ code, line }) => `${code}:${line}`)
  const statuses = Object.fromEntries(loaded.components.map(({ name, status }) => [name, status]))
  return { ...loaded, codes, statuses }
}

test('a good file gives a plan and nothing to say', async () => {
  const { plan, findings, agents } = await load(
    `${SMALL_AGENT}a1.sources.r1.interceptors = i1\na1.sources.r1.interceptors.i1.type = static\na1.sources.r1.interceptors.i1.key = x\n`
  )

  assert.deepEqual(findings, [])
  assert.deepEqual(agents, ['a1'])
  assert.deepEqual(plan, {
    agent: 'a1',
    channels: [{ kind: 'channel', name: 'c1', type: 'memory', properties: {} }],
    sources: [
      {
        kind: 'source',
        name: 'r1',
        type: 'seq',
        properties: {},
        channels: ['c1'],
        selector: { kind: 'selector', name: 'selector', type: 'replicating', properties: {} },
        interceptors: [{ kind: 'interceptor', name: 'i1', type: 'static', properties: { key: 'x' } }]
      }
    ],
    sinks: [{ kind: 'sink', name: 'k1', type: 'null', properties: {}, channel: 'c1' }],
    groups: []
  })
})

for (const { name, line, codes, dropped } of [
  {
    name: 'a bad number drops the source',
    line: 'a1.sources.r1.batchSize = x',
    codes: ['BAD_NUMBER:9'],
    dropped: ['r1']
  },
  {
    name: 'a batch above the transaction capacity drops the source',
    line: 'a1.sources.r1.batchSize = 101',
    codes: ['BATCH_GT_TXN:9'],
    dropped: ['r1']
  },
  {
    name: 'an unknown property is a warning',
    line: 'a1.sources.r1.batchsize = 1',
    codes: ['PROP_CASE:9'],
    dropped: []
  },
  {
    name: 'a missing prefix is named',
    line: 'a1.sinks.k1.path = /x',
    codes: ['MISSING_PREFIX:9'],
    dropped: []
  },
  {
    name: 'an empty value is ignored',
    line: 'a1.sources.r1.batchSize =',
    codes: ['EMPTY_VALUE:9'],
    dropped: []
  },
  {
    name: 'a singular kind is ignored',
    line: 'a1.source.r1.x = 1',
    codes: ['INVALID_PROPERTY:9'],
    dropped: []
  },
  { name: 'a key without dot is ignored', line: 'oops = 1', codes: ['KEY_WITHOUT_AGENT:9'], dropped: [] },
  {
    name: 'a variable may have a key without dot',
    line: 'N = 3\na1.sources.r1.batchSize = ${N}',
    codes: [],
    dropped: []
  },
  {
    name: 'a listed name without definition is dropped',
    line: 'a1.sinks = k1 k2',
    codes: ['DUP_KEY_DIFF:9', 'LISTED_NOT_DEFINED:9'],
    dropped: ['k2']
  },
  {
    name: 'an unlisted component is a warning',
    line: 'a1.sinks.k9.type = null',
    codes: ['DEFINED_NOT_LISTED:9'],
    dropped: []
  },
  {
    name: 'an unknown channel is left out',
    line: 'a1.sources.r1.channels = c1 c9',
    codes: ['DUP_KEY_DIFF:9', 'UNDECLARED_CHANNEL:9'],
    dropped: []
  },
  {
    name: 'a sink with two channels is dropped',
    line: 'a1.sinks.k1.channel = c1 c2',
    codes: ['DUP_KEY_DIFF:9', 'SINK_CHANNELS:9'],
    dropped: ['k1']
  },
  {
    name: 'a selector naming a strange channel drops the source',
    line: 'a1.sources.r1.selector.optional = c9',
    codes: ['SELECTOR_UNKNOWN_CHANNEL:9'],
    dropped: ['r1']
  },
  {
    name: 'a group without sinks does not stop the agent',
    line: 'a1.sinkgroups = g\na1.sinkgroups.g.processor.type = default',
    codes: ['GROUP_DROPPED:10'],
    dropped: []
  },
  {
    name: 'sink groups may be separated by a tab',
    line: 'a1.sinkgroups = g\th\na1.sinkgroups.g.sinks = k1\na1.sinkgroups.h.sinks = k1',
    codes: ['GROUP_SHARED_SINK:11'],
    dropped: []
  },
  {
    name: 'properties of a misspelt agent are named',
    line: 'al.sources.r1.x = 1',
    codes: ['ORPHAN_AGENT_PREFIX:9'],
    dropped: []
  }
]) {
  test(name, async () => {
    const result = await load(`${SMALL_AGENT}${line}\n`)

    assert.deepEqual(result.codes, codes)
    assert.deepEqual(
      Object.entries(result.statuses)
        .filter(([, status]) => status === 'dropped')
        .map(([part]) => part),
      dropped
    )
  })
}

test('Flume’s sentences are in the messages', async () => {
  const { findings } = await load(
    `a1.sources = r1 r2\na1.channels = c1\na1.sinks = k1\na1.sources.r1.x = 1\na1.channels.c1.type = memory\na1.sinks.k1.type = null\n`
  )
  const messages = findings
    .flatMap(({ message, consequences = [] }) => [message, ...consequences.map(other => other.message)])
    .join('\n')

  for (const sentence of [
    'Could not configure source  r1 due to: Component has no type. Cannot configure. r1',
    'Configuration empty for: r2.Removed.',
    'Could not configure sink  k1 due to: No channel configured for sink: k1',
    'No channels set for r1',
    'Channel c1 has no components connected and has been removed.',
    "Agent configuration invalid for agent 'a1'. It will be removed."
  ])
    assert.ok(messages.includes(sentence), `${sentence}\n--\n${messages}`)
})

test('a Java class as source stops everything, as interceptor only its source', async () => {
  const source = await load(SMALL_AGENT.replace('r1.type = seq', 'r1.type = com.example.MySource'))
  const interceptor = await load(
    `${SMALL_AGENT}a1.sources.r1.interceptors = i\na1.sources.r1.interceptors.i.type = com.example.I$Builder\n`
  )

  assert.deepEqual([source.plan, source.statuses], [undefined, { r1: 'third-party', c1: 'ok', k1: 'ok' }])
  assert.match(
    source.findings.find(({ code }) => code === 'CUSTOM_CLASS')?.message ?? '',
    /Unable to load source type: com\.example\.MySource.*r1 cannot run/
  )
  assert.deepEqual(interceptor.plan?.sources, [])
  assert.equal(interceptor.statuses['r1'], 'third-party')
})

test('what this version does not have leaves the plan with all that hangs on it', async () => {
  const { plan, statuses, findings } = await load(
    SMALL_AGENT.replace('c1.type = memory', 'c1.type = pseudotxnmemory')
  )

  assert.deepEqual(plan, { agent: 'a1', channels: [], sources: [], sinks: [], groups: [] })
  assert.deepEqual(statuses, { r1: 'ok', c1: 'not-in-this-version', k1: 'ok' })
  assert.deepEqual(
    findings
      .filter(({ code }) => code === 'NOT_IN_THIS_VERSION')
      .map(({ key, consequences = [] }) => [key, ...consequences.map(other => other.key)]),
    [['a1.channels.c1.type', 'a1.sources.r1', 'a1.sinks.k1']]
  )
})

test('a typing mistake in a type is answered with the nearest', async () => {
  const { findings } = await load(SMALL_AGENT.replace('c1.type = memory', 'c1.type = kafk'))

  assert.equal(findings.find(({ code }) => code === 'CUSTOM_CLASS')?.hint, 'Did you mean kafka?')
})

test('the only agent needs no name; several do, and others are not judged', async () => {
  const two = `${SMALL_AGENT}a2.sources = x\na2.sinkgroups = g\na2.sinkgroups.g.processor.type = failover\n`

  assert.equal((await load(SMALL_AGENT)).agent, 'a1')
  assert.deepEqual([(await load(two)).plan, (await load(two)).codes], [undefined, ['NO_AGENT:1']])
  assert.deepEqual((await load(two, { agent: 'a1' })).codes, [])
})

test('all agents of the files are checked at once as one after the other', async () => {
  const bad = SMALL_AGENT.replaceAll('a1.', 'a2.').replace('type = seq', 'type = seq # x')
  const sources = [{ file: 'x.conf', text: `${SMALL_AGENT}${bad}a3.x = "1"\r\nN = \${env:P}\n` }]
  const options = { catalog, variables: { P: '7' }, properties: {} }
  const all = await loadConfigurations(sources, options)
  const each = await Promise.all(['a1', 'a2'].map(agent => loadConfiguration(sources, { ...options, agent })))

  assert.deepEqual(all, each)
  assert.deepEqual(
    all.map(({ agent, findings }) => [agent, findings.some(({ level }) => level === 'error')]),
    [
      ['a1', false],
      ['a2', true]
    ]
  )
})

test('an agent that does not exist comes up empty and is said so', async () => {
  const { plan, findings } = await load(SMALL_AGENT, { agent: 'A1' })

  assert.deepEqual(plan, { agent: 'A1', channels: [], sources: [], sinks: [], groups: [] })
  assert.deepEqual(
    findings.map(({ message, hint }) => [message, hint]),
    [['No configuration found for this host:A1', 'Did you mean -n a1?']]
  )
})

test('a file without any property is an error', async () => {
  const { plan, codes } = await load('# nothing\n')

  assert.deepEqual([plan, codes], [undefined, ['NO_CONFIGURATION:1']])
})

test('later files override earlier ones, and findings point into the right file', async () => {
  const sources = [
    { file: 'one', text: SMALL_AGENT },
    { file: 'two', text: '\na1.sources.r1.batchSize = ${env:P}x\n' }
  ]
  const { findings } = await loadConfiguration(sources, { catalog, variables: { P: '7' }, properties: {} })
  const bad = findings.find(({ code }) => code === 'BAD_NUMBER')

  assert.deepEqual([bad?.file, bad?.line, bad?.key], ['two', 2, 'a1.sources.r1.batchSize'])
})

test('values of secrets do not appear in findings about the text', async () => {
  const { findings } = await load(
    `${SMALL_AGENT}a1.sources.r1.password = "hunter2" # note\na1.sources.r1.token = hunter2\n`
  )

  assert.ok(findings.length > 1)
  assert.ok(!JSON.stringify(findings).includes('hunter2'))
})

test('a file of 100,000 keys is read in linear time', async () => {
  const many = (count: number): string =>
    `${SMALL_AGENT}${Array.from({ length: count }, (_, i) => `a1.sinks.s${i}.type = null`).join('\n')}\n`
  const timed = async (count: number): Promise<number> => {
    const start = process.cpuUsage()
    await load(many(count))
    return process.cpuUsage(start).user
  }
  await timed(2000)
  const [small, large] = [await timed(10_000), await timed(100_000)]

  assert.ok(large < small * 60 + 1_000_000, `${small} µs for 10,000 keys, ${large} µs for 100,000`)
})

test('no text makes reading fail or hang', async () => {
  const piece = fc.constantFrom(
    'a1',
    '.',
    'sources',
    'channels',
    'sinks',
    'sinkgroups',
    'configfilters',
    ' ',
    '=',
    '\n',
    '\\',
    '{',
    '}',
    '(',
    ')',
    '${',
    '}',
    'env:',
    ':-',
    '$',
    '#',
    ',',
    'r1',
    'c1',
    'type',
    'seq',
    'memory',
    'file',
    'interceptors',
    'selector.',
    '\\u00',
    '\u{1f600}',
    '__proto__',
    'constructor'
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 80 }), async pieces => {
      const { findings } = await load(SMALL_AGENT + pieces.join(''))

      assert.ok(findings.every(({ line, message }) => line >= 1 && message !== ''))
    }),
    { numRuns: 300 }
  )
})
