import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentPlan } from '../core/plan.ts'
import { drawFlows } from './flow-drawing.ts'

test('one source, channel and sink are one line', () => {
  const plan = planOf({ r1: ['c1'] }, { k1: 'c1' })

  assert.deepEqual(drawn(plan), ['r1 ──▶ c1 ──▶ k1'])
})

test('a source that feeds several channels is drawn once', () => {
  const plan = planOf({ r1: ['c1', 'c2', 'c3'] }, { k1: 'c1', k2: 'c2', k3: 'c3' })

  assert.deepEqual(drawn(plan), ['r1 ─┬▶ c1 ──▶ k1', '    ├▶ c2 ──▶ k2', '    └▶ c3 ──▶ k3'])
})

test('sources that feed one channel run together, whatever the length of their names', () => {
  const plan = planOf({ r1: ['c1'], longer: ['c1'], r3: ['c1'] }, { k1: 'c1' })

  assert.deepEqual(drawn(plan), ['r1 ─────┬▶ c1 ──▶ k1', 'longer ─┤', 'r3 ─────┘'])
})

test('sinks that share a channel fork, beside the next channel of the same source', () => {
  const plan = planOf({ r1: ['c1', 'c2'] }, { k1: 'c1', k2: 'c1', k3: 'c2' })

  assert.deepEqual(drawn(plan), ['r1 ─┬▶ c1 ─┬▶ k1', '    │      └▶ k2', '    └▶ c2 ──▶ k3'])
})

test('a channel without source or sink is drawn and said so', () => {
  assert.deepEqual(drawn(planOf({ r1: ['c1'] }, {})), ['r1 ──▶ c1     no sink takes from it'])
  assert.deepEqual(drawn(planOf({}, { k1: 'c1' })), ['     c1 ──▶ k1'])
})

test('sources that share some of their channels are named at each of them', () => {
  const plan = planOf({ r1: ['c1', 'c2'], r2: ['c2'] }, { k1: 'c1', k2: 'c2' })

  assert.deepEqual(drawn(plan), ['r1 ──▶ c1 ──▶ k1', 'r1 ─┬▶ c2 ──▶ k2', 'r2 ─┘'])
})

test('an agent without channels draws nothing', () => {
  assert.deepEqual(drawn(planOf({}, {}, [])), [])
})

function drawn(plan: AgentPlan): string[] {
  return drawFlows(plan, (_kind, name) => name)
}

function planOf(
  sources: Record<string, string[]>,
  sinks: Record<string, string>,
  channels = [...new Set([...Object.values(sources).flat(), ...Object.values(sinks)])]
): AgentPlan {
  const part = { type: 'any', properties: {} }
  const selector = { ...part, kind: 'selector' as const, name: '' }
  return {
    agent: 'a1',
    channels: channels.map(name => ({ ...part, kind: 'channel', name })),
    sources: Object.entries(sources).map(([name, into]) => ({
      ...part,
      kind: 'source',
      name,
      channels: into,
      selector,
      interceptors: []
    })),
    sinks: Object.entries(sinks).map(([name, channel]) => ({ ...part, kind: 'sink', name, channel })),
    groups: []
  }
}
