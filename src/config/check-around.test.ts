import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defineChannel,
  defineInner,
  defineInterceptor,
  defineProcessor,
  defineSelector,
  defineSink,
  defineSource,
  type AnyDefinition,
  type Catalog,
  type Problem
} from '../core/component.ts'
import { inner } from '../core/inner.ts'
import { records } from '../core/records.ts'
import { list, prefixed, text } from '../core/schema.ts'
import { unknownChannels } from '../core/unknown-channels.ts'
import { SMALL_AGENT } from '../testing/small-agent.ts'
import { knownType, namesType } from './known-types.ts'
import { loadConfiguration } from './load.ts'

const unused = (): never => {
  throw new Error('Nothing is created here.')
}
const common = { stability: 'stable', summary: 'For tests.', create: unused } as const

function warning(key: string, message: string): Problem {
  return { level: 'warning', code: 'TRAP', key, message, hint: 'Do not.' }
}

const DEFINITIONS: readonly AnyDefinition[] = [
  defineSource({
    ...common,
    type: 'seq',
    settings: {
      fileGroups: list('filegroups', { doc: 'Names.', default: [] }),
      groups: records({
        name: 'GROUP',
        namedBy: ['filegroups'],
        each: {
          path: text('filegroups.GROUP', { doc: 'Folder and pattern.' }),
          headers: prefixed('headers.GROUP.', { doc: 'Headers.' })
        }
      })
    }
  }),
  defineChannel({ ...common, type: 'memory', settings: {} }),
  defineInterceptor({ ...common, type: 'static', settings: { key: text('key', { doc: 'k' }) } }),
  defineSelector({
    ...common,
    type: 'replicating',
    settings: { optional: list('optional', { doc: 'o', default: [] }) },
    check: ({ optional }, around) => unknownChannels('optional', optional, around)
  }),
  defineProcessor({
    ...common,
    type: 'pair',
    settings: {},
    check: (_settings, { sinks }) =>
      sinks.map(({ name, channel }) => warning('type', `${name} drains ${channel}.`))
  }),
  defineInner('serializer', {
    ...common,
    type: 'lines',
    settings: { end: text('end', { doc: 'e', default: '' }) },
    check: async ({ end }, { prefix, properties }) =>
      end === 'x' ? [warning('end', `${prefix}end of ${JSON.stringify(properties)}`)] : []
  }),
  // Its header must come from an interceptor of a source that fills its channel.
  defineSink({
    ...common,
    type: 'null',
    settings: {
      header: text('header', { doc: 'h', default: '' }),
      serializer: inner('serializer', 'serializer', { doc: 's', default: 'lines' })
    },
    check: async ({ header }, { name, agent, environment }) => {
      const own = agent.sinks.find(sink => sink.name === name)
      const feeding = agent.sources.filter(({ channels }) => channels.includes(own?.channel ?? ''))
      const set = feeding.flatMap(({ interceptors }) =>
        interceptors.map(({ properties }) => properties['key'])
      )
      if (header === '' || set.includes(header)) return []
      return [warning('header', `${header} is not set; site files are in ${environment.configDirectory}.`)]
    }
  })
]

const catalog: Catalog = {
  resolve: async (kind, type) => {
    const definition = DEFINITIONS.find(other => other.kind === kind && namesType(other, type))
    if (definition !== undefined) return { status: 'found', definition }
    return knownType(kind, type) === undefined
      ? { status: 'third-party', type, instead: undefined }
      : { status: 'not-in-this-version', type }
  }
}

/** What is said, each as `line CODE key: message | hint`, and what is left. */
async function load(...lines: string[]) {
  const { findings, plan, components } = await loadConfiguration(
    [{ file: 'x.conf', text: `${SMALL_AGENT}${lines.join('\n')}\n` }],
    { catalog, variables: {}, properties: {}, configDirectory: '/etc/site' }
  )
  const said = findings
    .filter(({ level, code }) => level !== 'info' && code !== 'CHANNEL_NO_SINK')
    .map(({ line, code, key, message, hint }) => `${line} ${code} ${key}: ${message} | ${hint}`)
  return {
    said,
    plan,
    dropped: components.filter(({ status }) => status === 'dropped').map(({ name }) => name)
  }
}

test('a selector’s check sees the channels of its source', async () => {
  const { said, dropped } = await load('a1.sources.r1.selector.optional = c1 c9')

  assert.deepEqual(said, [
    '9 SELECTOR_UNKNOWN_CHANNEL a1.sources.r1.selector.optional: Selector channel not found: c9; source r1 is dropped. | Did you mean c1?'
  ])
  assert.deepEqual(dropped, ['r1'])
})

test('a selector of another version is held against them, too, by what it routes', async () => {
  const { said } = await load(
    'a1.sources.r1.selector.type = multiplexing',
    'a1.sources.r1.selector.default = c1',
    'a1.sources.r1.selector.mapping.a.b = c1 other'
  )

  assert.deepEqual(
    said.filter(line => line.includes('UNKNOWN')),
    [
      '11 SELECTOR_UNKNOWN_CHANNEL a1.sources.r1.selector.mapping.a.b: Selector channel not found: other; source r1 is dropped. | Name one of the source’s channels: c1.'
    ]
  )
})

test('a sink’s check sees the agent as it is written, and the folder of site files', async () => {
  const interceptor = ['a1.sources.r1.interceptors = i1', 'a1.sources.r1.interceptors.i1.type = STATIC']

  const without = await load('a1.sinks.k1.header = host')
  const withIt = await load(
    ...interceptor,
    'a1.sources.r1.interceptors.i1.key = host',
    'a1.sinks.k1.header = host'
  )

  assert.deepEqual(without.said, [
    '9 TRAP a1.sinks.k1.header: host is not set; site files are in /etc/site. | Do not.'
  ])
  assert.deepEqual(withIt.said, [])
})

test('a processor’s check sees the members of its group and their channels', async () => {
  const { said } = await load(
    'a1.sinkgroups = g',
    'a1.sinkgroups.g.sinks = k1 k9',
    'a1.sinkgroups.g.processor.type = pair'
  )

  assert.deepEqual(
    said.filter(line => line.includes('TRAP')),
    ['11 TRAP a1.sinkgroups.g.processor.type: k1 drains c1. | Do not.']
  )
})

test('the check of an inner component gets its own keys, and where they stand', async () => {
  const { said } = await load('a1.sinks.k1.serializer = LINES', 'a1.sinks.k1.serializer.end = x')

  assert.deepEqual(said, [
    '10 TRAP a1.sinks.k1.serializer.end: a1.sinks.k1.serializer.end of {"end":"x"} | Do not.'
  ])
})

test('settings that cannot be used are told without asking the check', async () => {
  const { said } = await load('a1.sinks.k1.header = host', 'a1.sinks.k1.serializer = com.example.Own')

  assert.deepEqual(
    said.map(line => line.split(':')[0]),
    ['10 CUSTOM_SERIALIZER a1.sinks.k1.serializer']
  )
})

test('each problem of a record is told where it stands, with the key that was meant', async () => {
  const { said, plan } = await load(
    'a1.sources.r1.filegroups = access errors',
    'a1.sources.r1.filegroups.access = /logs/a',
    'a1.sources.r1.filegroups.errors = /logs/e',
    'a1.sources.r1.headers.acess.team = ops',
    'a1.sources.r1.Headers.errors.team = ops',
    'a1.sources.r1.filegroup.errors = /logs/e'
  )

  assert.deepEqual(said, [
    '12 DEFINED_NOT_LISTED a1.sources.r1.headers.acess.team: headers.acess.team is for acess, which filegroups does not name; it is ignored. | Did you mean headers.access.team?',
    '13 PROP_CASE a1.sources.r1.Headers.errors.team: Headers.errors.team is not a property of this component and is ignored. | Did you mean headers.errors.team?',
    '14 UNK_PROP a1.sources.r1.filegroup.errors: filegroup.errors is not a property of this component and is ignored. | Did you mean filegroups.errors?'
  ])
  assert.deepEqual(plan?.sources[0]?.properties['filegroups.access'], '/logs/a')
})

test('a record that lacks what it needs drops its component; the finding stands at the type', async () => {
  const { said, dropped } = await load('a1.sources.r1.filegroups = access')

  assert.match(
    said.join('\n'),
    /^4 MISSING_REQUIRED a1\.sources\.r1\.filegroups\.access: .* \| Add a1\.sources\.r1\.filegroups\.access = VALUE\./
  )
  assert.deepEqual(dropped, ['r1'])
})
