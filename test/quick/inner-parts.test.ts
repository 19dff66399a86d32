// Whole agents, from a configuration to events, of components that only tests have: they stand for those that users will meet.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/app/clock.ts'
import { loadDefinitions } from '../../src/app/definitions.ts'
import { registry } from '../../src/app/registry.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import {
  defineInner,
  defineInterceptor,
  defineProcessor,
  defineSink,
  type AnyDefinition,
  type Catalog
} from '../../src/core/component.ts'
import { inner } from '../../src/core/inner.ts'
import { records } from '../../src/core/records.ts'
import { list, text } from '../../src/core/schema.ts'
import { Agent } from '../../src/engine/agent.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'

const described = { stability: 'stable', summary: 'For tests.' } as const

/** Runs an agent of these lines until its sinks have so many events together, and tells what came of it. */
async function run(lines: string, events: number, definitions: readonly AnyDefinition[] = []) {
  const delivered = new Map<string, string[]>()
  const all = Promise.withResolvers<void>()
  const keep = defineSink({
    ...described,
    type: 'keep',
    settings: { header: text('header', { doc: 'Shown before each body.', default: '' }) },
    create: ({ header }, { name }) => ({
      start: async () => {},
      stop: async () => {},
      deliver: async batch => {
        const shown = [...batch].map(event => (event.header(header) ?? '') + event.text)
        delivered.set(name, [...(delivered.get(name) ?? []), ...shown])
        if ([...delivered.values()].flat().length >= events) all.resolve()
      }
    })
  })
  const catalog: Catalog = {
    resolve: async (kind, type) => {
      const own = [keep, ...definitions].find(one => one.kind === kind && one.type === type)
      return own === undefined ? registry.resolve(kind, type) : { status: 'found', definition: own }
    }
  }
  const options = { catalog, variables: {}, properties: {} }
  const { plan, findings } = await loadConfiguration([{ file: 'x.conf', text: lines }], options)
  assert.ok(plan)
  const agent = new Agent(plan, {
    ...(await loadDefinitions(plan, catalog)),
    log: () => new FakeLog(),
    load: () => Promise.reject(new Error('Nothing is installed.')),
    clock: systemClock,
    environment: { variables: {}, properties: {}, configDirectory: undefined },
    memoryBytes: 10_000_000
  })
  await agent.start()
  await all.promise
  await agent.stop()
  return {
    delivered,
    differences: agent.balance().differences,
    findings: findings.filter(({ level }) => level !== 'info')
  }
}

const first = defineProcessor({
  ...described,
  type: 'first',
  settings: {},
  create: (_settings, { sinks }) => ({
    deliver: async (batch, signal) => {
      await sinks[0]?.deliver(batch, signal)
    }
  })
})

test('the standby of a group has its channel drained, too, and the balance holds', async () => {
  const { delivered, differences, findings } = await run(
    `a.sources = r
a.channels = c1 c2
a.sinks = k1 k2
a.sinkgroups = g
a.sources.r.type = seq
a.sources.r.totalEvents = 3
a.sources.r.channels = c1 c2
a.channels.c1.type = memory
a.channels.c2.type = memory
a.sinks.k1.type = keep
a.sinks.k1.channel = c1
a.sinks.k2.type = keep
a.sinks.k2.channel = c2
a.sinkgroups.g.sinks = k1 k2
a.sinkgroups.g.processor.type = first
`,
    6,
    [first]
  )

  assert.deepEqual(Object.fromEntries(delivered), { k1: ['0', '1', '2'], k2: ['0', '1', '2'] })
  assert.deepEqual(differences, [])
  assert.deepEqual(
    findings.map(({ code, line, message }) => [code, line, message]),
    [
      [
        'GROUP_CHANNELS',
        14,
        'The sinks of group g drain different channels: c1, c2. Each channel is drained by its own sinks of the group; none of them stands in for one of another channel.'
      ]
    ]
  )
})

const brackets = defineInner('headerserializer', {
  ...described,
  type: 'brackets',
  settings: { open: text('open', { doc: 'Before the text.', default: '[' }) },
  create: ({ open }) => ({ serialize: given => `${open}${given}]` })
})

/** Headers of the body: one for each name, by a component of its own. */
const marks = defineInterceptor({
  ...described,
  type: 'marks',
  settings: {
    names: list('serializers', { doc: 'Names.' }),
    serializers: records({
      name: 'NAME',
      namedBy: ['serializers'],
      each: {
        header: text('serializers.NAME.name', { doc: 'The header.' }),
        serializer: inner('headerserializer', 'serializers.NAME.type', {
          doc: 'What makes the value.',
          default: 'brackets',
          below: 'serializers.NAME.'
        })
      }
    })
  },
  create: ({ serializers }, context) => {
    const made = [...serializers.values()].map(({ header, serializer }) => ({
      header,
      serializer: serializer.create(context)
    }))
    let suffix = ''
    return {
      start: async () => {
        suffix = `of ${context.source}`
      },
      intercept: batch =>
        made.reduce(
          (shaped, { header, serializer }) => shaped.withHeader(header, serializer.serialize(suffix)),
          batch
        )
    }
  }
})

test('an interceptor of records with inner components is made and started before the first event', async () => {
  const { delivered, findings } = await run(
    `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = seq
a.sources.r.totalEvents = 2
a.sources.r.channels = c
a.sources.r.interceptors = i
a.sources.r.interceptors.i.type = marks
a.sources.r.interceptors.i.serializers = s1 s2
a.sources.r.interceptors.i.serializers.s1.name = one
a.sources.r.interceptors.i.serializers.s2.name = two
a.sources.r.interceptors.i.serializers.s2.open = <
a.channels.c.type = memory
a.sinks.k.type = keep
a.sinks.k.header = two
a.sinks.k.channel = c
`,
    2,
    [brackets, marks]
  )

  assert.deepEqual(findings, [])
  assert.deepEqual([...delivered], [['k', ['<of r]0', '<of r]1']]])
})
