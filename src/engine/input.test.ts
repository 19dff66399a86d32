import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineChannel, defineSelector, defineSource, type AnyDefinition } from '../core/component.ts'
import type { SourceContext } from '../core/contracts/source.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { FakeChannel, FakeSource } from '../testing/fake-parts.ts'
import { Agent } from './agent.ts'

const described = { stability: 'stable', summary: 'For tests.', settings: {} } as const
const MIB = 1024 * 1024

function contextsOf(agent: string, memoryBytes: number): SourceContext[] {
  const contexts: SourceContext[] = []
  const definitions: AnyDefinition[] = [
    defineSource({ ...described, type: 's', create: (_, given) => (contexts.push(given), new FakeSource()) }),
    defineChannel({ ...described, type: 'c', create: () => new FakeChannel() }),
    defineSelector({ ...described, type: 'all', create: () => ({ route: () => [] }) })
  ]
  const source = (name: string) => ({
    kind: 'source' as const,
    name,
    type: 's',
    properties: {},
    channels: ['c1'],
    interceptors: [],
    selector: { kind: 'selector' as const, name, type: 'all', properties: {} }
  })
  const channels = [{ kind: 'channel' as const, name: 'c1', type: 'c', properties: {} }]
  new Agent(
    { agent, groups: [], sinks: [], channels, sources: [source('s1'), source('s2')] },
    {
      log: () => new FakeLog(),
      clock: new FakeClock(),
      memoryBytes,
      resolved: () => undefined,
      load: () => Promise.reject(new Error('Nothing is installed.')),
      environment: { variables: {}, properties: {}, configDirectory: undefined },
      definition: ({ kind, type }) => {
        const found = definitions.find(one => one.kind === kind && one.type === type)
        assert.ok(found)
        return found
      }
    }
  )
  return contexts
}

test('the sources of one agent share one budget for what they read, and another agent has its own', () => {
  const [first, second] = contextsOf('a', 0)
  const [other] = contextsOf('b', 0)

  assert.ok(first !== undefined && second !== undefined && other !== undefined)
  assert.equal(first.input, second.input)
  assert.notEqual(first.input, other.input)
})

test('unfinished events may take 64 MiB, or an eighth of what the channels may take', () => {
  const limits = [1, 4096].map(mib => contextsOf('a', mib * MIB)[0]?.input.limits.unfinishedBytes)

  assert.deepEqual(limits, [64 * MIB, 512 * MIB])
})
